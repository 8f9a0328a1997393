"""IPVS's sync daemons, by which connections survive their director."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lvsnet.lint.model import Check, Finding, Related
from lvsnet.lint.site import Machine, Site, SyncDaemon
from lvsnet.rules.sync import DIFFERS, MISSING, ONE_SIDE, ROLES, UNKNOWN_INSTANCE


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


CHECKS: tuple[Check, ...] = (daemons, instances)
