"""Files of packets: what is written is read back, and anything else has a message."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.observe import pcapng
from lvsnet.observe.pcapng import Interface, Packet, Reader

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
interfaces = st.builds(
    Interface,
    words,
    words,
    st.integers(0, 300),
    st.integers(0, 262144),
    st.sampled_from(("", "02:f7:bc:b1:c1:c0")),
    words,
)
times = st.integers(0, 2**63)
flags = st.integers(0, 2**32 - 1)


def read(content: bytes, step: int = 1 << 20) -> list[Packet]:
    reader = Reader()
    return [
        one
        for at in range(0, len(content), step)
        for one in reader.receive(content[at : at + step])
    ]


@given(
    st.lists(interfaces, min_size=1, max_size=4),
    st.lists(st.tuples(times, st.binary(max_size=70), flags, st.integers(0, 9)), max_size=6),
    st.integers(1, 50),
)
def test_what_is_written_is_read_back(
    found: list[Interface], packets: list[tuple[int, bytes, int, int]], step: int
) -> None:
    content = pcapng.section("lvsnet", "lab dr")
    content += b"".join(pcapng.interface(one) for one in found)
    wanted = []
    for number, (time, frame, flag, dropped) in enumerate(packets):
        which = number % len(found)
        content += pcapng.packet(which, time, len(frame) + 3, frame, flag, dropped)
        wanted.append(Packet(found[which], time, len(frame) + 3, frame, flag))
    content += pcapng.statistics(0, 1, 2, len(packets), 7)
    assert read(content, step) == wanted


def test_the_comment_is_that_of_the_first_section() -> None:
    reader = Reader()
    list(reader.receive(pcapng.section("lvsnet", "one") + pcapng.section("lvsnet", "two")))
    assert reader.comment == "one"


def swapped(kind: int, body: bytes) -> bytes:
    length = struct.pack(">I", len(body) + 12)
    return struct.pack(">I", kind) + length + body + length


def test_another_byte_order_and_other_time_stamps_are_understood() -> None:
    head = swapped(pcapng.SECTION, struct.pack(">IHHq", pcapng.MAGIC, 1, 0, -1))
    plain = swapped(pcapng.INTERFACE, struct.pack(">HxxI", 1, 0))
    resolution = struct.pack(">HHBxxx", 9, 1, 0x80 | 10) + struct.pack(">HHq", 14, 8, 5)
    binary = swapped(pcapng.INTERFACE, struct.pack(">HxxI", 101, 0) + resolution)
    packet = struct.pack(">IIII", 0, 3_000_001, 4, 4) + b"abcd"
    first = swapped(pcapng.ENHANCED, struct.pack(">I", 0) + packet)
    second = swapped(pcapng.ENHANCED, struct.pack(">IIIII", 1, 0, 2560, 2, 4) + b"ab\0\0")
    simple = swapped(pcapng.SIMPLE, struct.pack(">I", 3) + b"xyz\0")
    unknown = swapped(0xBAD, b"rest")
    found = read(head + plain + binary + first + unknown + second + simple)
    assert [(one.calendar, one.content, one.interface.link) for one in found] == [
        (3_000_001_000, b"abcd", 1),
        (7_500_000_000, b"ab", 101),
        (0, b"xyz", 1),
    ]


def test_a_file_that_ends_early_gives_what_is_whole() -> None:
    one = Interface("lb01:eth1", "", 1, 0)
    packet = pcapng.packet(0, 1, 4, b"abcd", 0)
    content = pcapng.section("lvsnet", "") + pcapng.interface(one) + packet
    reader = Reader()
    assert len(list(reader.receive(content + packet[:-5]))) == 1
    assert reader.partial == len(packet) - 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd4\xc3\xb2\xa1" + bytes(20), "this is no pcapng file"),
        (b"no packets at all", "this is no pcapng file"),
        (pcapng.section("", "") + bytes(12), "damaged at byte 40: a block of 0 bytes"),
        (
            pcapng.section("", "") + pcapng.packet(0, 1, 1, b"a", 0),
            "damaged at byte 40: a block that cannot be read",
        ),
    ],
)
def test_what_is_none_is_said(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(content)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, begun: bool) -> None:
    whole = pcapng.section("lvsnet", "") + content if begun else content
    with suppress(ValueError):
        read(whole)


@given(st.integers(0, 300), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(at: int, value: int) -> None:
    one = Interface("lb01:eth1", "of lan", 1, 0, "02:f7:bc:b1:c1:c0", "arp")
    content = bytearray(pcapng.section("lvsnet", "") + pcapng.interface(one))
    content += pcapng.packet(0, 1, 4, b"abcd", 0)
    content[at % len(content)] = value
    with suppress(ValueError):
        read(bytes(content))
