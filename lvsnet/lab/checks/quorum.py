"""Checks of what keepalived does when real servers of a service die: quorum and sorry server."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab

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
        for key in _KEEPALIVEDS:
            if key in service.model_fields_set:
                yield Finding(
                    ("services", name, key),
                    f"service {name}: {key} is keepalived's; configured_by ipvsadm loads rules"
                    " once, and nobody knows then which real servers are alive; take it out, or"
                    " let keepalived configure the service",
                    "key",
                    (("services", name, "configured_by"),),
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
        if service.quorum > max(total, 1):
            yield Finding(
                ("services", name, "quorum"),
                f"service {name}: quorum {service.quorum} is more than all real servers weigh,"
                f" {total}; keepalived makes it {total}",
                because=rests_on,
                rule="quorum-weights",
            )
        elif service.hysteresis >= service.quorum:
            yield Finding(
                ("services", name, "hysteresis"),
                f"service {name}: hysteresis {service.hysteresis} is not below quorum"
                f" {service.quorum}; keepalived makes it {service.quorum - 1}",
                because=rests_on,
                rule="hysteresis-quorum",
            )
        elif service.hysteresis and service.quorum + service.hysteresis > total:
            yield Finding(
                ("services", name, "hysteresis"),
                f"service {name}: the quorum is gained with quorum + hysteresis,"
                f" {service.quorum + service.hysteresis}, and all real servers weigh {total}: once"
                " lost, and when keepalived starts, the service never counts as up",
                because=rests_on,
                rule="hysteresis-weights",
            )


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
