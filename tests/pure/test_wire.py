"""The control protocol: whatever is sent arrives whole, within its limits, and nothing hangs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.guest import wire
from lvsnet.guest.wire import Frame, Inlet, Line, Outlet, ProtocolError, Type

frames = st.builds(
    Frame,
    st.sampled_from([kind for kind in Type if kind is not Type.ACK]),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=300) | st.integers(0, wire.MAX_PAYLOAD).map(bytes),
)
sizes = st.lists(st.integers(1, 5000), max_size=60)


def cut(content: bytes, lengths: Sequence[int]) -> list[bytes]:
    """``content`` in pieces of these lengths, and the rest."""
    pieces = []
    for length in lengths:
        pieces.append(content[:length])
        content = content[length:]
    return [*pieces, content]


@given(st.lists(frames, max_size=8), sizes)
def test_frames_arrive_equal_however_the_line_cuts_them(
    sent: list[Frame], lengths: list[int]
) -> None:
    line = Line()
    content = b"".join(frame.encode() for frame in sent)
    assert [frame for piece in cut(content, lengths) for frame in line.receive(piece)] == sent


@given(st.lists(frames, max_size=8), sizes)
def test_what_a_line_writes_is_what_it_was_given_to_send(
    sent: list[Frame], lengths: list[int]
) -> None:
    line, written = Line(), b""
    for frame in sent:
        line.send(frame)
    while line.wants_write:
        piece = line.to_write()[: lengths.pop() if lengths else None]
        assert 0 < len(piece) <= wire.WRITE_AT_MOST
        written += piece
        line.wrote(len(piece))
    assert written == b"".join(frame.encode() for frame in sent)


class Wires:
    """Host and guest, and the bytes that are on their way between them."""

    def __init__(self) -> None:
        self.host = Line(window=wire.LINE_WINDOW)
        self.guest = Line(acknowledges=True)
        self.down = bytearray()
        self.up = bytearray()
        self.unread = 0
        """Bytes that the host wrote and of whose reading it has not heard."""
        self.at_guest: list[Frame] = []
        self.at_host: list[Frame] = []

    def host_writes(self, most: int) -> None:
        piece = self.host.to_write()[:most]
        self.host.wrote(len(piece))
        self.down += piece
        self.unread += len(piece)
        assert self.unread <= 3072

    def guest_reads(self, most: int) -> None:
        self.at_guest += self.guest.receive(bytes(self.down[:most]))
        del self.down[:most]

    def guest_writes(self, most: int) -> None:
        piece = self.guest.to_write()[:most]
        self.guest.wrote(len(piece))
        self.up += piece

    def host_reads(self, most: int) -> None:
        piece = bytes(self.up[:most])
        del self.up[:most]
        before = self.host._unacknowledged
        self.at_host += self.host.receive(piece)
        self.unread -= before - self.host._unacknowledged


STEPS = (Wires.host_writes, Wires.guest_reads, Wires.guest_writes, Wires.host_reads)


@given(
    st.lists(frames, max_size=6),
    st.lists(frames, max_size=6),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 4000)), max_size=100),
)
def test_the_line_never_holds_more_than_its_window_and_never_stops(
    down: list[Frame], up: list[Frame], steps: list[tuple[object, int]]
) -> None:
    wires = Wires()
    for frame in down:
        wires.host.send(frame)
    for frame in up:
        wires.guest.send(frame)
    for step, most in steps:
        assert callable(step)
        step(wires, most)
    # Each round moves at least a window's worth of what is left.
    for _ in range(10 + wires.host.queued // 1024):
        for step in STEPS:
            step(wires, 10**6)
    assert (wires.at_guest, wires.at_host) == (down, up)


def test_an_end_that_reads_nothing_gets_3_kb_and_no_more() -> None:
    line = Line(window=wire.LINE_WINDOW)
    line.send(wire.data(1, 0, bytes(10_000)))
    assert len(line.to_write()) == 3072
    line.wrote(3072)
    assert line.to_write() == b""
    assert not line.wants_write
    line.receive(Frame(Type.ACK, wire.LINE, wire.COUNT.pack(1000)).encode())
    assert len(line.to_write()) == 1000


@given(st.binary(max_size=40_000), st.lists(st.integers(0, 70_000), max_size=50))
def test_a_channel_never_has_more_underway_than_its_credit(seed: bytes, passed: list[int]) -> None:
    content = (seed + b"x") * (1 + 600_000 // (len(seed) + 1))
    outlet, inlet = Outlet(7, wire.STDOUT), Inlet(7, wire.STDOUT)
    rest, arrived = content, b""
    for count in [*passed, *[len(content)] * (2 + len(content) // wire.CREDIT)]:
        while rest and outlet.room:
            frame = outlet.data(rest[: outlet.room])
            rest = rest[len(frame.payload) - 1 :]
            assert len(frame.payload) - 1 <= wire.CHUNK
            inlet.received(wire.channel_of(frame)[1])
        assert len(inlet.pending) <= wire.CREDIT
        arrived += inlet.pending[:count]
        grant = inlet.passed_on(min(count, len(inlet.pending)))
        outlet.granted(wire.grant_of(grant)[1])
    assert rest == b""
    assert arrived == content


def test_an_outlet_refuses_more_than_its_credit() -> None:
    outlet = Outlet(1, wire.STDIN, credit=10)
    assert outlet.room == 10
    outlet.data(bytes(10))
    assert outlet.room == 0
    with pytest.raises(ValueError, match="1 bytes with a credit of 0"):
        outlet.data(b"x")
    outlet.granted(3)
    assert outlet.room == 3


def test_an_inlet_refuses_data_beyond_credit_and_end() -> None:
    inlet = Inlet(1, wire.STDIN)
    inlet.received(bytes(wire.CREDIT))
    with pytest.raises(ProtocolError, match="beyond its credit"):
        inlet.received(b"x")
    inlet.passed_on(1)
    inlet.received(b"x")
    inlet.ended = True
    assert not inlet.done
    inlet.passed_on(wire.CREDIT)
    assert inlet.done
    with pytest.raises(ProtocolError):
        inlet.received(b"x")


@given(st.lists(st.binary(max_size=60), max_size=8), st.sampled_from([None, wire.LINE_WINDOW]))
def test_garbage_is_a_protocol_error_and_nothing_else(
    pieces: list[bytes], window: int | None
) -> None:
    line = Line(window=window, acknowledges=True)
    with suppress(ProtocolError):
        for piece in pieces:
            line.receive(piece)


@given(st.sampled_from(list(Type)), st.binary(max_size=12) | st.text(max_size=12).map(str.encode))
def test_a_frame_of_garbage_is_a_protocol_error_and_nothing_else(
    kind: Type, payload: bytes
) -> None:
    frame = Frame(kind, 1, payload)
    for read in (wire.json_of, wire.channel_of, wire.grant_of):
        with suppress(ProtocolError):
            read(frame)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"7", b"{", b"\xff", b"[" * 60_000], ids=lambda one: repr(one[:4])
)
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.json_of(Frame(Type.MESSAGE, 1, payload))


@pytest.mark.parametrize(
    "content",
    [
        Frame(Type.ACK, wire.LINE, wire.COUNT.pack(1)).encode(),
        Frame(Type.ACK, wire.LINE, b"\0").encode(),
        wire.HEADER.pack(99, 1, 0),
    ],
    ids=["ack of nothing", "short ack", "unknown type"],
)
def test_a_line_refuses_what_the_protocol_does_not_know(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        Line(window=wire.LINE_WINDOW).receive(content)


def test_a_frame_has_room_for_65535_bytes() -> None:
    assert len(Frame(Type.DATA, 1, bytes(65535)).encode()) == 65535 + wire.HEADER.size
    with pytest.raises(ValueError, match="65536 bytes"):
        Frame(Type.DATA, 1, bytes(65536)).encode()


def test_json_goes_through() -> None:
    content = {"op": "exec", "argv": ["echo", "ü\n"], "environment": {}}
    frame = wire.with_json(Type.OPEN, 3, content)
    assert wire.json_of(frame) == content
    assert json.loads(frame.payload) == content
