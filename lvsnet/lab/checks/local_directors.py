"""Checks of directors that are real servers as well.

A director gives itself a connection locally. Another director of the service has the VIP, with
method dr or tun, and the same rules for it: what it is sent as a real server it balances once more.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks.members import Member, holder_of, listed
from lvsnet.lab.checks.nodes import sysctl_parts
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import RealServer
from lvsnet.lab.sync_groups import together

_BACKUP_ONLY = ("net", "ipv4", "vs", "backup_only")


def loop(lab: Lab) -> Iterator[Finding]:
    """Two directors are each other's real servers only while just one of them balances.

    backup_only is lvsnet's doing (lvsnet/plan/methods/base.py). It holds while the backup sync
    daemon alone runs (sysctl_backup_only() of include/net/ip_vs.h).
    """
    first: dict[str, str] = {}
    for member in listed(lab):
        director = _director(member)
        if director is None or member.method == "nat":
            continue
        other = first.setdefault(member.service, director)
        if other == director:
            continue
        if reason := _why_both_balance(lab, member, (other, director)):
            yield Finding(
                member.loc,
                f"service {member.service}: {other} and {director} are each other's real servers,"
                " and each balances what the other one sends it: connections go round between them;"
                f" {reason}",
                because=(
                    ("sync_daemon",),
                    ("vrrp",),
                    *(("nodes", one) for one in (other, director)),
                ),
                rule="director-loop",
            )


def answers(lab: Lab) -> Iterator[Finding]:
    """With method nat answers pass the director, which is no other director's gateway."""
    for member in listed(lab):
        director = _director(member)
        others = [one for one in member.directors if one != director]
        if director is not None and member.method == "nat" and others:
            yield Finding(
                member.loc,
                f"service {member.service}: real server {director} is a director itself, and its"
                f" answers do not pass {others[0]}: with method nat the client then gets them from"
                " an address that it never asked; use method dr",
                because=(("services", member.service, "method"),),
                rule="nat-return-path",
            )


def _director(member: Member) -> str | None:
    """The director of the service that is this real server; None for any other."""
    if not isinstance(member.server, RealServer) or member.behind is None:
        return None
    return next((one for one in member.behind.nodes if one in member.directors), None)


def _why_both_balance(lab: Lab, member: Member, directors: tuple[str, str]) -> str:
    """What is wrong, and what to do; empty where a backup does not balance."""
    for node in directors:
        for key, value in lab.nodes[node].sysctls.items():
            if sysctl_parts(key) == _BACKUP_ONLY and value == "0":
                return f"take net.ipv4.vs.backup_only: 0 out of {node}'s sysctls"
    daemon = lab.sync_daemon
    if daemon is None:
        return (
            "a backup leaves it alone only while it runs the backup sync daemon; add"
            f" sync_daemon: {{segment: {_segment(lab, directors)}}}"
        )
    if daemon.configured_by != "keepalived":
        return (
            "ipvsadm's sync_daemon is master and backup all the time, so neither would balance;"
            " let keepalived configure it"
        )
    # It has directors, so it has a VIP that somebody holds.
    holder = holder_of(member.spec, vip_holders(lab)) or ""
    if daemon.instance is not None and daemon.instance not in together(lab, holder):
        return (
            f"the sync daemon is a backup with VRRP instance {daemon.instance}, and the VIP moves"
            f" with {holder}; name that as its instance"
        )
    return ""


def _segment(lab: Lab, directors: tuple[str, str]) -> str:
    """One that both are in: that of the service's VRRP instance, if no other one."""
    one, other = (lab.nodes[director].interfaces for director in directors)
    return next(segment for segment in one if segment in other)
