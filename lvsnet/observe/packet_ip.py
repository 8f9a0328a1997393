"""IP headers, as far as a line about a packet needs them (RFC 791, RFC 8200)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

IPV4 = struct.Struct(">BxHHHBB2x4s4s")
"""Version and length of the header, of all; identification, fragment, TTL, protocol, addresses."""
IPV6 = struct.Struct(">IHBB16s16s")
"""Version and more, length of what follows, next header, hop limit, addresses."""
MORE, OFFSET = 0x2000, 0x1FFF
ICMP, IGMP, IPIP, TCP, UDP, IPV6_IN_IP, GRE, AH, ICMPV6, VRRP, SCTP = (
    *(1, 2, 4, 6, 17, 41, 47, 51, 58, 112, 132),
)
NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ICMPV6: "ICMPv6", VRRP: "VRRP", SCTP: "SCTP"}
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
OPTIONS = (HOP_BY_HOP, ROUTING, DESTINATION)
WITH_PORTS = (TCP, UDP, SCTP)


@dataclass(frozen=True)
class Header:
    """What is said of a packet, and what it carries."""

    version: int
    source: str
    destination: str
    protocol: int
    """Of what it carries: an authentication header, or one of IPv6's options, is none."""
    payload: bytes
    """As much of it as was captured."""
    length: int
    """Of the payload in the packet, in bytes."""
    later: bool
    """Whether this is a fragment that is not the first: it has no header of its protocol's."""

    @property
    def name(self) -> str:
        """The protocol's."""
        return NAMES.get(self.protocol, f"protocol {self.protocol}")

    @property
    def between(self) -> str:
        return f"{self.source} > {self.destination}"

    @property
    def ends(self) -> str:
        """Addresses, and ports where there are some, of a whole packet or a first fragment."""
        if self.protocol not in WITH_PORTS or self.later or len(self.payload) < 4:
            return self.between
        source, destination = struct.unpack_from(">HH", self.payload)
        return f"{self._end(self.source, source)} > {self._end(self.destination, destination)}"

    def _end(self, host: str, port: int) -> str:
        return f"[{host}]:{port}" if self.version == 6 else f"{host}:{port}"


def header(content: bytes) -> Header:
    """The header that these bytes begin with.

    Raises:
        ValueError: they are none of IP's.
        struct.error: they are too few; or IndexError.
    """
    version = content[0] >> 4
    if version == 4:
        return _authenticated(_ipv4(content))
    if version == 6:
        return _authenticated(_ipv6(content))
    raise ValueError(f"IP of version {version}")


def _ipv4(content: bytes) -> Header:
    first, total, _identification, fragment, _ttl, protocol, source, destination = IPV4.unpack_from(
        content
    )
    size = 4 * (first & 0xF)
    if size < IPV4.size:
        raise ValueError(f"an IPv4 header of {size} bytes")
    # A sender that leaves it to its device to cut says 0, as of what is larger than 64 KB.
    length = max(0, (total or len(content)) - size)
    return Header(
        4,
        socket.inet_ntop(socket.AF_INET, source),
        socket.inet_ntop(socket.AF_INET, destination),
        protocol,
        content[size : size + length],
        length,
        later=bool(fragment & OFFSET),
    )


def _ipv6(content: bytes) -> Header:
    _first, length, protocol, _limit, source, destination = IPV6.unpack_from(content)
    length = length or len(content) - IPV6.size
    payload = content[IPV6.size : IPV6.size + length]
    later = False
    while protocol in OPTIONS or protocol == FRAGMENT:
        following, size = payload[0], 8
        if protocol == FRAGMENT:
            later = later or struct.unpack_from(">H", payload, 2)[0] >= 8
        else:
            size = 8 * (payload[1] + 1)
        protocol, payload, length = following, payload[size:], max(0, length - size)
    return Header(
        6,
        socket.inet_ntop(socket.AF_INET6, source),
        socket.inet_ntop(socket.AF_INET6, destination),
        protocol,
        payload,
        length,
        later,
    )


def _authenticated(found: Header) -> Header:
    """What an authentication header covers (RFC 4302, 2), as that of VRRP by keepalived."""
    if found.protocol != AH or found.later or len(found.payload) < 2:
        return found
    protocol, size = found.payload[0], 4 * (found.payload[1] + 2)
    return Header(
        found.version,
        found.source,
        found.destination,
        protocol,
        found.payload[size:],
        max(0, found.length - size),
        found.later,
    )
