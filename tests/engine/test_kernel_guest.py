"""The guest kernel as it lies in the cache: it boots on this host and loads what labs need."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lvsnet.guest.kernels import debian, model
from lvsnet.guest.modules import load_order
from lvsnet.progress import on_stderr

LABS_NEED = (
    "loop", "squashfs", "overlay", "veth", "bridge", "dummy", "macvlan", "ipip", "nlmon",
    "sch_netem", "nf_conntrack", "nf_tables", "nft_ct", "nft_masq", "ip_vs",
    *(f"ip_vs_{s}" for s in "rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf ftp".split()),
)  # fmt: skip

INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "booted $(/bin/busybox uname -r)"
/bin/busybox dmesg | /bin/busybox grep "raid6: .*MB/s" && echo "measured raid6"
for module in $(/bin/busybox cat /order); do
    /bin/busybox insmod /modules/$module || echo "refused: $module"
done
/bin/busybox grep -q ^ip_vs_rr /proc/modules && echo "loaded"
echo o > /proc/sysrq-trigger
/bin/busybox sleep 10
"""


@pytest.fixture(scope="module")
def guest() -> model.Kernel:
    return debian.ensure(on_stderr)


def order(guest: model.Kernel) -> tuple[str, ...]:
    dependencies = (guest.modules / "modules.dep").read_text()
    return load_order(dependencies, (guest.modules / "modules.builtin").read_text(), LABS_NEED)


def test_it_is_found_again(guest: model.Kernel) -> None:
    assert debian.find() == guest
    assert guest.package.startswith("user-mode-linux ")


def test_only_another_series_than_the_tested_one_is_remarked(guest: model.Kernel) -> None:
    tested = guest.version.startswith(f"{model.TESTED}.")
    assert bool(guest.note) is not tested
    assert guest.version in guest.note or tested


def test_modules_dep_names_what_is_there_and_nothing_else(guest: model.Kernel) -> None:
    text = (guest.modules / "modules.dep").read_text()
    there = {str(path.relative_to(guest.modules)) for path in guest.modules.rglob("*.ko")}
    assert set(re.findall(r"[^\s:]+\.ko", text)) == there


def test_its_library_is_the_one_beside_it(guest: model.Kernel) -> None:
    program = debian.patchelf()
    assert program is not None
    said = subprocess.run(
        [program, "--print-interpreter", str(guest.binary)],
        capture_output=True, text=True, timeout=10, check=True,
    ).stdout.strip()  # fmt: skip
    assert not Path(said).is_absolute()
    assert (guest.binary.parents[1] / said).is_file()
    assert {path.name for path in guest.binary.parent.iterdir()} == {
        guest.binary.name, Path(said).name, "libc.so.6",
    }  # fmt: skip


def test_it_boots_and_loads_every_module_of_a_lab(guest: model.Kernel, tmp_path: Path) -> None:
    for name in ("bin", "proc", "dev"):
        (tmp_path / name).mkdir()
    shutil.copy(guest.busybox, tmp_path / "bin" / "busybox")
    (tmp_path / "init").write_text(INIT)
    (tmp_path / "init").chmod(0o755)
    (tmp_path / "order").write_text("\n".join(order(guest)))
    shutil.copytree(guest.modules, tmp_path / "modules")
    done = subprocess.run(
        [
            str(guest.binary), "mem=256M", "rootfstype=hostfs", "root=/dev/root",
            f"rootflags={tmp_path}", "ro", "init=/init", "con=null", "con0=null,fd:1",
            "seccomp=on", "quiet", f"uml_dir={tmp_path}/", "umid=test", "noreboot", "panic=-1",
            *guest.command_line,
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=30,
        check=False, cwd=guest.binary.parents[1],
    )  # fmt: skip
    assert "refused" not in done.stdout
    assert "loaded" in done.stdout, done.stdout
    assert f"booted {guest.version}\n" in done.stdout
    # Its measurements would take nine tenths of the boot.
    assert "measured raid6" not in done.stdout
