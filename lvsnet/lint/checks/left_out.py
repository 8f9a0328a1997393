"""What keepalived leaves out of instances and of what they track, as something is at odds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.lint.addresses import IPAddress, address_of
from lvsnet.lint.instances import OWNER, Instance
from lvsnet.lint.model import Check, Finding, Given, Place, Related
from lvsnet.lint.site import Machine, Site
from lvsnet.lint.written import Written
from lvsnet.rules.left_out import (
    BFD,
    GROUP_OWNER,
    PEER,
    PROCESS_QUORUM,
    TRACK_TWICE,
    TRACKED_EMPTY,
    VIP_REPEATED,
)

_WHAT_IT_DOES = (
    ("vrrp_script", "script"),
    ("vrrp_track_process", "process"),
    ("vrrp_track_file", "file"),
    ("track_file", "file"),
)


def vips(site: Site) -> Iterator[Finding]:
    """Of one list by the address alone; one of either list may be on two devices."""
    for one in site.instances():
        first: dict[tuple[IPAddress, str], Place] = {}
        for keyword in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for entry in one.written.entries(keyword):
                address = address_of(entry.keyword.partition("/")[0])
                if address is None:
                    continue
                before = first.get((address, keyword), first.get((address, _device(entry))))
                first.setdefault((address, keyword), entry.place)
                first.setdefault((address, _device(entry)), entry.place)
                if before is not None:
                    message = f"VRRP instance {one.name}: {address} is there already"
                    related = (Related(before, "here first"),)
                    yield Finding(VIP_REPEATED.name, entry.place, message, related)


def _device(entry: Written) -> str:
    words = entry.arguments
    return f"dev {words[words.index('dev') + 1]}" if "dev" in words[:-1] else ""


def peers(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        where = f"VRRP instance {one.name}"
        given: Sequence[Given[IPAddress]] = one.peers
        if one.vips and one.source is not None and one.written.word("unicast_src_ip"):
            given = (*given, one.source)
        for address in given:
            if one.vips and address.value.version != one.family:
                message = f"{where}: {address.value} is no IPv{one.family} address, as its VIPs are"
                yield Finding(PEER.name, address.place, message)
        first: dict[IPAddress, Place] = {}
        for peer in one.peers:
            before = first.setdefault(peer.value, peer.place)
            if before != peer.place:
                message = f"{where}: peer {peer.value} is there already"
                yield Finding(PEER.name, peer.place, message, (Related(before, "here first"),))


def tracked(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        trackers = (
            *((f"VRRP instance {one.name}", one.tracks) for one in machine.instances),
            *((f"sync group {one.name}", one.tracks) for one in machine.groups),
        )
        for name, tracks in trackers:
            first: dict[tuple[str, str], Place] = {}
            for track in tracks:
                before = first.setdefault((track.kind, track.name), track.place)
                if before != track.place:
                    message = f"{name}: {track.kind} {track.name} is tracked already"
                    related = (Related(before, "here first"),)
                    yield Finding(TRACK_TWICE.name, track.place, message, related)
        for one in machine.statements:
            for kind, needed in _WHAT_IT_DOES:
                if one.keyword == kind and not any(said.arguments for said in one.all(needed)):
                    message = f"{one.text} has no {needed}"
                    yield Finding(TRACKED_EMPTY.name, one.place, message)
            if one.keyword == "vrrp_track_process":
                yield from _process(one)


def _process(one: Written) -> Iterator[Finding]:
    quorum, most = one.number("quorum"), one.number("quorum_max")
    if quorum is not None and most is not None and most.value < quorum.value:
        message = f"{one.text}: quorum_max {most.value} is below quorum {quorum.value}"
        yield Finding(PROCESS_QUORUM.name, max(quorum.place, most.place), message)


def owners(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        by_name = {one.name: one for one in machine.instances}
        for group in machine.groups:
            members: list[Instance] = [
                by_name[member.value] for member in group.members if member.value in by_name
            ]
            owning = [one for one in members if _owns(one)]
            if owning and len(owning) < len(members):
                owner = owning[0]
                other = next(one for one in members if not _owns(one))
                message = (
                    f"sync group {group.name}: {owner.name} has priority 255, {other.name} not"
                )
                related = (Related(other.at(other.given_priority), f"{other.name}'s"),)
                yield Finding(GROUP_OWNER.name, owner.at(owner.given_priority), message, related)


def _owns(one: Instance) -> bool:
    return one.master and one.priority == OWNER


def sessions(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        yield from _sessions(machine)


def _sessions(machine: Machine) -> Iterator[Finding]:
    first: dict[tuple[object, ...], Place] = {}
    for one in machine.statements:
        if one.keyword != "bfd_instance":
            continue
        to = one.word("neighbor_ip") or one.word("neighbour_ip")
        of = one.word("source_ip")
        neighbour = address_of(to.value) if to else None
        source = address_of(of.value) if of else None
        if to is None:
            yield Finding(BFD.name, one.place, f"{one.text} has no neighbor_ip")
            continue
        if neighbour is None:
            continue
        if source is not None and of is not None and source.version != neighbour.version:
            message = f"{one.text}: source_ip {source} and neighbor_ip {neighbour}"
            yield Finding(BFD.name, of.place, message)
            continue
        before = first.setdefault((neighbour, source, bool(one.all("multihop"))), one.place)
        if before != one.place:
            message = f"{one.text} has the addresses of another one"
            yield Finding(BFD.name, one.place, message, (Related(before, "the other one"),))


CHECKS: tuple[Check, ...] = (vips, peers, tracked, owners, sessions)
