"""IPVS's sync daemon: one director multicasts its connections, another one takes them over.

The kernel's own threads do it (net/netfilter/ipvs/ip_vs_sync.c); keepalived starts them as its VRRP
instance changes state, or ipvsadm once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lvsnet.keepalived.tree import Statement, statement
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.services import Site, sites

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import SyncDaemon

START = ("ipvsadm", "--start-daemon")
"""How the commands begin that start it."""


def lvs_sync_daemon(lab: Lab, node: str) -> Iterator[Statement]:
    """The line of ``node``'s ``global_defs``; none when keepalived has nothing to do with it."""
    daemon = lab.sync_daemon
    instance = None if daemon is None else _instance(lab, daemon)
    if daemon is None or daemon.configured_by != "keepalived" or instance is None:
        return
    if lab.nodes[node].role != "director" or node not in lab.vrrp[instance].priority:
        return
    further = {
        "id": _syncid(lab, daemon),
        "maxlen": daemon.maxlen,
        "port": daemon.port,
        "ttl": daemon.ttl,
        "group": daemon.group,
    }
    yield statement(
        "lvs_sync_daemon",
        interface_name(lab, node, daemon.segment),
        "inst",
        instance,
        *_options(further),
    )


def options(lab: Lab, node: str, services: Sequence[Site]) -> tuple[str, ...]:
    """ipvsadm's for a daemon on ``node``; none where it starts none.

    ``services`` are all services of the lab.
    """
    daemon = lab.sync_daemon
    if daemon is None or daemon.configured_by != "ipvsadm":
        return ()
    if not any(node in site.directors for site in services):
        return ()
    further = {
        "--syncid": _syncid(lab, daemon),
        "--mcast-group": daemon.group,
        "--mcast-port": daemon.port,
        "--mcast-ttl": daemon.ttl,
        "--sync-maxlen": daemon.maxlen,
    }
    return ("--mcast-interface", interface_name(lab, node, daemon.segment), *_options(further))


def commands(chosen: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """What starts the daemons with these options; nothing without any."""
    return tuple((*START, state, *chosen) for state in ("master", "backup") if chosen)


def _options(given: Mapping[str, object]) -> list[str]:
    return [
        word for name, value in given.items() if value is not None for word in (name, str(value))
    ]


def _instance(lab: Lab, daemon: SyncDaemon) -> str | None:
    """Name of the VRRP instance that says who is master; None where there is no service."""
    if daemon.instance is not None:
        return daemon.instance
    return next((site.instance for site in sites(lab)), None)


def _syncid(lab: Lab, daemon: SyncDaemon) -> int:
    instance = _instance(lab, daemon)
    if daemon.syncid is not None or instance is None:
        return daemon.syncid or 0
    return lab.vrrp[instance].virtual_router_id
