"""Files of captured packets, pcapng: bytes in, packets out, and the other way; no I/O.

The format is draft-ietf-opsawg-pcapng: blocks, each with its length before and after, in the byte
order of whoever has written the section. What `lvsnet` writes is little-endian, and has a time
stamp in nanoseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SECTION, INTERFACE, SIMPLE, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 3, 5, 6
"""Types of blocks."""
MAGIC = 0x1A2B3C4D
ORDERS = {"<": struct.pack("<I", MAGIC), ">": struct.pack(">I", MAGIC)}
UNKNOWN_LENGTH = 0xFFFFFFFFFFFFFFFF
END, COMMENT = 0, 1
APPLICATION = 4
"""shb_userappl"""
NAME, DESCRIPTION, MAC, RESOLUTION, FILTER, OFFSET = 2, 3, 6, 9, 11, 14
"""if_name, if_description, if_MACaddr, if_tsresol, if_filter, if_tsoffset"""
FLAGS, DROPPED = 2, 4
"""epb_flags, epb_dropcount"""
BEGUN, ENDED, RECEIVED, LOST = 2, 3, 4, 7
"""isb_starttime, isb_endtime, isb_ifrecv, isb_osdrop"""
IN, OUT = 1, 2
"""Directions in epb_flags."""
UNICAST, MULTICAST, BROADCAST, OTHERS = 1 << 2, 2 << 2, 3 << 2, 4 << 2
"""How it was received, in epb_flags; the last is somebody else's."""
MICROSECONDS, NANOSECONDS = 6, 9
SECOND = 1_000_000_000
LARGEST = 64 * 1024 * 1024
"""Bytes of a block beyond which a length is taken for nonsense."""
SMALLEST = 12

Option = tuple[int, bytes]


@dataclass(frozen=True)
class Interface:
    """Where packets were captured."""

    name: str
    description: str
    link: int
    """LINKTYPE_..."""
    snaplen: int
    """Bytes of a packet that were kept; 0: all."""
    mac: str = ""
    filter: str = ""
    """In pcap's language."""


@dataclass(frozen=True)
class Packet:
    interface: Interface
    calendar: int
    """Nanoseconds since 1970 (UTC)."""
    length: int
    """When it passed; ``content`` may have less of it."""
    content: bytes
    flags: int
    """epb_flags; 0: nothing is known."""


def section(application: str, comment: str) -> bytes:
    """The first block of a file."""
    options = ((COMMENT, comment.encode()), (APPLICATION, application.encode()))
    return _block(SECTION, struct.pack("<IHHQ", MAGIC, 1, 0, UNKNOWN_LENGTH), options)


def interface(one: Interface) -> bytes:
    """A block that says where packets come from; those that follow name it by its place among such
    blocks, from 0."""
    options: list[Option] = [
        (NAME, one.name.encode()),
        (DESCRIPTION, one.description.encode()),
        (RESOLUTION, bytes((NANOSECONDS,))),
    ]
    if one.mac:
        options.append((MAC, bytes.fromhex(one.mac.replace(":", ""))))
    if one.filter:
        options.append((FILTER, b"\0" + one.filter.encode()))
    return _block(INTERFACE, struct.pack("<HxxI", one.link, one.snaplen), options)


def packet(
    number: int, calendar: int, length: int, content: bytes, flags: int, dropped: int = 0
) -> bytes:
    """A packet of the interface of that number; ``dropped`` others were lost before it."""
    head = struct.pack("<IIIII", number, *_halves(calendar), len(content), length)
    options = [(FLAGS, struct.pack("<I", flags))]
    if dropped:
        options.append((DROPPED, struct.pack("<Q", dropped)))
    return _block(ENHANCED, head + _padded(content), options)


def statistics(number: int, begun: int, ended: int, received: int, dropped: int) -> bytes:
    """How many packets were seen at an interface, and lost, between two times since 1970."""
    options = (
        (BEGUN, struct.pack("<II", *_halves(begun))),
        (ENDED, struct.pack("<II", *_halves(ended))),
        (RECEIVED, struct.pack("<Q", received)),
        (LOST, struct.pack("<Q", dropped)),
    )
    return _block(STATISTICS, struct.pack("<III", number, *_halves(ended)), options)


def _halves(time: int) -> tuple[int, int]:
    return time >> 32 & 0xFFFFFFFF, time & 0xFFFFFFFF


def _block(kind: int, body: bytes, options: Sequence[Option] = ()) -> bytes:
    content = body + b"".join(
        struct.pack("<HH", code, len(value)) + _padded(value)
        for code, value in (*options, (END, b""))
    )
    length = struct.pack("<I", len(content) + SMALLEST)
    return struct.pack("<I", kind) + length + content + length


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)


@dataclass
class _Described:
    """An interface of the section that is being read."""

    interface: Interface
    units: int
    """Of its time stamps, in a second."""
    offset: int
    """Seconds that are to be added to them."""


@dataclass
class Reader:
    """Takes a file's bytes in pieces as they come."""

    comment: str = ""
    """Of the first section."""
    _rest: bytearray = field(default_factory=bytearray)
    _at: int = 0
    """Where in the file the rest begins."""
    _order: str = ""
    """``<`` or ``>``; empty before the first section."""
    _interfaces: list[_Described] = field(default_factory=list)

    @property
    def partial(self) -> int:
        """How many bytes of a block there are whose end has not come."""
        return len(self._rest)

    @property
    def begun(self) -> bool:
        """Whether a whole block has come, so that this is such a file."""
        return bool(self._at)

    @property
    def names(self) -> list[str]:
        """Of the section's interfaces."""
        return [one.interface.name for one in self._interfaces]

    def receive(self, content: bytes) -> Iterator[Packet]:
        """The packets that are complete now. Blocks of other types are passed over.

        Raises:
            ValueError: it is no pcapng file, or is damaged; the message says where.
        """
        self._rest += content
        while len(self._rest) >= SMALLEST:
            length = self._length()
            if len(self._rest) < length:
                return
            block = bytes(self._rest[:length])
            try:
                found = self._block(block)
            except (struct.error, IndexError, ValueError) as error:
                raise self._damaged(f"a block that cannot be read ({error})") from error
            del self._rest[:length]
            self._at += length
            if found is not None:
                yield found

    def _length(self) -> int:
        """Of the block that begins the rest."""
        if self._rest[:4] == struct.pack("<I", SECTION):
            magic = bytes(self._rest[8:12])
            self._order = next((one for one, said in ORDERS.items() if said == magic), "")
        if not self._order:
            if self._at:
                raise self._damaged("a section of no byte order")
            raise ValueError("this is no pcapng file")
        length: int = struct.unpack_from(self._order + "I", self._rest, 4)[0]
        if length < SMALLEST or length % 4 or length > LARGEST:
            raise self._damaged(f"a block of {length} bytes")
        return length

    def _block(self, block: bytes) -> Packet | None:
        kind, length = struct.unpack_from(self._order + "II", block)
        if struct.unpack_from(self._order + "I", block, length - 4)[0] != length:
            raise ValueError("its two lengths differ")
        body = block[8:-4]
        if kind == SECTION:
            self._section(body)
        elif kind == INTERFACE:
            self._interfaces.append(self._interface(body))
        elif kind == ENHANCED:
            return self._enhanced(body)
        elif kind == SIMPLE:
            return self._simple(body)
        return None

    def _section(self, body: bytes) -> None:
        major = struct.unpack_from(self._order + "H", body, 4)[0]
        if major != 1:
            raise ValueError(f"version {major}")
        self._interfaces.clear()
        if not self._at:
            self.comment = _text(self._options(body[16:]).get(COMMENT, b""))

    def _interface(self, body: bytes) -> _Described:
        link, snaplen = struct.unpack_from(self._order + "HxxI", body)
        options = self._options(body[8:])
        said = options.get(RESOLUTION, bytes((MICROSECONDS,)))[0]
        units = 1 << (said & 0x7F) if said & 0x80 else 10**said
        offset = struct.unpack(self._order + "q", options.get(OFFSET, bytes(8)))[0]
        one = Interface(
            _text(options.get(NAME, b"")),
            _text(options.get(DESCRIPTION, b"")),
            link,
            snaplen,
            options.get(MAC, b"").hex(":"),
            _text(options.get(FILTER, b"\0")[1:]),
        )
        return _Described(one, units, offset)

    def _enhanced(self, body: bytes) -> Packet:
        number, high, low, captured, length = struct.unpack_from(self._order + "IIIII", body)
        if captured > len(body) - 20:
            raise ValueError(f"a packet of {captured} bytes in it")
        described = self._interfaces[number]
        ticks = high << 32 | low
        options = self._options(body[20 + captured + -captured % 4 :])
        flags = struct.unpack(self._order + "I", options.get(FLAGS, bytes(4)))[0]
        return Packet(
            described.interface,
            ticks * SECOND // described.units + described.offset * SECOND,
            length,
            body[20 : 20 + captured],
            flags,
        )

    def _simple(self, body: bytes) -> Packet:
        """A packet of the first interface, without a time."""
        length = struct.unpack_from(self._order + "I", body)[0]
        one = self._interfaces[0].interface
        captured = min(length, one.snaplen or length, len(body) - 4)
        return Packet(one, 0, length, body[4 : 4 + captured], 0)

    def _options(self, content: bytes) -> Mapping[int, bytes]:
        """The first of each code."""
        found: dict[int, bytes] = {}
        at = 0
        while at + 4 <= len(content):
            code, length = struct.unpack_from(self._order + "HH", content, at)
            if code == END:
                break
            found.setdefault(code, content[at + 4 : at + 4 + length])
            at += 4 + length + -length % 4
        return found

    def _damaged(self, what: str) -> ValueError:
        return ValueError(f"it is damaged at byte {self._at}: {what}")


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
