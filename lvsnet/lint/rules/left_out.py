"""What keepalived leaves out of what is written, since something else in the file is at odds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from lvsnet.lint.model import Family, Finding, Given, Place, Related, Rule
from lvsnet.lint.site import OWNER, Instance, IPAddress, Machine, Site, address_of
from lvsnet.lint.written import Written

VIP_REPEATED = Rule(
    "vip-repeated",
    "warning",
    "an address is twice among the VIPs of one VRRP instance: keepalived leaves the second one out,"
    " with its prefix, device and label",
    "vip_is_duplicate() of keepalived/vrrp/vrrp_data.c",
    "take out the one that is not meant",
)
PEER = Rule(
    "unicast-peer-left-out",
    "error",
    "a unicast peer, or unicast_src_ip, is of another family than the VIPs, or a peer is there"
    " twice: keepalived leaves out the later one, and a peer that is nowhere else hears nothing",
    "alloc_vrrp_unicast_peer() of keepalived/vrrp/vrrp_data.c; vrrp_srcip_handler() of"
    " vrrp_parser.c",
    "write each peer once, by the address of the instance's family",
)
TRACK_TWICE = Rule(
    "track-twice",
    "warning",
    "one thing is tracked twice by an instance or a sync group: keepalived leaves the second entry"
    " out, with its weight",
    "alloc_track_script() and its neighbours in keepalived/vrrp/vrrp_track.c",
    "take out the one that is not meant",
)
TRACKED_EMPTY = Rule(
    "tracked-incomplete",
    "error",
    "a vrrp_script has no script, a vrrp_track_process no process or a track_file no file:"
    " keepalived removes it, and what tracks it goes on as if all were well",
    "vrrp_vscript_end_handler() and vrrp_tprocess_end_handler() of keepalived/vrrp/vrrp_parser.c;"
    " track_file_end_handler() of keepalived/trackers/track_file.c",
    "write what is to be run or watched",
)
PROCESS_QUORUM = Rule(
    "process-quorum",
    "warning",
    "quorum_max of a vrrp_track_process is below its quorum: keepalived ignores the second of the"
    " two",
    "vrrp_tprocess_quorum_handler() of keepalived/vrrp/vrrp_parser.c",
    "write a quorum_max that is not below the quorum",
)
GROUP_OWNER = Rule(
    "sync-group-owner",
    "error",
    "some instances of a sync group have state MASTER and priority 255, and others not: an owner"
    " takes its addresses at once, the others may not, and a group can only move as a whole",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c; RFC 3768, 6.4.1",
    "write priorities below 255",
)
MARK = Rule(
    "fwmark-ignored",
    "note",
    "a virtual server of a firewall mark has a protocol, or with DR or TUN a real server has a"
    " port: a mark has neither, and keepalived leaves them out",
    "validate_check_config() of keepalived/check/check_data.c",
    "take them out",
)
SERVER_GROUP = Rule(
    "server-group-entries",
    "error",
    "a virtual_server_group has no entries, or IPv4, IPv6 and marks without a family together:"
    " keepalived removes it; or a range that does not go upwards, or a network with bits beyond its"
    " length: it leaves that out",
    "alloc_vsg_entry() of keepalived/check/check_data.c; vsg_handler() of check_parser.c",
    "write its addresses; a range goes upwards, and a mark may name its family: fwmark 5 inet6",
)
TUNNEL = Rule(
    "tunnel-options",
    "error",
    "the options of lvs_method TUN do not go together: gue needs a port, no other type has one;"
    " ipip has no checksum, gre no remote one: keepalived uses ipip without options",
    "svr_forwarding_handler() of keepalived/check/check_parser.c; keepalived.conf(5), lvs_method",
    "write TUN type gue port 6080, TUN type gre or TUN alone",
)
CHECK_FAMILY = Rule(
    "check-address-family",
    "error",
    "connect_ip and bindto of a check are of two families: keepalived leaves the second one out,"
    " and asks another address, or from another one",
    "co_ip_handler() and co_srcip_handler() of keepalived/check/check_api.c",
    "write both of one family",
)
REPLY_LENGTH = Rule(
    "reply-length",
    "error",
    "min_reply_length of a UDP_CHECK is more than max_reply_length: the check always fails",
    "udp_check_end_handler() of keepalived/check/check_udp.c",
    "write a larger max_reply_length; without one it is 255",
)
BFD = Rule(
    "bfd-left-out",
    "error",
    "a bfd_instance has no neighbor_ip, a source_ip of another family, or the addresses of an"
    " earlier one: keepalived leaves it out, and what tracks it with it",
    "bfd_end_handler() of keepalived/bfd/bfd_parser.c",
    "write a neighbor_ip, and a source_ip of its family; one session for two machines",
)
_WHAT_IT_DOES = (
    ("vrrp_script", "script"),
    ("vrrp_track_process", "process"),
    ("vrrp_track_file", "file"),
    ("track_file", "file"),
)
_REPLY = {"min_reply_length": 0, "max_reply_length": 255}
"""Octets, where nothing is written (keepalived.conf(5), UDP_CHECK)."""


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


def marks(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        if not server.name.startswith("fwmark") or not server.checked:
            continue
        where = f"virtual_server {server.name}"
        if server.protocol is not None:
            message = f"{where}: a mark has no protocol"
            yield Finding(MARK.name, server.protocol.place, message)
        for real in server.real_servers:
            if real.kind in ("DR", "TUN") and real.port_written and real.port:
                message = f"{where}: with {real.kind} nobody uses port {real.port}"
                yield Finding(MARK.name, real.place, message)
                break


def groups(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for group in machine.statements:
            if group.keyword == "virtual_server_group":
                yield from _group(group)


def _group(group: Written) -> Iterator[Finding]:
    entries = group.block or ()
    if not entries:
        yield Finding(SERVER_GROUP.name, group.place, f"{group.text} has no entries")
    kinds: set[object] = set()
    for entry in entries:
        if entry.keyword == "fwmark":
            kinds |= set() if len(entry.words) > 2 else {"fwmark"}
            continue
        begin, dash, end = entry.keyword.partition("-")
        begin, _, length = begin.partition("/")
        first = address_of(begin)
        kinds.add(first.version if first else None)
        if first is None:
            continue
        if dash and not _upwards(first, end):
            message = f"{group.text}: {entry.keyword} does not go upwards"
            yield Finding(SERVER_GROUP.name, entry.place, message)
        beyond = first.max_prefixlen - int(length) if length.isdecimal() else 0
        if beyond > 0 and int(first) & ((1 << beyond) - 1):
            message = f"{group.text}: {entry.keyword} has bits beyond its length"
            yield Finding(SERVER_GROUP.name, entry.place, message)
    if {4, 6, "fwmark"} <= kinds:
        message = f"{group.text} has IPv4, IPv6 and a mark without a family"
        yield Finding(SERVER_GROUP.name, group.place, message)


def _upwards(first: IPAddress, end: str) -> bool:
    """Whether a range goes on: to an address, or to a last number, hexadecimal for IPv6."""
    last = address_of(end)
    if last is not None:
        return last.version == first.version and int(last) >= int(first)
    try:
        number = int(end, 10 if first.version == 4 else 16)
    except ValueError:
        return True  # no range, which is told elsewhere
    return number > int(first) & (0xFF if first.version == 4 else 0xFFFF)


def tunnels(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        levels = (server.written, *(real.written for real in server.real_servers))
        for level in levels:
            for word in level.all("lvs_method", "lb_kind", "sorry_server_lvs_method"):
                fault = _tunnel(word.arguments)
                if fault:
                    message = f"virtual_server {server.name}: {word.text}: {fault}"
                    yield Finding(TUNNEL.name, word.place, message)


def _tunnel(words: Sequence[str]) -> str:
    if words[:1] != ("TUN",):
        return ""
    kind = words[words.index("type") + 1] if "type" in words[:-1] else "ipip"
    if ("port" in words) != (kind == "gue"):
        return "gue has no port" if kind == "gue" else f"{kind} takes no port"
    if kind == "ipip" and {"csum", "remcsum"} & set(words):
        return "ipip has no checksum"
    return "gre has no remote checksum" if kind == "gre" and "remcsum" in words else ""


def checks(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        for check in chain.from_iterable(real.checks for real in server.real_servers):
            where = f"virtual_server {server.name}: {check.keyword}"
            to, of = check.word("connect_ip"), check.word("bindto")
            ends = [address_of(one.value) for one in (to, of) if one is not None]
            if to and of and ends[0] and ends[1] and ends[0].version != ends[1].version:
                message = f"{where} connects to {ends[0]} from {ends[1]}"
                yield Finding(CHECK_FAMILY.name, max(to.place, of.place), message)
            if check.keyword == "UDP_CHECK":
                least, most = (check.number(word) for word in _REPLY)
                smallest = least.value if least else 0
                largest = most.value if most else _REPLY["max_reply_length"]
                if least is not None and smallest > largest:
                    message = f"{where} wants {smallest} octets at least and {largest} at most"
                    yield Finding(REPLY_LENGTH.name, least.place, message)


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


FAMILY = Family(
    "What keepalived leaves out",
    (
        VIP_REPEATED,
        PEER,
        TRACK_TWICE,
        TRACKED_EMPTY,
        PROCESS_QUORUM,
        GROUP_OWNER,
        MARK,
        SERVER_GROUP,
        TUNNEL,
        CHECK_FAMILY,
        REPLY_LENGTH,
        BFD,
    ),
    (vips, peers, tracked, owners, marks, groups, tunnels, checks, sessions),
)
