"""What kernels can do, tried out: on this machine's own, and on one that has IPVS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lvsnet.engine import kernel, kernel_modules, kernel_probes
from lvsnet.guest.kernels import debian as guest_kernel

HERE = Path(__file__).parent
IN_MACHINE = "User Mode Linux" in Path("/proc/cpuinfo").read_text()

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="trying out a kernel needs root")


@as_root
def test_what_every_lab_needs_is_there_and_nothing_of_the_trial_is_left() -> None:
    namespace = Path("/proc/thread-self/ns/net")
    before = namespace.readlink()
    assert kernel.lacking(["bridge", "veth"]) == []
    assert namespace.readlink() == before
    links = [path.name for path in Path("/sys/class/net").iterdir()]
    assert not [name for name in links if name in ("t-bridge", "t-veth", "veth0")]


@as_root
@pytest.mark.skipif(
    kernel.ipvs_possible() is not kernel.Ipvs.NONE, reason="this machine's kernel has IPVS"
)
def test_a_kernel_without_ipvs_lacks_it_and_its_schedulers() -> None:
    assert kernel.lacking(["veth", "ip_vs", "bridge", "ip_vs_rr", "ip_vs_mh"]) == [
        "ip_vs", "ip_vs_rr", "ip_vs_mh",
    ]  # fmt: skip


@as_root
def test_what_no_kernel_has_is_lacking() -> None:
    assert kernel.lacking(["lvsnet_nonsense"]) == ["lvsnet_nonsense"]


@as_root
def test_a_kind_of_link_that_is_built_in_or_loaded_is_found() -> None:
    """The kernel's own files against the trial; a kind has a directory with its parameters."""
    shown = [name for name in kernel_probes.KINDS if (kernel_modules.SYS_MODULE / name).is_dir()]
    assert kernel_probes.unable(shown) == []


@as_root
def test_one_who_is_not_root_is_told_so() -> None:
    script = (
        "import os\n"
        "from lvsnet.engine import kernel, kernel_probes\n"
        "os.setuid(65534)\n"
        "kernel.lacking(['veth'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "LvsnetError: What the kernel can do cannot be tried out" in done.stderr


# Runs in the machine, where nothing is loaded yet. `fou` has no alias by which the kernel would
# find its module, `ip_vs_ftp` is not tried out but looked up.
TRIAL = """
import json, os
from lvsnet.engine import kernel, kernel_modules, kernel_probes

begun = kernel.ipvs_possible().value
untold = kernel.unlisted(kernel.USUAL)
unasked = kernel_probes.unable(["fou"])
kernel_modules.SBIN, path = "", os.environ["PATH"]
os.environ["PATH"] = "/nowhere"
without_modprobe = kernel.lacking(["fou"])
kernel_modules.SBIN, os.environ["PATH"] = "/usr/sbin:/sbin", path
ask, kernel_modules.ask_kernel = kernel_modules.ask_kernel, lambda names: None
with_modprobe = kernel.lacking(["ip_vs_ftp"])
kernel_modules.ask_kernel = ask
usual = kernel.lacking(kernel.USUAL)
wanted = ["ip_vs_wlc", "nonsense", "veth", *kernel_probes.FAMILIES]
wanted += kernel_probes.QDISCS
print(json.dumps({
    "begun": begun,
    "unlisted": untold,
    "unasked": unasked,
    "without modprobe": without_modprobe,
    "with modprobe": with_modprobe,
    "usual": usual,
    "more": kernel.lacking(wanted),
    "ended": kernel.ipvs_possible().value,
}))
"""


@as_root
@pytest.mark.skipif(IN_MACHINE, reason="a test machine in a test machine")
@pytest.mark.skipif(guest_kernel.find() is None, reason="the guest kernel is not built")
def test_a_kernel_with_modules_loads_what_it_has_and_lacks_the_rest() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "machine", "--within", "90", sys.executable, "-c", TRIAL],
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "begun": "loadable",
        "unlisted": ["ip_vs_twos"],
        "unasked": ["fou"],
        "without modprobe": [],
        "with modprobe": [],
        "usual": ["ip_vs_twos"],
        # Of nftables Debian's guest kernel has the family bridge only.
        "more": [
            "nonsense",
            "nf_tables_inet", "nf_tables_ipv4", "nf_tables_arp", "nf_tables_netdev",
            "nf_tables_ipv6",
        ],
        "ended": "loaded",
    }  # fmt: skip
