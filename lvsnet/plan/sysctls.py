"""Kernel parameters of a node, as pairs and as files of sysctl.d(5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lvsnet.plan.methods.base import Sysctl
from lvsnet.plan.model import File

if TYPE_CHECKING:
    from lvsnet.lab.model import Role

METHODS_PATH = "/etc/sysctl.d/10-ipvsadm.conf"
PATH = "/etc/sysctl.d/50-lvsnet.conf"
MODULES_PATH = "/etc/modules-load.d/ipvs.conf"

_FORWARDING = {
    4: Sysctl("net.ipv4.ip_forward", "1", "Pass packets on from one interface to another."),
    6: Sysctl("net.ipv6.conf.all.forwarding", "1", "Pass IPv6 packets on, too."),
}
"""Version of IP -> what makes a router of a machine."""


def sysctls(
    role: Role, versions: Collection[int], needed: Iterable[Sysctl], user: Mapping[str, str]
) -> dict[str, tuple[Sysctl, ...]]:
    """Path of a file -> what it sets, in the order in which a machine's start reads them.

    ``versions``: of IP, of which the machine has addresses. The first file has what forwarding
    methods need, the second what ``role`` does and then the user's own. A parameter is in one of
    them: where the user gives a value, only that one is set.
    """
    own = {dotted(key): value for key, value in user.items()}
    first = {one.key: one for one in needed if one.key not in own}
    roles = [one for version, one in _FORWARDING.items() if version in versions]
    second = {
        one.key: one for one in (roles if role == "router" else ()) if one.key not in {*own, *first}
    }
    second |= {key: Sysctl(key, value, "From the lab file.") for key, value in own.items()}
    return {METHODS_PATH: tuple(first.values()), PATH: tuple(second.values())}


def dotted(key: str) -> str:
    """``net/ipv4/conf/eth1.5/rp_filter`` as ``net.ipv4.conf.eth1/5.rp_filter``.

    The first separator in ``key`` decides which of the two spellings of sysctl.d(5) it is.
    """
    first = next((character for character in key if character in "./"), ".")
    return key if first == "." else key.translate(str.maketrans("./", "/."))


def sysctl_files(wanted: Mapping[str, tuple[Sysctl, ...]]) -> Iterator[File]:
    """The files that set ``wanted`` when a machine starts; none for a path with nothing to set."""
    for path, found in wanted.items():
        if found:
            yield File(path, "\n".join(_paragraph(sysctl) for sysctl in found))
    if any(sysctl.key.startswith("net.ipv4.vs.") for found in wanted.values() for sysctl in found):
        text = "# net.ipv4.vs.* is there only once this module is.\nip_vs\n"
        yield File(MODULES_PATH, text)


def _paragraph(sysctl: Sysctl) -> str:
    reason = "".join(f"# {line}\n" for line in sysctl.reason.splitlines())
    return f"{reason}{sysctl.key} = {sysctl.value}\n"
