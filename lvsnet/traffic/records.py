"""What became of requests: how a generator writes it down, and how it comes out of a lab.

A generator appends to a file of its own, which can be read meanwhile. In it are, in the machine's
own byte order, *names* (of servers, and of failures, numbered from 1), *results*, and at last an
*end*. Out of the lab it goes as JSON that repeats no names.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.traffic.model import Request

NAME, RESULT, END = b"n", b"r", b"e"
_LENGTH = struct.Struct("=H")
_RESULT = struct.Struct("=IqqHHIHIQ")
"""Number in its generator's order, at, took, server, failure, connection, port, sent, received."""
MOST_NAMES = 0xFFFF
LONGEST_NAME = 0xFF


@dataclass
class Writer:
    """What is to be appended next."""

    pending: bytearray = field(default_factory=bytearray)
    _names: dict[str, int] = field(default_factory=lambda: {"": 0})

    def add(self, number: int, request: Request) -> None:
        """Of the ``number``-th request, from 0, that its generator had to send."""
        server, failure = self._name(request.server), self._name(request.failure)
        self.pending += RESULT
        self.pending += _RESULT.pack(
            number,
            request.at,
            request.took,
            server,
            failure,
            request.connection,
            request.port,
            request.sent,
            request.received,
        )

    def end(self) -> None:
        self.pending += END

    def _name(self, name: str) -> int:
        known = self._names.get(name)
        if known is not None:
            return known
        if len(self._names) > MOST_NAMES:
            return 0
        encoded = name.encode()[:LONGEST_NAME]
        self.pending += NAME + _LENGTH.pack(len(encoded)) + encoded
        self._names[name] = len(self._names)
        return self._names[name]


@dataclass
class Reader:
    """What has been read of a generator's file, which may still grow."""

    path: Path
    client: str
    requests: list[Request] = field(default_factory=list)
    """In the order in which they were over."""
    numbers: list[int] = field(default_factory=list)
    """Of each of them, in its generator's order."""
    ended: bool = False
    frontier: int = 0
    """Every request with a lower number is over."""
    _beyond: dict[int, None] = field(default_factory=dict)
    """Those with a higher number that are over, too."""
    _names: list[str] = field(default_factory=lambda: [""])
    _offset: int = 0

    def read_on(self) -> None:
        """Take what has been written since.

        Raises:
            LvsnetError: the file is gone, as when the lab was destroyed.
        """
        if self.ended:
            return
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError as error:
            raise LvsnetError(f"the records of {self.client}'s traffic are gone") from error
        self._offset += self._take(content)

    def _take(self, content: bytes) -> int:
        """How many bytes of it were whole records."""
        at = 0
        while at < len(content) and not self.ended:
            kind = content[at : at + 1]
            if kind == RESULT:
                after = at + 1 + _RESULT.size
                if after > len(content):
                    break
                self._result(content, at + 1)
            elif kind == NAME:
                if at + 1 + _LENGTH.size > len(content):
                    break
                start = at + 1 + _LENGTH.size
                after = start + int(_LENGTH.unpack_from(content, at + 1)[0])
                if after > len(content):
                    break
                self._names.append(content[start:after].decode())
            elif kind == END:
                self.ended = True
                after = at + 1
            else:
                raise LvsnetError(f"{self.path}: byte {self._offset + at} begins no record")
            at = after
        return at

    def _result(self, content: bytes, at: int) -> None:
        number, sent_at, took, server, failure, connection, port, sent, received = (
            _RESULT.unpack_from(content, at)
        )
        self.requests.append(
            Request(
                sent_at,
                took,
                self.client,
                self._names[server],
                self._names[failure],
                connection,
                port,
                sent,
                received,
            )
        )
        self.numbers.append(number)
        self._beyond[number] = None
        while self.frontier in self._beyond:
            del self._beyond[self.frontier]
            self.frontier += 1


def append(fd: int, writer: Writer) -> None:
    """Write to the end of a file in a tmpfs, which never blocks.

    Raises:
        OSError: there is no room.
    """
    while writer.pending:
        del writer.pending[: os.write(fd, writer.pending)]


def sorted_by_time(requests: Iterable[Request]) -> tuple[Request, ...]:
    """By when they were sent; of those that were at once, by client's connections and order."""
    return tuple(sorted(requests, key=lambda one: one.at))


def packed(requests: Sequence[Request]) -> dict[str, object]:
    """As JSON can have them: ``{names, requests}``, each of these a list with numbers of names."""
    names: dict[str, int] = {}

    def name(word: str) -> int:
        return names.setdefault(word, len(names))

    rows = [
        [
            one.at,
            one.took,
            name(one.client),
            name(one.server),
            name(one.failure),
            one.connection,
            one.port,
            one.sent,
            one.received,
        ]
        for one in requests
    ]
    return {"names": list(names), "requests": rows}


def unpacked(value: object) -> tuple[Request, ...]:
    """What `packed` made.

    Raises:
        LvsnetError: it is something else.
    """
    if not isinstance(value, dict):
        raise _foreign()
    names, rows = value.get("names"), value.get("requests")
    if not isinstance(names, list) or not isinstance(rows, list):
        raise _foreign()
    return tuple(_request(row, names) for row in rows)


def _request(row: object, names: list[object]) -> Request:
    match row:
        case [
            int() as at,
            int() as took,
            int() as client,
            int() as server,
            int() as failure,
            int() as connection,
            int() as port,
            int() as sent,
            int() as received,
        ] if max(client, server, failure) < len(names):
            return Request(
                at,
                took,
                str(names[client]),
                str(names[server]),
                str(names[failure]),
                connection,
                port,
                sent,
                received,
            )
    raise _foreign()


def _foreign() -> LvsnetError:
    return LvsnetError("these requests were not written by this version of lvsnet")
