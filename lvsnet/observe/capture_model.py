"""What is to be captured of a lab, and what comes of it, as data that goes over the wire."""

from __future__ import annotations

import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lvsnet.observe import decode
from lvsnet.observe.packet import Packet

ALL = "all"
"""A node that is every node, also those that come later."""
LARGEST = 262144
"""Bytes of a packet that are kept if nothing else is asked for: all of any packet."""


@dataclass(frozen=True)
class Tapped:
    """A node whose own interfaces are listened at, in both directions."""

    node: str
    """Its name, or `ALL`."""
    interfaces: tuple[str, ...]
    """Empty: all that it has, or will have, but lo."""


@dataclass(frozen=True)
class Capture:
    """What somebody wants to see."""

    nodes: tuple[Tapped, ...]
    segments: tuple[str, ...]
    """Each frame once, as its sender's cable brings it."""
    filter: str = ""
    """In pcap's language; empty takes all."""
    snaplen: int = LARGEST
    """Bytes of a packet that are kept."""
    seconds: float | None = None
    """Of the lab's time; None: until somebody ends it."""


@dataclass(frozen=True)
class Place:
    """Where packets are seen."""

    node: str
    interface: str
    segment: str
    """That it is in; empty of what is wired to none, such as a tunnel's end."""
    mac: str
    """By the plan; empty of what is not in it."""
    link: int
    """LINKTYPE_ETHERNET or LINKTYPE_RAW."""

    @property
    def name(self) -> str:
        return f"{self.node}:{self.interface}"


@dataclass(frozen=True)
class Frame:
    """A packet as it passed a place."""

    place: int
    """The number of the place, in the order in which they were told."""
    outgoing: bool
    """From the node, whoever has seen it."""
    reception: int
    """The kernel's PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST or
    PACKET_OUTGOING (packet(7))."""
    length: int
    """In bytes; ``content`` may have less."""
    dropped: int
    """How many packets before it found no room, there or elsewhere at its node."""
    calendar: int
    """Nanoseconds since 1970 (UTC) by the lab's clock."""
    content: bytes


HEAD = struct.Struct("=HBBIIIq")
"""Place, whether outgoing, reception, length, bytes that follow, dropped, calendar."""


def packed(frames: Iterable[Frame]) -> str:
    """As text, for a line of JSON."""
    pieces: list[bytes] = []
    for one in frames:
        head = (one.place, one.outgoing, one.reception, one.length, len(one.content))
        pieces += (HEAD.pack(*head, one.dropped, one.calendar), one.content)
    return b2a_base64(b"".join(pieces), newline=False).decode()


def unpacked(text: str) -> Iterator[Frame]:
    """What was `packed`."""
    content = a2b_base64(text)
    at = 0
    while at < len(content):
        place, outgoing, reception, length, size, dropped, calendar = HEAD.unpack_from(content, at)
        at += HEAD.size
        whole = content[at : at + size]
        at += size
        yield Frame(place, bool(outgoing), reception, length, dropped, calendar, whole)


def in_words(place: Place, frame: Frame, offset: int, gue: frozenset[int]) -> Packet:
    """A frame as a line says it; ``offset`` is the calendar's time when the clock was 0."""
    found = decode.decode(place.link, frame.content, gue)
    at = frame.calendar - offset
    return Packet(at, place.node, place.interface, found.kind, found.text)
