"""Checks of the sync daemon: directors reach each other where it sends, and know who is master."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import SyncDaemon
from lvsnet.lab.suggest import hint
from lvsnet.lab.virtual_services import vips


def sync_daemon(lab: Lab) -> Iterator[Finding]:
    """Every director that has services is in the segment, and in the instance."""
    daemon = lab.sync_daemon
    if daemon is None:
        return
    loc: Loc = ("sync_daemon", "segment")
    if daemon.segment not in lab.segments:
        yield Finding(
            loc,
            f"sync_daemon: unknown segment '{daemon.segment}'{hint(daemon.segment, lab.segments)}",
            because=(("segments", daemon.segment),),
        )
    else:
        for node in _directors(lab):
            if settled(lab, node) and daemon.segment not in lab.nodes[node].interfaces:
                yield Finding(
                    loc,
                    f"sync_daemon: director {node} has no interface in segment {daemon.segment}",
                    because=(("nodes", node, "interfaces"),),
                )
    if daemon.configured_by == "keepalived":
        yield from _instance(lab, daemon)
    elif daemon.instance is not None:
        yield Finding(
            ("sync_daemon", "instance"),
            "sync_daemon: configured_by ipvsadm tells and listens all the time, whoever is MASTER;"
            " take instance out",
            "key",
            (("sync_daemon", "configured_by"),),
        )


def _instance(lab: Lab, daemon: SyncDaemon) -> Iterator[Finding]:
    """Who is master is known to keepalived, by a VRRP instance."""
    name = daemon.instance or _usual(lab)
    if name is None:
        yield Finding(
            ("sync_daemon",),
            "sync_daemon: there is no service whose VRRP instance says who is MASTER; name one with"
            " instance",
            "key",
            (("services",), ("vrrp",)),
        )
        return
    loc: Loc = ("sync_daemon",) if daemon.instance is None else ("sync_daemon", "instance")
    if name not in lab.vrrp:
        yield Finding(
            loc,
            f"sync_daemon: unknown VRRP instance '{name}'{hint(name, lab.vrrp)}",
            because=(("vrrp", name),),
        )
        return
    for node in _directors(lab):
        if node not in lab.vrrp[name].priority:
            yield Finding(
                loc,
                f"sync_daemon: director {node} is not in VRRP instance {name}, which says who is"
                " MASTER; name one that all directors are in, or let ipvsadm configure it",
                "value" if daemon.instance else "key",
                (("vrrp",), ("services",)),
            )
        elif lab.nodes[node].keepalived is not None:
            yield Finding(
                ("sync_daemon",),
                f"sync_daemon: director {node} runs a keepalived.conf of its own; put"
                " lvs_sync_daemon into that, or let ipvsadm configure it",
                "key",
                (("nodes", node, "keepalived"),),
            )


def _usual(lab: Lab) -> str | None:
    holders = vip_holders(lab)
    found = (holders.get(vip) for service in lab.services.values() for vip in vips(service))
    return next((name for name in found if name is not None), None)


def _directors(lab: Lab) -> list[str]:
    """Those of services."""
    holders = vip_holders(lab)
    instances = {
        holders[vip] for service in lab.services.values() for vip in vips(service) if vip in holders
    }
    return [
        name
        for name, node in lab.nodes.items()
        if node.role == "director" and any(name in lab.vrrp[one].priority for one in instances)
    ]
