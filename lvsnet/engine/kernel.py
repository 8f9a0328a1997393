"""What a lab needs of the kernel that it will run on, checked all at once before anything is made.

``Plan.kernel`` names needs by kernel modules: ``ip_vs_rr``. Imports little; the trying out is in
`lvsnet.engine.kernel_probes`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from lvsnet.engine import kernel_modules
from lvsnet.errors import LvsnetError

USES: Mapping[str, str] = {
    "veth": "wires",
    "bridge": "segments",
    "ip_vs": "virtual services",
    "ipip": "method tun",
    "ip_gre": "method tun over GRE",
    "gre": "method tun over GRE",
    "fou": "method tun over GUE",
    "sit": "method tun from IPv4 to IPv6",
    "ip6_tunnel": "method tun over IPv6",
    "ip6_gre": "method tun over GRE over IPv6",
    "sctp": "SCTP servers",
    "ip_vs_ftp": "FTP through method nat",
    "ip_vs_pe_sip": "persistence by SIP call",
    "sch_netem": "delay and loss",
    "sch_tbf": "rates",
    "sch_htb": "rates",
    "8021q": "VLANs",
    "dummy": "dummy interfaces",
    "macvlan": "MAC addresses of VRRP",
    "vxlan": "segments over IP",
    "nlmon": "capturing netlink",
    "nf_conntrack": "connection tracking",
    "nf_tables": "packet filters",
}
FILTERS = "nf_tables_"
"""Families of nf_tables: modules of their own before Linux 4.17, options of nf_tables since."""
OF_IPVS = "ip_vs_"
"""Begins the names of IPVS's further modules, most of which are schedulers."""
SCHEDULERS = (
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos",
)  # fmt: skip
OF_MODULE: Mapping[str, str] = {"gre": "ip_gre"}
"""Name of a need -> the module that has it, when that has another name."""

USUAL = (
    "veth", "bridge", "ip_vs", *(f"{OF_IPVS}{name}" for name in SCHEDULERS),
    "ip_vs_ftp", "ip_vs_pe_sip", "sctp", "ipip", "ip_gre", "fou", "sit", "ip6_tunnel", "ip6_gre",
    "sch_netem", "8021q", "dummy", "macvlan", "vxlan", "nf_conntrack", "nf_tables",
)  # fmt: skip
"""All that labs can ask for, each a module's name."""


@dataclass(frozen=True)
class Kernel:
    release: str
    """As uname says it: ``6.8.0-45-generic``."""
    takes_modules: bool
    """Whether anything can be loaded into it."""


class Ipvs(Enum):
    """Whether the kernel that this process stands on has IPVS."""

    LOADED = "loaded"
    LOADABLE = "loadable"
    """Its module is on this machine; root can load it."""
    NONE = "none"
    """Neither, as far as one who is not root can see."""


def this() -> Kernel:
    """The kernel that this process stands on."""
    return Kernel(os.uname().release, kernel_modules.takes_modules())


def ipvs_possible() -> Ipvs:
    """Needs no privilege and changes nothing: 1 ms, or 5 where modules.dep has to be read."""
    if (kernel_modules.PROC / "net/ip_vs").exists() or kernel_modules.present("ip_vs"):
        return Ipvs.LOADED
    tree = kernel_modules.tree()
    if tree is not None and "ip_vs" in tree.modules and kernel_modules.takes_modules():
        return Ipvs.LOADABLE
    return Ipvs.NONE


def lacking(names: Sequence[str]) -> list[str]:
    """Which of ``names`` the kernel cannot do, in the order given, each once.

    What is lacking at first is loaded where there are modules, which stay loaded.

    Raises:
        LvsnetError: this process has not CAP_SYS_ADMIN and CAP_NET_ADMIN, so it cannot try.
    """
    from lvsnet.engine import kernel_probes

    left = kernel_probes.unable(list(dict.fromkeys(names)))
    if not kernel_modules.takes_modules():
        return left
    for load in (kernel_modules.modprobe, kernel_modules.ask_kernel):
        if left:
            load(modules(left))
            left = kernel_probes.unable(left)
    return left


def require(names: Sequence[str]) -> None:
    """Raise LvsnetError that tells everything of ``names`` that the kernel cannot do."""
    left = lacking(names)
    if left:
        raise LvsnetError(explained(left))


def unlisted(names: Sequence[str]) -> list[str] | None:
    """Which modules are neither there nor loadable, by files alone; None where files say nothing.

    Changes nothing and needs no privilege.
    """
    tree = kernel_modules.tree()
    if tree is None:
        return None
    known = tree.modules | tree.builtin
    return [name for name in names if name not in known and not kernel_modules.present(name)]


def explained(lacking: Sequence[str]) -> str:
    """What the user is told of what `lacking` returned."""
    return message(lacking, this())


def message(lacking: Sequence[str], kernel: Kernel) -> str:
    """Everything that is lacking with its use, and the ways out."""
    lines = [f"This machine's kernel, {kernel.release}, lacks what the lab needs:"]
    lines += [f"  {name} ({use(name)})" for name in lacking]
    loadable = [name for name in lacking if not name.startswith(FILTERS)]
    if not kernel.takes_modules:
        lines.append("Nothing can be loaded into this kernel.")
    elif loadable:
        lines.append(f"To load it: sudo modprobe -a {' '.join(modules(loadable))}")
        package = package_of(kernel.release)
        if package:
            lines.append(f"If modprobe does not find it, install {package} first.")
    else:
        lines.append("Families of packet filters are chosen when a kernel is built.")
    lines.append("Or run the lab with --kernel guest, which needs none of this.")
    return "\n".join(lines)


def use(name: str) -> str:
    """What a lab has a module for, in a word or two."""
    if name in USES:
        return USES[name]
    if name.startswith(OF_IPVS):
        return f"scheduler {name.removeprefix(OF_IPVS)}"
    if name.startswith(FILTERS):
        return f"packet filters of family {name.removeprefix(FILTERS)}"
    return "kernel module"


def modules(names: Sequence[str]) -> list[str]:
    """The modules to load for needs of those names, each once."""
    return list(dict.fromkeys(map(_module, names)))


def _module(name: str) -> str:
    return "nf_tables" if name.startswith(FILTERS) else OF_MODULE.get(name, name)


def package_of(release: str) -> str:
    """The package that has the modules which a cloud's kernel comes without; empty if none is.

    Ubuntu's kernels are called 6.8.0-1014-azure; Debian's 6.1.0-28-cloud-amd64 and, since
    trixie, 6.12.48+deb13-cloud-amd64.
    """
    debians = re.fullmatch(r"[\d.]+(?:-\d+|\+deb\w+)-(cloud-)?(amd64|arm64)", release)
    if debians:
        return f"linux-image-{debians[2]} and reboot" if debians[1] else ""
    if re.fullmatch(r"\d+\.\d+\.\d+-\d+-[a-z][a-z0-9-]*", release):
        return f"linux-modules-extra-{release}"
    return ""
