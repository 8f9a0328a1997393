"""An HTTP/1.1 answer, and the frames that Docker multiplexes into one: bytes in, content out.

No I/O here: the reader of a socket hands on what it got. What Docker's engine sends is a small
part of RFC 9112: no trailers that matter, no pipelining, no transfer coding but chunked.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_HEAD = 64 * 1024
"""Bytes of a status line and header fields, or of a chunk's size; more is no engine's answer."""
RAW_STREAMS = ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream")
HEADER = struct.Struct(">BxxxI")
"""Of a frame: 0 stdin, 1 stdout, 2 stderr; then its length in bytes (Docker Engine API, attach)."""
STDOUT = 1
STDERR = 2
JSON = "application/json"
TAR = "application/x-tar"


class ProtocolError(ValueError):
    """What was received is not what HTTP or Docker's framing allows here."""


@dataclass(frozen=True)
class Head:
    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""


@dataclass
class Answer:
    """The answer to one request; ``head`` is there once it was received whole."""

    head: Head | None = None
    complete: bool = False
    """Whether the body is all there; of one that ends with the connection, after `end`."""
    _buffer: bytearray = field(default_factory=bytearray)
    _left: int | None = None
    """Bytes that the body, or its present chunk, still lacks; None: until the connection's end."""
    _chunked: bool = False
    _between: bool = False
    """Whether a chunk's size comes next."""

    def receive(self, content: bytes) -> bytes:
        """Take what was read; what of the body came with it.

        Raises:
            ProtocolError: it is no HTTP/1.1.
        """
        self._buffer += content
        if self.head is None and not self._take_head():
            return b""
        if self._chunked:
            return self._take_chunks()
        return self._take()

    def end(self) -> None:
        """The connection was closed by the other side.

        Raises:
            ProtocolError: before the answer was complete.
        """
        if self.head is None or (not self.complete and (self._chunked or self._left is not None)):
            raise ProtocolError("the connection ended before the answer did")
        self.complete = True

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEAD:
                raise ProtocolError("header fields without an end")
            return False
        self.head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        headers = self.head.headers
        if self.head.status == 101 or headers.get("content-type") in RAW_STREAMS:
            self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        elif self.head.status in (204, 304):
            self._left = 0
        elif "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise ProtocolError(f"transfer coding {headers['transfer-encoding']}")
            self._chunked = True
        elif "content-length" in headers:
            self._left = _number(headers["content-length"], 10)
        if self._chunked:
            self._left, self._between = 0, True
        return True

    def _take(self) -> bytes:
        """The next bytes of the body, or of the present chunk."""
        count = len(self._buffer) if self._left is None else min(self._left, len(self._buffer))
        content = bytes(self._buffer[:count])
        del self._buffer[:count]
        if self._left is not None:
            self._left -= count
            self.complete = self._left == 0 and not self._chunked
        return content

    def _take_chunks(self) -> bytes:
        content = b""
        while not self.complete:
            if self._between:
                end = self._buffer.find(b"\r\n")
                if end < 0:
                    if len(self._buffer) > MOST_HEAD:
                        raise ProtocolError("a chunk's size without an end")
                    break
                size = _number(bytes(self._buffer[:end]).partition(b";")[0].decode("latin-1"), 16)
                del self._buffer[: end + 2]
                self._left, self._between = size, False
                if size == 0:
                    self.complete = True
            elif self._left:
                piece = self._take()
                if not piece:
                    break
                content += piece
            else:
                if len(self._buffer) < 2:
                    break
                if self._buffer[:2] != b"\r\n":
                    raise ProtocolError("a chunk that does not end with its size")
                del self._buffer[:2]
                self._between = True
        return content


@dataclass
class Frames:
    """Takes Docker's multiplexed stream apart."""

    _channel: int = 0
    _left: int = 0
    _buffer: bytearray = field(default_factory=bytearray)

    def receive(self, content: bytes) -> list[tuple[int, bytes]]:
        """`STDOUT` or `STDERR`, and content, in the order of their coming; never empty content.

        Raises:
            ProtocolError: a frame of a kind that there is not.
        """
        self._buffer += content
        pieces: list[tuple[int, bytes]] = []
        while True:
            if not self._left:
                if len(self._buffer) < HEADER.size:
                    return pieces
                self._channel, self._left = HEADER.unpack(self._buffer[: HEADER.size])
                if self._channel not in (0, STDOUT, STDERR):
                    raise ProtocolError(f"a frame of stream {self._channel}")
                del self._buffer[: HEADER.size]
                continue
            piece = bytes(self._buffer[: self._left])
            if not piece:
                return pieces
            del self._buffer[: len(piece)]
            self._left -= len(piece)
            # Stream 0, stdin, is written on stdout (Docker Engine API, attach).
            pieces.append((self._channel or STDOUT, piece))


def parse_head(text: bytes) -> Head:
    """A status line and header fields, without the empty line that ends them.

    Raises:
        ProtocolError: it is none of HTTP/1.x.
    """
    first, *lines = text.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ProtocolError(f"{first[:40]!r} is no answer of HTTP/1.1")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ProtocolError(f"{line[:40]!r} is no header field")
        headers[name.strip().lower()] = value.strip()
    return Head(_number(status, 10), reason, headers)


def request(
    method: str, path: str, body: bytes | None, upgrade: str = "", kind: str = JSON
) -> bytes:
    """A request; with ``upgrade`` for a connection that is a raw stream afterwards.

    ``kind`` is the media type of the body.
    """
    lines = [f"{method} {path} HTTP/1.1", "Host: docker", "User-Agent: lvsnet"]
    lines += [f"Connection: Upgrade\r\nUpgrade: {upgrade}"] if upgrade else ["Connection: close"]
    if body is not None:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _number(text: str, base: int) -> int:
    digits = text.strip()
    if not digits.isalnum():
        raise ProtocolError(f"{text[:40]!r} is no number")
    try:
        return int(digits, base)
    except ValueError as error:
        raise ProtocolError(f"{text[:40]!r} is no number") from error


@dataclass
class Unframed:
    """A stream without frames, as that of a terminal: all of it is `STDOUT`."""

    def receive(self, content: bytes) -> list[tuple[int, bytes]]:
        return [(STDOUT, content)] if content else []
