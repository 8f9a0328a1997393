"""Directors of one VIP: they have to balance alike, and not over each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lvsnet.lint.addresses import IPAddress, address_of
from lvsnet.lint.model import Check, Finding, Place, Related
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Machine, Site
from lvsnet.rules.directors import DIFFERS, EACH_OTHER, MISSING, NOBODYS, OWN_VIP, REALS_DIFFER

_SETTINGS = (
    "lb_algo",
    "lb_kind",
    "persistence_timeout",
    "persistence_granularity",
    "persistence_engine",
    "quorum",
    "hysteresis",
    "ops",
)


def compared(site: Site) -> Iterator[Finding]:
    told: set[tuple[Place, str]] = set()
    pairs: set[tuple[str, str]] = set()
    for router in site.routers():
        first, *others = [site.machine(one.machine) for one in router]
        addresses: set[IPAddress | None] = {vip.address for one in router for vip in one.held}
        for other in others:
            # Those without an address are of no router more than of another.
            once = () if (first.name, other.name) in pairs else (None,)
            pairs.add((first.name, other.name))
            for one, two in ((first, other), (other, first)):
                for server in _among(one, (*addresses, *once)):
                    key = (server.place, two.name)
                    if key not in told and two.server_like(server) is None:
                        told.add(key)
                        yield _missing(server, two)
            for server in _among(other, (*addresses, *once)):
                counterpart = first.server_like(server)
                if counterpart and (server.place, "") not in told:
                    told.add((server.place, ""))
                    yield from _compare(server, counterpart)


def _among(machine: Machine, addresses: Iterable[IPAddress | None]) -> Iterator[VirtualServer]:
    for address in addresses:
        yield from machine.servers_at(address)


def _missing(server: VirtualServer, machine: Machine) -> Finding:
    place = machine.servers[0].place if machine.servers else machine.place
    return Finding(
        MISSING.name,
        place,
        f"{machine.name} has no virtual_server {server.name}, which {server.machine} has",
        (Related(server.place, f"{server.machine}'s"),),
    )


def _compare(server: VirtualServer, other: VirtualServer) -> Iterator[Finding]:
    where = f"virtual_server {server.name}"
    for word in _SETTINGS:
        mine, theirs = _setting(server, word), _setting(other, word)
        if mine != theirs:
            own = server.written.last(word)
            there = other.written.last(word)
            yield Finding(
                DIFFERS.name,
                own.place if own else server.place,
                f"{where}: {server.machine} has {mine or f'no {word}'},"
                f" {other.machine} {theirs or f'no {word}'}",
                (Related(there.place if there else other.place, f"{other.machine}'s"),),
            )
    mine_by, theirs_by = _reals(server), _reals(other)
    for key in (*mine_by, *(one for one in theirs_by if one not in mine_by)):
        here, beyond = mine_by.get(key), theirs_by.get(key)
        name = f"real server {key[0]} {key[1]}"
        if here is None or beyond is None:
            there_is, lacking = (server, other) if here else (other, server)
            yield Finding(
                REALS_DIFFER.name,
                lacking.place,
                f"{where}: {lacking.machine} has no {name}, {there_is.machine} has it",
                (Related((here or beyond or server).place, f"{there_is.machine}'s"),),
            )
        elif here.weight != beyond.weight:
            yield Finding(
                REALS_DIFFER.name,
                here.place,
                f"{where}: {name} has weight {here.weight} on {server.machine},"
                f" {beyond.weight} on {other.machine}",
                (Related(beyond.place, f"{other.machine}'s"),),
            )


def _reals(server: VirtualServer) -> dict[tuple[IPAddress | None, int], RealServer]:
    return {(real.address, real.port): real for real in server.real_servers}


def _setting(server: VirtualServer, word: str) -> str:
    if word == "lb_kind":
        return f"lb_kind {server.forwarding}"
    if word == "lb_algo":
        return f"lb_algo {server.scheduler.value if server.scheduler else 'wlc'}"
    found = server.written.last(word)
    return found.text if found else ""


def each_others(site: Site) -> Iterator[Finding]:
    own = {machine.name: machine.own_addresses() for machine in site.machines}
    holders: dict[IPAddress, list[Machine]] = defaultdict(list)
    for machine in site.machines:
        for address in own[machine.name]:
            holders[address].append(machine)
    for machine in site.machines:
        for server in machine.servers:
            serving = [one.address for one in server.real_servers if one.address in holders]
            others = {one.name: one for address in serving if address for one in holders[address]}
            for other in others.values():
                counterpart = other.server_like(server)
                if other is machine or counterpart is None or _only_backup(other):
                    continue
                mine = _over(server, own[other.name])
                theirs = _over(counterpart, own[machine.name])
                if mine and theirs:
                    yield Finding(
                        EACH_OTHER.name,
                        mine[0].place,
                        f"virtual_server {server.name}: real server {mine[0].address} is"
                        f" {other.name}, a director of the same service, for which"
                        f" {machine.name} is one",
                        (Related(theirs[0].place, f"{machine.name} as a real server"),),
                    )


def _over(server: VirtualServer, addresses: frozenset[IPAddress]) -> list[RealServer]:
    """The real servers that are a machine with these addresses; NAT's packets do not go round."""
    return [one for one in server.real_servers if one.address in addresses and one.kind != "NAT"]


def _only_backup(machine: Machine) -> bool:
    """Whether it forwards nothing while its sync daemon is a backup."""
    only = machine.host.sysctls.get("net.ipv4.vs.backup_only", "0") if machine.host else "0"
    return only not in ("", "0") and machine.sync is not None


def own_vip(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        held = {vip.address for one in machine.instances for vip in one.held}
        for server in machine.servers:
            for real in server.real_servers:
                if real.address is not None and (
                    real.address == server.address or real.address in held
                ):
                    yield Finding(
                        OWN_VIP.name,
                        real.place,
                        f"virtual_server {server.name}: real server {real.address} is a VIP of"
                        f" {machine.name} itself",
                    )


def nobodys(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        held = {vip.address for one in machine.instances for vip in one.held} | {
            one.address for one in (machine.host.held if machine.host else ())
        }
        for one in machine.statements:
            if one.keyword == "static_ipaddress":
                written = (entry.keyword.partition("/")[0] for entry in one.block or ())
                held |= {address for text in written if (address := address_of(text))}
        for server in machine.servers:
            if machine.instances and server.address is not None and server.address not in held:
                yield Finding(
                    NOBODYS.name,
                    server.place,
                    f"virtual_server {server.name}: no VRRP instance of {machine.name} has"
                    f" {server.address}",
                )


CHECKS: tuple[Check, ...] = (compared, each_others, own_vip, nobodys)
