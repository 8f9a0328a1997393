"""The control protocol as a state machine: bytes in, frames out; frames in, bytes to send out.

One line carries many streams, each a request to the guest's agent with its own channels of data.
Two limits keep every buffer bounded:

* **credit**, a stream's and channel's: a sender may have `CREDIT` bytes underway that the reader
  has not yet passed on, so that one slow reader holds up nobody else;
* **window**, the whole line's and only towards the guest: User-Mode Linux's serial line loses its
  input for good after its first throttle (arch/um/drivers/line.c, ``line_unthrottle`` never
  re-arms the interrupt), so no more than `LINE_WINDOW` bytes are ever unacknowledged.

Frame: type (u8), stream (u32), payload length (u16), all big-endian, then the payload.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">BIH")
CHANNEL = struct.Struct(">B")
GRANT = struct.Struct(">BI")
COUNT = struct.Struct(">I")

MAX_PAYLOAD = 0xFFFF
CHUNK = 16 * 1024
"""Most bytes of data in one frame, so that streams take turns on a line."""
WRITE_AT_MOST = 64 * 1024
CREDIT = 256 * 1024
LINE_WINDOW = 3 * 1024
WIDE_WINDOW = 32 * 1024
"""The window of a line whose kernel is lvsnet's own, where that is mended."""
ACKNOWLEDGE_EVERY = 1024
"""Bytes read before they are acknowledged: small enough that the window never closes for good."""

STDIN, STDOUT, STDERR = 0, 1, 2
LINE = 0
"""The stream id of frames that concern the line itself."""


class Type(IntEnum):
    OPEN = 1
    """Client to server: a request, JSON."""
    DATA = 2
    """Channel (u8), bytes."""
    EOF = 3
    """Channel (u8): no more data on it."""
    CREDIT = 4
    """Channel (u8), bytes (u32) that were passed on and may be sent again."""
    MESSAGE = 5
    """JSON, either way, while the stream is open."""
    CLOSE = 6
    """JSON. From the server the result, from the client that it is gone; the stream ends."""
    ACK = 7
    """On `LINE`: bytes (u32) that were read from the line."""


class ProtocolError(Exception):
    """The other end sent what the protocol does not allow."""


@dataclass(frozen=True)
class Frame:
    type: Type
    stream: int
    payload: bytes = b""

    def encode(self) -> bytes:
        if len(self.payload) > MAX_PAYLOAD:
            raise ValueError(f"a frame's payload is {len(self.payload)} bytes, more than 65535")
        return HEADER.pack(self.type, self.stream, len(self.payload)) + self.payload


def data(stream: int, channel: int, content: bytes) -> Frame:
    return Frame(Type.DATA, stream, CHANNEL.pack(channel) + content)


def eof(stream: int, channel: int) -> Frame:
    return Frame(Type.EOF, stream, CHANNEL.pack(channel))


def credit(stream: int, channel: int, count: int) -> Frame:
    return Frame(Type.CREDIT, stream, GRANT.pack(channel, count))


def with_json(kind: Type, stream: int, content: object) -> Frame:
    return Frame(kind, stream, json.dumps(content, separators=(",", ":")).encode())


def json_of(frame: Frame) -> dict[str, object]:
    """The object in a frame's payload.

    Raises:
        ProtocolError: it is not a JSON object.
    """
    try:
        content = json.loads(frame.payload)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{frame.type.name} frame is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ProtocolError(f"{frame.type.name} frame holds no JSON object")
    return content


def channel_of(frame: Frame) -> tuple[int, bytes]:
    """Channel and the rest of a DATA, EOF or CREDIT frame.

    Raises:
        ProtocolError: the frame is too short to name a channel.
    """
    if not frame.payload:
        raise ProtocolError(f"{frame.type.name} frame without a channel")
    return frame.payload[0], frame.payload[1:]


def grant_of(frame: Frame) -> tuple[int, int]:
    """Channel and byte count of a CREDIT frame.

    Raises:
        ProtocolError: the frame has another length.
    """
    if len(frame.payload) != GRANT.size:
        raise ProtocolError("CREDIT frame of a wrong length")
    channel, count = GRANT.unpack(frame.payload)
    return channel, count


@dataclass
class Line:
    """One end of a line: takes bytes apart into frames and puts frames in a queue of bytes.

    ``window`` bounds what may be unacknowledged towards the other end (None: no bound);
    ``acknowledges`` says that the other end has such a bound and waits for this one's ACKs.
    """

    window: int | None = None
    acknowledges: bool = False
    _incoming: bytearray = field(default_factory=bytearray)
    _outgoing: bytearray = field(default_factory=bytearray)
    _unacknowledged: int = 0
    _read: int = 0

    def receive(self, content: bytes) -> list[Frame]:
        """The frames that ``content``, as read from the line, completes.

        Raises:
            ProtocolError: an unknown type of frame, or an ACK of more than was sent.
        """
        if self.acknowledges:
            self._read += len(content)
            if self._read >= ACKNOWLEDGE_EVERY:
                self.send(Frame(Type.ACK, LINE, COUNT.pack(self._read)))
                self._read = 0
        self._incoming += content
        frames = []
        start = 0
        while len(self._incoming) - start >= HEADER.size:
            kind, stream, length = HEADER.unpack_from(self._incoming, start)
            end = start + HEADER.size + length
            if len(self._incoming) < end:
                break
            payload = bytes(self._incoming[start + HEADER.size : end])
            start = end
            try:
                frame = Frame(Type(kind), stream, payload)
            except ValueError as error:
                raise ProtocolError(f"frame of unknown type {kind}") from error
            if frame.type is Type.ACK:
                self._acknowledged(frame)
            else:
                frames.append(frame)
        del self._incoming[:start]
        return frames

    def send(self, frame: Frame) -> None:
        self._outgoing += frame.encode()

    def to_write(self) -> bytes:
        """What may be written now; `wrote` takes note of how much of it was."""
        room = WRITE_AT_MOST if self.window is None else self.window - self._unacknowledged
        return bytes(self._outgoing[: max(0, room)])

    def wrote(self, count: int) -> None:
        del self._outgoing[:count]
        if self.window is not None:
            self._unacknowledged += count

    @property
    def wants_write(self) -> bool:
        return bool(self._outgoing) and (self.window is None or self._unacknowledged < self.window)

    @property
    def queued(self) -> int:
        """Bytes that wait to be written."""
        return len(self._outgoing)

    def _acknowledged(self, frame: Frame) -> None:
        if len(frame.payload) != COUNT.size:
            raise ProtocolError("ACK frame of a wrong length")
        (count,) = COUNT.unpack(frame.payload)
        if self.window is None or count > self._unacknowledged:
            raise ProtocolError(f"ACK of {count} bytes that were not sent")
        self._unacknowledged -= count


@dataclass
class Outlet:
    """The sending side of one channel: what the other end's credit allows."""

    stream: int
    channel: int
    credit: int = CREDIT

    @property
    def room(self) -> int:
        """Bytes to read from the source at most before `data` is called with them."""
        return min(self.credit, CHUNK)

    def data(self, content: bytes) -> Frame:
        if len(content) > self.credit:
            raise ValueError(f"{len(content)} bytes with a credit of {self.credit}")
        self.credit -= len(content)
        return data(self.stream, self.channel, content)

    def granted(self, count: int) -> None:
        self.credit += count


@dataclass
class Inlet:
    """The receiving side of one channel: holds what is not yet passed on, grants credit for it."""

    stream: int
    channel: int
    pending: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def received(self, content: bytes) -> None:
        """Take in the content of a DATA frame.

        Raises:
            ProtocolError: more than the credit that was granted, or data after the end.
        """
        if self.ended or len(self.pending) + len(content) > CREDIT:
            raise ProtocolError(f"stream {self.stream}: data beyond its credit or end")
        self.pending += content

    def passed_on(self, count: int) -> Frame:
        """Forget ``count`` bytes that were written to their destination; the grant to send."""
        del self.pending[:count]
        return credit(self.stream, self.channel, count)

    @property
    def done(self) -> bool:
        return self.ended and not self.pending
