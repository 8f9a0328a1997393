"""Checks of what keepalived does when real servers of a service die: quorum and sorry server."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.quorum import unfit
from lvsnet.lab.checks.members import holder_of
from lvsnet.lab.checks.nodes import sysctl_parts
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import Lab, Node
from lvsnet.lab.model_services import Service
from lvsnet.lab.schedulers import FLAGGED

_EXPIRES = "net.ipv4.vs.expire_quiescent_template"
_KEEPALIVEDS = (
    "alpha",
    "omega",
    "inhibit_on_failure",
    "ha_suspend",
    "quorum",
    "hysteresis",
    "quorum_up",
    "quorum_down",
    "sorry_server",
    "sorry_server_inhibit",
)
"""Settings of a service that mean something to one who checks real servers."""


def for_keepalived(lab: Lab) -> Iterator[Finding]:
    """ipvsadm does not know which real servers are alive."""
    for name, service in lab.services.items():
        if service.configured_by != "ipvsadm":
            continue
        loc: Loc = ("services", name)
        given = [(*loc, key) for key in _KEEPALIVEDS if key in service.model_fields_set]
        given += [(*loc, key) for key in service.settings.given]
        given += [
            (*loc, "real_servers", number, key)
            for number, server in enumerate(service.real_servers)
            for key in server.settings.given
        ]
        for place in given:
            yield Finding(
                place,
                f"service {name}: {place[-1]} is keepalived's; configured_by ipvsadm loads rules"
                " once, and nobody knows then which real servers are alive; take it out, or"
                " let keepalived configure the service",
                "key",
                ((*loc, "configured_by"),),
            )


def reachable(lab: Lab) -> Iterator[Finding]:
    """A quorum can be reached, and reached again.

    It is gained with quorum + hysteresis and lost below quorum - hysteresis
    (update_quorum_state() of keepalived/check/ipwrapper.c).
    """
    for name, service in lab.services.items():
        total = sum(server.weight for server in service.real_servers)
        if service.configured_by == "ipvsadm":
            continue
        rests_on = (("services", name, "real_servers"), ("services", name, "quorum"))
        key = "hysteresis"
        match next(unfit(service.quorum, service.hysteresis, total), ""):
            case "quorum-weights" as rule:
                key = "quorum"
                what = (
                    f"quorum {service.quorum} is more than all real servers weigh, {total};"
                    f" keepalived makes it {total}"
                )
            case "hysteresis-quorum" as rule:
                what = (
                    f"hysteresis {service.hysteresis} is not below quorum {service.quorum};"
                    f" keepalived makes it {service.quorum - 1}"
                )
            case "hysteresis-weights" as rule:
                what = (
                    "the quorum is gained with quorum + hysteresis,"
                    f" {service.quorum + service.hysteresis}, and all real servers weigh {total}:"
                    " once lost, and when keepalived starts, the service never counts as up"
                )
            case _:
                continue
        yield Finding(
            ("services", name, key), f"service {name}: {what}", because=rests_on, rule=rule
        )


def inhibited(lab: Lab) -> Iterator[Finding]:
    """A real server that stays in the table with weight 0 has no clients that go on to it."""
    for name, service in lab.services.items():
        loc = ("services", name, "inhibit_on_failure")
        if not service.inhibit_on_failure or service.configured_by == "ipvsadm":
            continue
        fallback = {f"{service.scheduler}-fallback", "flag-1"} & set(service.sched_flags)
        if service.scheduler in FLAGGED and not fallback:
            yield Finding(
                loc,
                f"service {name}: a real server that fails stays in the table with weight 0, and"
                f" scheduler {service.scheduler} refuses the clients that it hashes to it; add"
                f" {service.scheduler}-fallback to sched_flags, or take inhibit_on_failure out",
                because=(("services", name, "scheduler"), ("services", name, "sched_flags")),
                rule="inhibit-hash",
            )
        if service.persistence_timeout is not None:
            stuck = [node for node in _serving(lab, service) if not _expires(lab.nodes[node])]
            if stuck:
                yield Finding(
                    loc,
                    f"service {name}: a real server that fails stays in the table with weight 0,"
                    f" and persistence goes on to send its clients there; set {_EXPIRES}: 1 on"
                    f" {' and '.join(stuck)}, or take inhibit_on_failure out",
                    because=(("services", name, "persistence_timeout"), ("nodes",), ("vrrp",)),
                    rule="inhibit-persistence",
                )


def _serving(lab: Lab, service: Service) -> list[str]:
    """Its directors."""
    holder = holder_of(service, vip_holders(lab))
    priority = () if holder is None else lab.vrrp[holder].priority
    return [node for node in priority if node in lab.nodes]


def _expires(node: Node) -> bool:
    written = {sysctl_parts(key): value for key, value in node.sysctls.items()}
    return written.get(sysctl_parts(_EXPIRES), "0") != "0"


def sorry(lab: Lab) -> Iterator[Finding]:
    """A sorry server has something to be sorry for."""
    for name, service in lab.services.items():
        if service.configured_by == "ipvsadm":
            continue
        if service.sorry_server is None:
            if service.sorry_server_inhibit:
                yield Finding(
                    ("services", name, "sorry_server_inhibit"),
                    f"service {name}: sorry_server_inhibit, but there is no sorry_server;"
                    " keepalived ignores it; name one, or take it out",
                    "key",
                    (("services", name, "sorry_server"),),
                )
        elif not service.is_checked:
            yield Finding(
                ("services", name, "sorry_server"),
                f"service {name}: nobody checks its real servers, so none of them ever counts as"
                " dead and the sorry server is never asked; add a check",
                "key",
                (("services", name, "check"), ("services", name, "sorry_server")),
                "sorry-unused",
            )
