"""What a kernel lacks: what files say of it, when loading is tried, and what the user is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from lvsnet.engine import kernel, kernel_modules, kernel_probes
from lvsnet.engine.kernel import Ipvs, Kernel
from lvsnet.errors import LvsnetError
from lvsnet.lab.model_services import Scheduler
from lvsnet.plan.methods import tun

UBUNTU = Kernel("6.8.0-1014-azure", takes_modules=True)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of files: ``proc``, ``module`` for /sys/module, and ``tree``; no modules yet."""
    tree = tmp_path / "trees" / os.uname().release
    for directory in (tmp_path / "proc/net", tmp_path / "proc/sys/kernel", tmp_path / "module"):
        directory.mkdir(parents=True)
    tree.mkdir(parents=True)
    (tmp_path / "tree").symlink_to(tree)
    monkeypatch.setattr(kernel_modules, "PROC", tmp_path / "proc")
    monkeypatch.setattr(kernel_modules, "SYS_MODULE", tmp_path / "module")
    monkeypatch.setattr(kernel_modules, "TREES", tmp_path / "trees")
    return tmp_path


def with_modules(machine: Path, dep: str, builtin: str = "") -> None:
    (machine / "tree/modules.dep").write_text(dep)
    (machine / "tree/modules.builtin").write_text(builtin)
    (machine / "proc/sys/kernel/modprobe").write_text("/sbin/modprobe\n")
    (machine / "proc/sys/kernel/modules_disabled").write_text("0\n")


IP_VS = "kernel/net/netfilter/ipvs/ip_vs.ko.zst: kernel/lib/libcrc32c.ko.zst\n"


def test_no_file_tells_of_ipvs(machine: Path) -> None:
    assert machine.is_dir()
    assert kernel.ipvs_possible() is Ipvs.NONE


def test_ipvs_is_loadable_where_its_module_is(machine: Path) -> None:
    with_modules(machine, IP_VS)
    assert kernel.ipvs_possible() is Ipvs.LOADABLE


def test_a_module_that_only_needs_ipvs_is_not_ipvs(machine: Path) -> None:
    with_modules(machine, "kernel/ip_vs_rr.ko: kernel/ip_vs.ko\n")
    assert kernel.ipvs_possible() is Ipvs.NONE


def test_nothing_is_loadable_once_loading_is_locked(machine: Path) -> None:
    with_modules(machine, IP_VS)
    (machine / "proc/sys/kernel/modules_disabled").write_text("1\n")
    assert kernel.ipvs_possible() is Ipvs.NONE


@pytest.mark.parametrize("path", ["proc/net/ip_vs", "module/ip_vs"])
def test_ipvs_is_loaded_when_the_kernel_shows_it(machine: Path, path: str) -> None:
    (machine / path).mkdir()
    assert kernel.ipvs_possible() is Ipvs.LOADED


def test_ipvs_is_loaded_when_it_is_built_in(machine: Path) -> None:
    with_modules(machine, "", "kernel/net/netfilter/ipvs/ip_vs.ko\n")
    assert kernel.ipvs_possible() is Ipvs.LOADED


def test_a_module_is_present_only_once_it_lives(machine: Path) -> None:
    modules = machine / "proc/modules"
    modules.write_text("nf_nat 53248 2 - Loading 0x0\nip_vs 200704 0 - Live 0x0\n")
    assert kernel_modules.present("ip_vs")
    assert not kernel_modules.present("nf_nat")
    modules.write_text("nf_nat 53248 2 xt_nat, Live 0x0 (E)\n")
    assert kernel_modules.present("nf-nat")


def test_what_is_nowhere_in_the_tree_is_unlisted(machine: Path) -> None:
    with_modules(machine, IP_VS + "kernel/drivers/net/veth.ko:\n", "kernel/net/bridge/bridge.ko\n")
    (machine / "module/8021q").mkdir()
    assert kernel.unlisted(["bridge", "ipip", "veth", "ip_vs", "8021q"]) == ["ipip"]


def test_without_a_tree_files_say_nothing(machine: Path) -> None:
    (machine / "tree").unlink()
    assert kernel.unlisted(["veth"]) is None


class Loading:
    """A kernel that can do only what was loaded, and remembers who was asked to load what."""

    def __init__(self, by_modprobe: Sequence[str], by_kernel: Sequence[str]) -> None:
        self.by = {"modprobe": by_modprobe, "kernel": by_kernel}
        self.able: set[str] = set()
        self.asked: list[tuple[str, list[str]]] = []

    def unable(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name not in self.able]

    def modprobe(self, names: Sequence[str]) -> None:
        self.asked.append(("modprobe", list(names)))
        self.able |= {*names} & {*self.by["modprobe"]}

    def ask_kernel(self, names: Sequence[str]) -> None:
        self.asked.append(("kernel", list(names)))
        self.able |= {*names} & {*self.by["kernel"]}


def installed(monkeypatch: pytest.MonkeyPatch, loading: Loading) -> Loading:
    monkeypatch.setattr(kernel_probes, "unable", loading.unable)
    monkeypatch.setattr(kernel_modules, "modprobe", loading.modprobe)
    monkeypatch.setattr(kernel_modules, "ask_kernel", loading.ask_kernel)
    return loading


def test_what_lacks_is_loaded_by_one_way_and_then_by_the_other(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_modules(machine, "")
    loading = installed(monkeypatch, Loading(["veth"], ["ip_vs"]))
    assert kernel.lacking(["ip_vs", "ipip", "veth", "ipip"]) == ["ipip"]
    assert loading.asked == [("modprobe", ["ip_vs", "ipip", "veth"]), ("kernel", ["ip_vs", "ipip"])]


def test_nothing_is_loaded_when_nothing_lacks(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_modules(machine, "")
    loading = installed(monkeypatch, Loading([], []))
    loading.able = {"veth"}
    assert kernel.lacking(["veth"]) == []
    assert loading.asked == []


@pytest.mark.usefixtures("machine")
def test_nothing_is_loaded_into_a_kernel_without_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = installed(monkeypatch, Loading(["veth"], ["veth"]))
    assert kernel.lacking(["veth"]) == ["veth"]
    assert loading.asked == []


@pytest.mark.usefixtures("machine")
def test_all_that_lacks_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = installed(monkeypatch, Loading([], []))
    loading.able = {"veth"}
    with pytest.raises(LvsnetError) as told:
        kernel.require(["veth", "bridge", "ip_vs_mh"])
    assert "bridge (segments)" in str(told.value)
    assert "ip_vs_mh (scheduler mh)" in str(told.value)
    assert "veth" not in str(told.value)
    kernel.require(["veth"])


def test_modprobe_is_given_modules_by_the_names_that_they_have() -> None:
    needs = ["nf_tables_inet", "nf_tables_bridge", "gre", "ip_vs"]
    assert kernel.modules(needs) == ["nf_tables", "ip_gre", "ip_vs"]


def test_the_message_names_all_and_says_what_to_do() -> None:
    assert kernel.message(["ip_vs", "ip_vs_mh", "sch_netem", "gre"], UBUNTU).splitlines() == [
        "This machine's kernel, 6.8.0-1014-azure, lacks what the lab needs:",
        "  ip_vs (virtual services)",
        "  ip_vs_mh (scheduler mh)",
        "  sch_netem (delay and loss)",
        "  gre (method tun over GRE)",
        "To load it: sudo modprobe -a ip_vs ip_vs_mh sch_netem ip_gre",
        "If modprobe does not find it, install linux-modules-extra-6.8.0-1014-azure first.",
        "Or run the lab with --kernel guest, which needs none of this.",
    ]


def test_all_that_labs_can_ask_for_has_a_use_in_words() -> None:
    assert "kernel module" not in {kernel.use(name) for name in kernel.USUAL}
    assert kernel.use("ip_vs_ftp") == "FTP through method nat"


def test_what_labs_ask_for_is_among_it() -> None:
    """By the plans that are golden files, every scheduler and every tunnel."""
    plans = sorted((Path(__file__).parent / "golden").glob("*/plan.json"))
    asked = {name for plan in plans for name in json.loads(plan.read_text())["kernel"]}
    schedulers = {f"ip_vs_{name}" for name in get_args(Scheduler)}
    assert {"ip_vs_rr", "ip_vs_ftp", "sctp", "nf_tables"} <= asked
    assert asked | schedulers | set(tun.MODULES.values()) <= set(kernel.USUAL)


def test_modprobe_is_not_advised_where_it_cannot_help() -> None:
    assert "modprobe" not in kernel.message(["ip_vs"], Kernel("6.18.44", takes_modules=False))
    families = kernel.message(["nf_tables_inet"], UBUNTU)
    assert "nf_tables_inet (packet filters of family inet)" in families
    assert "modprobe" not in families


@pytest.mark.parametrize(
    ("release", "package"),
    [
        ("6.8.0-45-generic", "linux-modules-extra-6.8.0-45-generic"),
        ("6.5.0-1025-gcp", "linux-modules-extra-6.5.0-1025-gcp"),
        ("6.1.0-28-cloud-amd64", "linux-image-amd64 and reboot"),
        ("6.12.48+deb13-cloud-arm64", "linux-image-arm64 and reboot"),
        ("6.12.48+deb13-amd64", ""),
        ("6.1.0-28-amd64", ""),
        ("5.14.0-503.el9.x86_64", ""),
        ("5.15.167.4-microsoft-standard-WSL2", ""),
        ("7.2.7", ""),
    ],
)
def test_a_clouds_kernel_has_more_modules_in_a_package(release: str, package: str) -> None:
    assert kernel.package_of(release) == package


def test_whether_there_is_ipvs_is_known_without_pyroute2() -> None:
    script = (
        "import sys\n"
        "from lvsnet.engine.kernel import ipvs_possible\n"
        "ipvs_possible()\n"
        "sys.exit('pyroute2' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode == 0
