"""What targets without http are sent, and what they answer, without I/O: a line, and a line."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.traffic.http import BAD, name_in

MOST_LINE = 64 * 1024
"""Bytes of an answer, which are as many as a datagram can have."""


def request(number: int, upload: int) -> bytes:
    """``lvsnet NUMBER``, and as many bytes more as ``upload`` says."""
    return b"lvsnet %d%s\n" % (number, b" " + b"x" * upload if upload else b"")


def number_in(line: bytes) -> int | None:
    """The number of the request that a line repeats at its end, as `lvsnet.traffic.responder` does.

    None when it repeats none.
    """
    last = line.split()[-1:]
    return int(last[0]) if last and last[0].isdigit() and len(last[0]) < 16 else None


def server_in(line: bytes) -> str:
    """Who answered with this line: ``nginx01``, or ``nginx01 17`` where 17 is the request's number.

    Empty when it says nothing of the kind, as the line that was sent.
    """
    words = line.split()
    if len(words) == 2 and number_in(line) is not None and words[0] != b"lvsnet":
        return name_in(words[0])
    return name_in(line)


@dataclass
class Answer:
    """One answer, as far as it has come."""

    server: str = ""
    received: int = 0
    failure: str = ""
    """`BAD`, or empty."""
    done: bool = False
    status: int = 0
    closes: bool = False
    """Whether the connection is good for nothing more."""

    def take(self, content: bytearray) -> None:
        """Use up what is this answer's of the bytes that came."""
        at = content.find(b"\n")
        if at < 0:
            if len(content) > MOST_LINE:
                self.failure = BAD
                self.done = self.closes = True
            return
        self.server = server_in(bytes(content[:at]))
        self.received = at + 1
        del content[: at + 1]
        self.done = True

    def end(self) -> None:
        """No more comes; a line that has no end is none."""
