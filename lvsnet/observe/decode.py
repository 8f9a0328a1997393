"""A frame's bytes in one line for people: bytes in, words out; no bytes at all make it fail."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from lvsnet.observe import arp, packet_ip, packet_words
from lvsnet.observe.packet_ip import Header
from lvsnet.observe.packet_words import Words

ETHERNET, RAW = 1, 101
"""LINKTYPE_ETHERNET, LINKTYPE_RAW: what a frame begins with (https://www.tcpdump.org/linktypes)."""
IPV4, ARP, IPV6, BRIDGED = 0x0800, 0x0806, 0x86DD, 0x6558
"""EtherTypes; the last is an Ethernet frame's in GRE (RFC 7637, 3.2)."""
VLANS = (0x8100, 0x88A8)
GUE_PORTS = frozenset((6080,))
"""IANA's port of GUE (ip-fou(8))."""
CHECKSUM, KEY, SEQUENCE = 0x8000, 0x2000, 0x1000
"""Fields that a GRE header has (RFC 2890, 2)."""
DEEPEST = 6
"""Tunnels in tunnels that are looked into."""
FAILURES = (struct.error, IndexError, ValueError)
"""What comes of too few bytes, or such that mean nothing."""


@dataclass(frozen=True)
class Decoded:
    kind: str
    """One of `lvsnet.observe.packet.KINDS`."""
    text: str


def decode(link: int, content: bytes, gue: frozenset[int] = GUE_PORTS) -> Decoded:
    """What a frame is; of one in a tunnel, what the inner packet is.

    ``link`` is a LINKTYPE, ``gue`` are the UDP ports at which GUE is unwrapped.
    """
    try:
        if link == ETHERNET:
            return Decoded(*_ethernet(content, gue, 0))
        if link == RAW:
            return Decoded(*_ip(content, gue, 0))
    except FAILURES:
        return Decoded("other", f"{len(content)} bytes, cut short or malformed")
    return Decoded("other", f"{len(content)} bytes of link type {link}")


def _ethernet(content: bytes, gue: frozenset[int], depth: int) -> Words:
    to, source, kind = struct.unpack_from(">6s6sH", content)
    at = 14
    while kind in VLANS:
        kind = struct.unpack_from(">H", content, at + 2)[0]
        at += 4
    if kind in (IPV4, IPV6):
        return _ip(content[at:], gue, depth)
    if kind == ARP:
        return _arp(content[at:])
    what = f"type {kind:#06x}" if kind >= 0x600 else "802.3"
    return "other", f"Ethernet {source.hex(':')} > {to.hex(':')}, {what}"


def _arp(content: bytes) -> Words:
    """RFC 826; RFC 5227, 1.1 and 3."""
    *over, operation, mac, sender, _mac, target = arp.PACKET.unpack_from(content)
    if tuple(over) != arp.OVER_ETHERNET:
        return "other", "ARP not of IPv4 over Ethernet"
    who, about = IPv4Address(sender), IPv4Address(target)
    if sender == target and sender != bytes(4):
        return "arp-gratuitous", f"ARP {who} is-at {mac.hex(':')} (gratuitous)"
    if operation == 2:
        return "arp-reply", f"ARP {who} is-at {mac.hex(':')}, to {about}"
    if operation != 1:
        return "other", f"ARP operation {operation} of {who}"
    if sender == bytes(4):
        return "arp-request", f"ARP probe {about}"
    return "arp-request", f"ARP who-has {about} tell {who}"


def _ip(content: bytes, gue: frozenset[int], depth: int) -> Words:
    header = packet_ip.header(content)
    try:
        tunnel = None if header.later or depth >= DEEPEST else _tunnel(header, gue, depth)
        return tunnel or packet_words.words(header)
    except FAILURES:
        return "ip", f"{header.name} {header.between}, cut short or malformed"


def _tunnel(header: Header, gue: frozenset[int], depth: int) -> Words | None:
    """Which tunnel a packet is in, and what is inside; None of one in none."""
    if header.protocol in (packet_ip.IPIP, packet_ip.IPV6_IN_IP):
        return _inside("IPIP", header, _ip(header.payload, gue, depth + 1))
    if header.protocol == packet_ip.GRE:
        return _inside("GRE", header, _gre(header.payload, gue, depth + 1))
    if header.protocol == packet_ip.UDP:
        port = struct.unpack_from(">H", header.payload, 2)[0]
        found = _gue(header.payload[8:], gue, depth + 1) if port in gue else None
        return None if found is None else _inside("GUE", header, found)
    return None


def _inside(name: str, outer: Header, inner: Words) -> Words:
    kind, text = inner
    return kind, f"{name} {outer.between} | {text}"


def _gre(content: bytes, gue: frozenset[int], depth: int) -> Words:
    flags, kind = struct.unpack_from(">HH", content)
    at = 4 + 4 * sum(bool(flags & one) for one in (CHECKSUM, KEY, SEQUENCE))
    if kind in (IPV4, IPV6):
        return _ip(content[at:], gue, depth)
    if kind == BRIDGED:
        return _ethernet(content[at:], gue, depth)
    return "ip", f"type {kind:#06x}"


def _gue(content: bytes, gue: frozenset[int], depth: int) -> Words | None:
    """A header as struct guehdr of include/net/gue.h, or IP at once; None of what is no packet."""
    version = content[0] >> 6
    if version == 1:
        return _ip(content, gue, depth)
    if version != 0 or content[0] & 0x20:
        return None
    protocol, size = content[1], 4 + 4 * (content[0] & 0x1F)
    if protocol in (packet_ip.IPIP, packet_ip.IPV6_IN_IP):
        return _ip(content[size:], gue, depth)
    if protocol == packet_ip.GRE:
        return _gre(content[size:], gue, depth)
    return None
