"""What VRRP instances watch, and what becomes of them when it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.keepalived.priority import when_failed, while_well
from lvsnet.lint.instances import OWNER, Instance, Track
from lvsnet.lint.model import Check, Finding, Related
from lvsnet.lint.site import Machine, Site
from lvsnet.lint.written import Written
from lvsnet.rules.tracking import (
    BACKUP_BLIND,
    DIFFERS,
    GAP,
    NOPREEMPT_WEIGHT,
    OWN_INTERFACE,
    OWNER_WEIGHT,
    SYNC_WEIGHT,
    UNKNOWN,
)

_DEFINED = {
    "script": ("vrrp_script",),
    "process": ("vrrp_track_process",),
    "file": ("vrrp_track_file", "track_file"),
    "bfd": ("bfd_instance",),
}


def unknown(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        yield from _tracked(machine)
        services = set(_defined(machine, "virtual_server_group"))
        for server in machine.servers:
            kind, _, name = server.name.partition(" ")
            if kind == "group" and name not in services:
                message = f"virtual_server {server.name}: there is no virtual_server_group {name}"
                yield Finding(UNKNOWN.name, server.place, message)
        yield from _checked(machine)
        names = {one.name for one in machine.instances}
        for group in machine.groups:
            for member in group.members:
                if member.value not in names:
                    message = f"sync group {group.name}: there is no vrrp_instance {member.value}"
                    yield Finding(UNKNOWN.name, member.place, message)


def _tracked(machine: Machine) -> Iterator[Finding]:
    """What is tracked has to be there when its entry is read (``alloc_track_script()``)."""
    order = {id(one): number for number, one in enumerate(machine.statements)}
    defined = {kind: _defined(machine, *words) for kind, words in _DEFINED.items()}
    for name, one, tracks in (
        *((f"VRRP instance {one.name}", one.written, one.tracks) for one in machine.instances),
        *((f"sync group {one.name}", one.written, one.tracks) for one in machine.groups),
    ):
        for track in tracks:
            if track.kind not in defined:
                continue
            there = defined[track.kind].get(track.name)
            what = f"{_DEFINED[track.kind][0]} {track.name}"
            if there is None:
                yield Finding(UNKNOWN.name, track.place, f"{name}: there is no {what}")
            elif order[id(there)] > order[id(one)]:
                message = f"{name}: {what} is only defined further down, so it is not tracked"
                related = (Related(there.place, what),)
                yield Finding(UNKNOWN.name, track.place, message, related)


def _checked(machine: Machine) -> Iterator[Finding]:
    """What FILE_CHECK and BFD_CHECK name (check_file.c and check_bfd.c of keepalived/check)."""
    files = set(_defined(machine, *_DEFINED["file"]))
    sessions = set(_defined(machine, *_DEFINED["bfd"]))
    for server in machine.servers:
        for real in server.real_servers:
            for check in real.checks:
                for keyword, kind, there in (
                    ("track_file", "track_file", files if check.keyword == "FILE_CHECK" else None),
                    ("name", "bfd_instance", sessions if check.keyword == "BFD_CHECK" else None),
                ):
                    name = check.word(keyword)
                    if there is not None and name is not None and name.value not in there:
                        message = f"virtual_server {server.name}: there is no {kind} {name.value}"
                        yield Finding(UNKNOWN.name, name.place, message)


def _defined(machine: Machine, *words: str) -> dict[str, Written]:
    """Name -> the statement that defines it first."""
    found: dict[str, Written] = {}
    for one in machine.statements:
        if one.keyword in words and one.arguments:
            found.setdefault(one.arguments[0], one)
    return found


def own_interface(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        for track in one.tracks:
            if track.kind == "interface" and one.interface and track.name == one.interface.value:
                message = f"VRRP instance {one.name}: it is on {track.name}, and tracks it anyway"
                yield Finding(OWN_INTERFACE.name, track.place, message)


def weights(site: Site) -> Iterator[Finding]:
    """Weights that keepalived ignores, and those that move nothing."""
    for machine in site.machines:
        for one in machine.instances:
            group = machine.group_of(one.name)
            for track, weight in _weighed(machine, one):
                where = f"VRRP instance {one.name}: {track.name} is tracked with weight {weight}"
                if group is not None and not group.weights_allowed:
                    message = f"{where}, but sync group {group.name} allows none"
                    related = (Related(group.place, f"sync group {group.name}"),)
                    yield Finding(SYNC_WEIGHT.name, track.place, message, related)
                elif one.priority == OWNER:
                    message = f"{where}, but its priority is 255"
                    yield Finding(OWNER_WEIGHT.name, track.place, message)
                elif one.nopreempt and not one.master:
                    message = f"{where}, but with nopreempt nobody takes the addresses over"
                    related = (Related(one.nopreempt, "nopreempt"),)
                    yield Finding(NOPREEMPT_WEIGHT.name, track.place, message, related)


def gap(site: Site) -> Iterator[Finding]:
    """The best machine that watches falls below the next one when all fails (RFC 3768, 6.4.3)."""
    for router in site.routers():
        if any(one.nopreempt and not one.master for one in router):
            continue
        weighed = {
            one.machine: _weighed(site.machine(one.machine), one)
            for one in router
            if site.machine(one.machine).group_of(one.name) is None and one.priority != OWNER
        }
        watching = [one for one in router if weighed.get(one.machine)]
        if not watching:
            continue
        well = {
            one.machine: while_well(one.priority, _weights(weighed.get(one.machine, ())))
            for one in router
        }
        best = max(watching, key=lambda one: (well[one.machine], one.priority))
        failed = when_failed(best.priority, _weights(weighed[best.machine]))
        top = well[best.machine]
        below = [one for one in router if one is not best and well[one.machine] <= top]
        following = max(below, key=lambda one: well[one.machine], default=None)
        if following is None or failed < well[following.machine]:
            continue
        for track, weight in weighed[best.machine]:
            yield Finding(
                GAP.name,
                track.place,
                f"VRRP instance {best.name}: weight {weight} of {track.name} moves no address:"
                f" {best.machine} has priority {top} while all is well and {failed} when it is"
                f" not, and {following.machine} {well[following.machine]}",
                (Related(following.at(following.given_priority), f"{following.machine}'s"),),
            )


def backup_without_script(site: Site) -> Iterator[Finding]:
    """Of a machine that watches its service for one address, and takes another one blindly.

    Only the names of instances tell who serves an address itself, so the machine must have a
    script for it, or be a real server of another one's.
    """
    served = {
        real.address
        for server in site.servers()
        for real in server.real_servers
        if real.address is not None
    }
    for machine in site.machines:
        names = _watching(machine)
        watching = [one for one in machine.instances if one.name in names]
        for one in machine.instances:
            serves = any(vip.address in served for vip in one.held) and not machine.servers
            if one.name in names or not (watching or serves) or not one.vips:
                continue
            if not _is_backup(site, one):
                continue
            related = tuple(
                Related(other.place, f"instance {other.name} tracks a script")
                for other in watching[:1]
            )
            yield Finding(
                BACKUP_BLIND.name,
                one.place,
                f"VRRP instance {one.name}: {machine.name} is BACKUP and tracks no script here, so"
                f" it takes {one.vips[0].address} whether its service runs or not",
                related,
            )


def tracking_differs(site: Site) -> Iterator[Finding]:
    watching = {machine.name: _watching(machine) for machine in site.machines}
    for router in site.routers():
        having = [one for one in router if one.name in watching[one.machine]]
        for one in router:
            if having and one.name not in watching[one.machine]:
                yield Finding(
                    DIFFERS.name,
                    one.place,
                    f"VRRP instance {one.name}: {having[0].machine} tracks a script,"
                    f" {one.machine} none",
                    (Related(having[0].place, f"{having[0].machine}'s instance"),),
                )


def _watching(machine: Machine) -> frozenset[str]:
    """The instances that watch a script, a process or a file, or whose sync group does: a group
    watches what its members do."""
    own = {one.name for one in machine.instances if _more_than_interfaces(one.tracks)}
    groups = {
        id(group): _more_than_interfaces(group.tracks)
        or not own.isdisjoint(member.value for member in group.members)
        for group in machine.groups
    }
    return frozenset(
        one.name
        for one in machine.instances
        if (groups[id(group)] if (group := machine.group_of(one.name)) else one.name in own)
    )


def _more_than_interfaces(tracks: Sequence[Track]) -> bool:
    return any(track.kind != "interface" for track in tracks)


def _is_backup(site: Site, one: Instance) -> bool:
    router = site.router_of(one)
    if router is not None:
        return one.priority < max(other.priority for other in router)
    return not one.master and one.priority != OWNER


def _weighed(machine: Machine, one: Instance) -> list[tuple[Track, int]]:
    found = []
    for track in one.tracks:
        weight = track.weight
        if weight is None and track.kind == "script":
            weight = machine.script_weights.get(track.name)
        if weight:
            found.append((track, weight))
    return found


def _weights(weighed: Sequence[tuple[Track, int]]) -> tuple[int, ...]:
    return tuple(weight for _, weight in weighed)


CHECKS: tuple[Check, ...] = (
    unknown,
    own_interface,
    weights,
    gap,
    backup_without_script,
    tracking_differs,
)
