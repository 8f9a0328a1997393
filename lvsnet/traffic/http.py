"""HTTP/1.1 as a client speaks it, without I/O: bytes to send out, bytes in, answers out.

RFC 9112. Bodies are counted and not kept; of an answer only what names its server is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_HEAD = 64 * 1024
"""Bytes of a status line with its header fields."""
MOST_LINE = 1024
"""Bytes of the line before a chunk, and of a line of trailers."""
LONGEST_NAME = 64
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{1,15}")
STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
WITHOUT_BODY = (204, 304)
BAD = "bad answer"
"""Why a request failed whose answer is none that HTTP/1 has."""


def request(host: str, path: str, upload: int, agent: str) -> bytes:
    """A request, as curl(1) sends it: no ``Connection`` field, which in HTTP/1.1 means keep-alive.

    ``host``: the value of its field, with a port that is not 80; ``upload``: bytes of its body.
    """
    method = "POST" if upload else "GET"
    length = f"Content-Length: {upload}\r\n" if upload else ""
    kind = "Content-Type: application/octet-stream\r\n" if upload else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n"
        f"{length}{kind}\r\n"
    )
    return head.encode() + b"x" * upload


def name_in(line: bytes) -> str:
    """The server that an answer's first line names, if it is a short word; else empty."""
    words = line.strip().decode("ascii", "replace")
    return words if len(words) <= LONGEST_NAME and WORD.fullmatch(words) else ""


@dataclass
class Answer:
    """One answer, as far as it has come."""

    status: int = 0
    server: str = ""
    """Who answered: its field ``X-Real-Server``, else the first line of its body if a word."""
    closes: bool = False
    """Whether the server closes the connection after it."""
    received: int = 0
    """Bytes."""
    failure: str = ""
    """`BAD`, or empty."""
    done: bool = False
    _left: int | None = None
    """Bytes of the body, or of the chunk, that are still to come; None: until the end."""
    _chunked: bool = False
    _in_trailer: bool = False
    _has_head: bool = False
    _first: bytearray = field(default_factory=bytearray)
    """The beginning of the body."""

    def take(self, content: bytearray) -> None:
        """Use up what is this answer's of the bytes that came; `done` says if it is whole."""
        before = len(content)
        while content and not self.done:
            if not (self._body(content) if self._has_head else self._head(content)):
                break
        self.received += before - len(content)

    def end(self) -> None:
        """No more comes: whole is what ends so."""
        if self._has_head and self._left is None and not self._chunked:
            self._finish()

    def _head(self, content: bytearray) -> bool:
        """Whether there was a whole head."""
        at = content.find(b"\r\n\r\n")
        if at < 0 or at > MOST_HEAD:
            if len(content) > MOST_HEAD:
                self._refuse()
            return False
        lines = content[:at].decode("latin-1").split("\r\n")
        del content[: at + 4]
        status = STATUS.fullmatch(lines[0])
        if status is None:
            self._refuse()
            return False
        self.status = int(status[2])
        if 100 <= self.status < 200:
            return True  # another head comes
        self._has_head = True
        self._read_fields(_fields(lines[1:]), old=status[1] == "0")
        return True

    def _read_fields(self, fields: Mapping[str, str], *, old: bool) -> None:
        connection = fields.get("connection", "").lower()
        self.closes = "keep-alive" not in connection if old else "close" in connection
        self.server = name_in(fields.get("x-real-server", "").encode("latin-1"))
        coding = fields.get("transfer-encoding", "").lower()
        length = fields.get("content-length")
        if self.status in WITHOUT_BODY:
            self._left = 0
        elif coding:
            self._chunked = coding.split(",")[-1].strip() == "chunked"
            self._left = 0 if self._chunked else None
        elif length is not None:
            if not (length.isascii() and length.isdigit() and len(length) < 16):
                self._refuse()
                return
            self._left = int(length)
        if self._left is None:
            self.closes = True
        elif self._left == 0 and not self._chunked:
            self._finish()

    def _body(self, content: bytearray) -> bool:
        """Whether anything was used up."""
        if self._left is None:
            self._keep(content, len(content))
            content.clear()
            return True
        if self._chunked and self._left == 0:
            return self._chunk(content)
        count = min(self._left, len(content))
        # The line's end after a chunk is counted with it, and is no part of the body.
        self._keep(content, min(count, max(0, self._left - 2)) if self._chunked else count)
        del content[:count]
        self._left -= count
        if self._left == 0 and not self._chunked:
            self._finish()
        return True

    def _chunk(self, content: bytearray) -> bool:
        """A chunk's line, or one of the trailer's; whether there was one."""
        at = content.find(b"\r\n")
        if at < 0 or at > MOST_LINE:
            if len(content) > MOST_LINE:
                self._refuse()
            return False
        line = bytes(content[:at])
        del content[: at + 2]
        if self._in_trailer:
            if not line:
                self._finish()
            return True
        number = line.partition(b";")[0].strip()
        if not HEXADECIMAL.fullmatch(number):
            self._refuse()
            return False
        size = int(number, 16)
        self._in_trailer = size == 0
        self._left = size + 2 if size else 0
        return True

    def _keep(self, content: bytearray, count: int) -> None:
        room = LONGEST_NAME + 2 - len(self._first)
        if room > 0:
            self._first += content[: min(count, room)]

    def _finish(self) -> None:
        self.server = self.server or name_in(bytes(self._first).partition(b"\n")[0])
        self.done = True

    def _refuse(self) -> None:
        self.failure = BAD
        self.done = self.closes = True


def _fields(lines: list[str]) -> dict[str, str]:
    """Header fields by their names in small letters; of several of a name the last."""
    fields = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return fields
