"""What IP carries, in a line: each function takes a packet's `Header`, and gives kind and text.

All raise struct.error, IndexError or ValueError of bytes that are too few, or mean nothing.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping

from lvsnet.observe import packet_ip
from lvsnet.observe.packet_ip import Header

Words = tuple[str, str]
"""Kind, one of `lvsnet.observe.packet.KINDS`, and text."""

TCP = struct.Struct(">HHIIBBH")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
"""RFC 9293, 3.1."""
SYNC_GROUP, SYNC_PORT = "224.0.0.81", 8848
SYNC = struct.Struct(">BBHBb")
"""struct ip_vs_sync_mesg of net/netfilter/ipvs/ip_vs_sync.c: 0, syncid, size, connections,
version 1."""
VRRP_GROUPS = ("224.0.0.18", "ff02::12")
UNREACHABLE = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    9: "network prohibited",
    10: "host prohibited",
    13: "prohibited by a filter",
}
"""RFC 792, RFC 1812, 5.2.7.1."""
UNREACHABLE_6 = {
    0: "no route",
    1: "prohibited by a filter",
    3: "address unreachable",
    4: "port unreachable",
}
"""RFC 4443, 3.1."""
CHUNKS = {
    1: ("sctp-init", "INIT"),
    2: ("sctp-init-ack", "INIT ACK"),
    6: ("sctp-abort", "ABORT"),
    7: ("sctp-shutdown", "SHUTDOWN"),
    8: ("sctp-shutdown", "SHUTDOWN ACK"),
    14: ("sctp-shutdown", "SHUTDOWN COMPLETE"),
    0: ("sctp", "DATA"),
    3: ("sctp", "SACK"),
    4: ("sctp", "HEARTBEAT"),
    5: ("sctp", "HEARTBEAT ACK"),
    9: ("sctp", "ERROR"),
    10: ("sctp", "COOKIE ECHO"),
    11: ("sctp", "COOKIE ACK"),
}
"""RFC 9260, 3.2."""


def words(header: Header) -> Words:
    """Kind and text of what is no tunnel."""
    if header.later:
        return "ip", f"{header.name} {header.between}, a later fragment of {header.length} bytes"
    reader = READERS.get(header.protocol)
    if reader is None:
        return "ip", f"{header.name} {header.between}, {header.length} bytes"
    return reader(header)


def _tcp(header: Header) -> Words:
    *_, offset, flags, _window = TCP.unpack_from(header.payload)
    for flag, kind, word in ((RST, "tcp-rst", "RST"), (FIN, "tcp-fin", "FIN")):
        if flags & flag:
            return kind, f"TCP {word} {header.ends}"
    if flags & SYN:
        word = "SYN-ACK" if flags & ACK else "SYN"
        return f"tcp-{word.lower()}", f"TCP {word} {header.ends}"
    size = header.length - 4 * (offset >> 4)
    return "tcp", f"TCP {header.ends}, {size} bytes" if size > 0 else f"TCP ACK {header.ends}"


def _udp(header: Header) -> Words:
    _source, port, length = struct.unpack_from(">HHH", header.payload)
    if (header.destination, port) == (SYNC_GROUP, SYNC_PORT):
        zero, syncid, _size, count, version = SYNC.unpack_from(header.payload, 8)
        if (zero, version) == (0, 1):
            text = f"IPVS sync from {header.source}: syncid {syncid}, {_of(count, 'connection')}"
            return "sync", text
    return "udp", f"UDP {header.ends}, {max(0, length - 8)} bytes"


def _sctp(header: Header) -> Words:
    number = header.payload[12]
    kind, word = CHUNKS.get(number, ("sctp", f"chunk {number}"))
    return kind, f"SCTP {word} {header.ends}"


def _vrrp(header: Header) -> Words:
    """RFC 3768, 5.1, and RFC 9568, 5.2."""
    first, router, priority, count, authentication, every, _sum = struct.unpack_from(
        ">BBBBBBH", header.payload
    )
    version, kind = first >> 4, first & 0xF
    who = header.source if header.destination in VRRP_GROUPS else header.between
    if kind != 1 or version not in (2, 3):
        return "vrrp", f"VRRP {who}: version {version}, type {kind}"
    interval = float(every)
    if version == 3:
        interval = ((authentication & 0xF) << 8 | every) / 100
    size, family = (16, socket.AF_INET6) if header.version == 6 else (4, socket.AF_INET)
    addresses = [
        socket.inet_ntop(family, header.payload[at : at + size])
        for at in range(8, 8 + count * size, size)
    ]
    said = [
        f"VRRPv{version} {who}: virtual_router_id {router}",
        f"priority {priority}{' (it gives up)' if not priority else ''}",
        ", ".join(addresses) or "no address",
        f"every {interval:g} s",
    ]
    if version == 2 and authentication:
        said.append("with a password" if authentication == 1 else "authenticated")
    return "vrrp", ", ".join(said)


def _icmp(header: Header) -> Words:
    """RFC 792."""
    kind, code, _sum, more = struct.unpack_from(">BBHI", header.payload)
    what = f"ICMP {header.between}"
    if kind in (0, 8):
        word = "echo reply" if kind == 0 else "echo"
        return "icmp", f"{what}: {word}, sequence {more & 0xFFFF}"
    if kind == 3:
        why = UNREACHABLE.get(code, f"unreachable, code {code}")
        if code == 4:
            why = f"{why}, MTU {more & 0xFFFF}"
    elif kind == 5:
        gateway = socket.inet_ntop(socket.AF_INET, header.payload[4:8])
        why = f"redirect to {gateway}"
    elif kind == 11:
        why = "fragments missing" if code else "TTL exceeded"
    elif kind == 12:
        why = "parameter problem"
    else:
        return "icmp", f"{what}: type {kind}, code {code}"
    return "icmp-error", f"{what}: {why}{_about(header.payload[8:])}"


def _icmp6(header: Header) -> Words:
    """RFC 4443; RFC 4861, 4; RFC 3810, 5."""
    kind, code, _sum, more = struct.unpack_from(">BBHI", header.payload)
    what = f"ICMPv6 {header.between}"
    if kind in (128, 129):
        word = "echo" if kind == 128 else "echo reply"
        return "icmp", f"{what}: {word}, sequence {more & 0xFFFF}"
    if kind in NEIGHBOURS:
        return NEIGHBOURS[kind](header)
    if kind in (130, 131, 132, 143):
        return "group", f"MLD {header.between}"
    if kind == 1:
        why = UNREACHABLE_6.get(code, f"unreachable, code {code}")
    elif kind == 2:
        why = f"packet too big, MTU {more}"
    elif kind == 3:
        why = "fragments missing" if code else "hop limit exceeded"
    elif kind == 4:
        why = "parameter problem"
    else:
        return "icmp", f"{what}: type {kind}, code {code}"
    return "icmp-error", f"{what}: {why}{_about(header.payload[8:])}"


def _solicitation(header: Header) -> Words:
    about = _ipv6(header.payload[8:24])
    if header.source == "::":
        return "nd-solicitation", f"ND probe {about}"
    return "nd-solicitation", f"ND who-has {about} tell {header.source}"


def _advertisement(header: Header) -> Words:
    about, flags = _ipv6(header.payload[8:24]), header.payload[4]
    options = header.payload[24:]
    mac = f" is-at {options[2:8].hex(':')}" if options[:2] == b"\x02\x01" else ""
    if not flags & 0x40 and header.destination.startswith("ff"):
        return "nd-unsolicited", f"ND {about}{mac} (unsolicited)"
    return "nd-advertisement", f"ND {about}{mac}, to {header.destination}"


def _router(header: Header) -> Words:
    word = "solicitation" if header.payload[0] == 133 else "advertisement"
    return "nd-router", f"ND router {word} from {header.source}"


def _redirect(header: Header) -> Words:
    target, about = _ipv6(header.payload[8:24]), _ipv6(header.payload[24:40])
    return "icmp-error", f"ICMPv6 {header.between}: redirect to {target} for {about}"


def _group(header: Header) -> Words:
    return "group", f"IGMP {header.between}"


NEIGHBOURS: Mapping[int, Callable[[Header], Words]] = {
    133: _router,
    134: _router,
    135: _solicitation,
    136: _advertisement,
    137: _redirect,
}
READERS: Mapping[int, Callable[[Header], Words]] = {
    packet_ip.TCP: _tcp,
    packet_ip.UDP: _udp,
    packet_ip.SCTP: _sctp,
    packet_ip.VRRP: _vrrp,
    packet_ip.ICMP: _icmp,
    packet_ip.ICMPV6: _icmp6,
    packet_ip.IGMP: _group,
}


def _about(quoted: bytes) -> str:
    """Which packet an ICMP error is about."""
    try:
        found = packet_ip.header(quoted)
    except (struct.error, IndexError, ValueError):
        return ""
    return f", for {found.name} {found.ends}"


def _ipv6(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, packed)


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
