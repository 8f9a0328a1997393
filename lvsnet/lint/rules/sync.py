"""IPVS's sync daemons, by which connections survive their director."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lvsnet.lint.model import Family, Finding, Related, Rule
from lvsnet.lint.site import Machine, Site, SyncDaemon

MISSING = Rule(
    "sync-daemon-missing",
    "note",
    "no director runs a sync daemon: connections that are open are reset when the VIP moves",
    "ipvsadm(8), --start-daemon; keepalived.conf(5), lvs_sync_daemon",
    "write lvs_sync_daemon INTERFACE INSTANCE id NUMBER into global_defs on all directors",
    "13-no-sync-daemon",
)
ONE_SIDE = Rule(
    "sync-daemon-one-side",
    "error",
    "one director runs a sync daemon and another none: nobody takes what it sends, nor sends what"
    " it would take, and open connections are reset when the VIP moves",
    "ipvsadm(8), --start-daemon; keepalived.conf(5), lvs_sync_daemon",
    "write the same lvs_sync_daemon on all directors",
)
DIFFERS = Rule(
    "sync-daemon-differs",
    "error",
    "directors' sync daemons have different ids, groups or ports: each throws the other's messages"
    " away, and open connections are reset when the VIP moves",
    "ipvsadm(8), --syncid; ip_vs_process_message() of net/netfilter/ipvs/ip_vs_sync.c",
    "write the same id, group and port on all directors",
    "13-syncid-differs",
)
ROLES = Rule(
    "sync-daemon-roles",
    "warning",
    "a director's sync daemon only sends, or only receives: when the first one comes back it has"
    " none of the connections that the other one took over",
    "ipvsadm(8), --start-daemon",
    "run a master and a backup daemon on each director, or let keepalived do it",
    "13-returning-master",
)
DEPRECATED = Rule(
    "keepalived-deprecated",
    "warning",
    "something is written in a way that keepalived will give up",
    "keepalived.conf(5); keepalived/core/global_parser.c, keepalived/vrrp/vrrp_parser.c",
    "write what has taken its place",
)
UNKNOWN_INSTANCE = Rule(
    "sync-daemon-instance",
    "error",
    "lvs_sync_daemon names a VRRP instance that the machine does not have: keepalived starts no"
    " sync daemon",
    "keepalived.conf(5), lvs_sync_daemon",
    "name the instance that holds the services' VIP",
)


def daemons(site: Site) -> Iterator[Finding]:
    told = set()
    for router in site.routers():
        directors = [site.machine(one.machine) for one in router]
        directors = [machine for machine in directors if machine.servers]
        names = frozenset(machine.name for machine in directors)
        if len(directors) < 2 or names in told:
            continue
        told.add(names)
        having = [machine for machine in directors if machine.sync]
        if not having:
            server = directors[0].servers[0]
            shown = ", ".join(machine.name for machine in directors)
            message = f"virtual_server {server.name}: no sync daemon runs on any of {shown}"
            yield Finding(MISSING.name, server.place, message)
            continue
        first, sync = having[0], having[0].sync
        for machine in directors:
            if machine.sync is None and sync is not None:
                yield Finding(
                    ONE_SIDE.name,
                    machine.globals.place,
                    f"{machine.name} runs no sync daemon, {first.name} does",
                    (Related(sync.place, f"{first.name}'s"),),
                )
        yield from _differing(having)


def _differing(having: list[Machine]) -> Iterator[Finding]:
    for first, other in combinations(having, 2):
        one, two = first.sync, other.sync
        if one is None or two is None:
            continue
        mine, theirs = _channel(other, two), _channel(first, one)
        if mine != theirs:
            yield Finding(
                DIFFERS.name,
                two.place,
                f"{other.name}'s sync daemon has {mine}, {first.name}'s {theirs}",
                (Related(one.place, f"{first.name}'s"),),
            )
        for machine, sync in ((first, one), (other, two)):
            if len(sync.roles) == 1:
                role = next(iter(sync.roles))
                message = f"{machine.name}'s sync daemon is {role} only"
                yield Finding(ROLES.name, sync.place, message)
        return


def _channel(machine: Machine, sync: SyncDaemon) -> str:
    number = sync.sync_id
    if number is None:
        number = next(
            (
                one.router_id.value
                for one in machine.instances
                if one.name == sync.instance and one.router_id is not None
            ),
            0,
        )
    return f"id {number}, group {sync.group}, port {sync.port}"


def instances(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        sync = machine.sync
        names = {one.name for one in machine.instances}
        if sync is not None and sync.instance and sync.instance not in names:
            message = f"lvs_sync_daemon: {machine.name} has no VRRP instance {sync.instance}"
            yield Finding(UNKNOWN_INSTANCE.name, sync.place, message)


FAMILY = Family(
    "Sync daemons",
    (MISSING, ONE_SIDE, DIFFERS, ROLES, UNKNOWN_INSTANCE, DEPRECATED),
    (daemons, instances),
)
