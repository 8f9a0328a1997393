"""Kernel parameters of a node, as pairs and as a file of sysctl.d(5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lvsnet.plan.methods.base import Sysctl
from lvsnet.plan.model import File

if TYPE_CHECKING:
    from lvsnet.lab.model import Role

PATH = "/etc/sysctl.d/10-lvs.conf"

_ROLES: dict[Role, tuple[Sysctl, ...]] = {
    "router": (
        Sysctl("net.ipv4.ip_forward", "1", "Pass packets on from one interface to another."),
    ),
}


def sysctls(role: Role, needed: Iterable[Sysctl], user: Mapping[str, str]) -> tuple[Sysctl, ...]:
    """What ``role`` and the forwarding methods need, then the user's own.

    A user's value for a parameter that is needed anyway takes its place.
    """
    wanted = {sysctl.key: sysctl for sysctl in (*_ROLES.get(role, ()), *needed)}
    for written, value in user.items():
        key = dotted(written)
        wanted[key] = Sysctl(key, value, "From the lab file.")
    return tuple(wanted.values())


def dotted(key: str) -> str:
    """``net/ipv4/conf/eth1.5/rp_filter`` as ``net.ipv4.conf.eth1/5.rp_filter``.

    The first separator in ``key`` decides which of the two spellings of sysctl.d(5) it is.
    """
    first = next((character for character in key if character in "./"), ".")
    return key if first == "." else key.translate(str.maketrans("./", "/."))


def sysctl_file(wanted: tuple[Sysctl, ...]) -> tuple[File, ...]:
    """The file that sets ``wanted`` when a machine starts; none when there is nothing to set."""
    if not wanted:
        return ()
    return (File(PATH, "\n".join(_paragraph(sysctl) for sysctl in wanted)),)


def _paragraph(sysctl: Sysctl) -> str:
    reason = "".join(f"# {line}\n" for line in sysctl.reason.splitlines())
    return f"{reason}{sysctl.key} = {sysctl.value}\n"
