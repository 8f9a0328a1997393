"""The host's side of a relayed connection: a socket here, a stream of the agent's there.

Not `lvsnet.guest.session`: the end of each direction has to go on to the other side by itself,
since HTTP/1.0 and others say by it that a message is whole, and errors are not for the terminal.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from contextlib import suppress

from lvsnet.errors import LvsnetError
from lvsnet.guest import wire
from lvsnet.guest.client import READ_SIZE, Connection, exit_code
from lvsnet.guest.wire import Frame, Inlet, Outlet, Type

MOST_ERRORS = 16 * 1024


def join(connection: Connection, request: Mapping[str, object], end: socket.socket) -> None:
    """Join ``end`` with the stream that a request opens, until both directions have ended.

    Raises:
        LvsnetError: what the request says that failed; or the lab ended.
    """
    connection.socket.setblocking(False)
    end.setblocking(False)
    joint = _Joint(connection, connection.open(request), end)
    while joint.result is None or joint.back.pending:
        connection.flush()
        ready = joint.poll()
        if connection.socket.fileno() in ready:
            for frame in connection.frames():
                joint.frame(frame)
        events = ready.get(end.fileno(), 0)
        try:
            if events & ~select.POLLOUT and joint.reads:
                joint.read()
            if events & ~select.POLLIN and joint.back.pending:
                joint.write()
        except BlockingIOError:
            continue
        except OSError:
            return  # it was reset; closing the connection ends the other side
    _raise_failure(joint.result, bytes(joint.errors))


class _Joint:
    """The state of one relayed connection."""

    def __init__(self, connection: Connection, stream: int, end: socket.socket) -> None:
        self.connection = connection
        self.stream = stream
        self.end = end
        self.there = Outlet(stream, wire.STDIN)
        self.there_open = True
        self.back = Inlet(stream, wire.STDOUT)
        self.errors = bytearray()
        self.result: dict[str, object] | None = None

    @property
    def reads(self) -> bool:
        queued = self.connection.line.queued
        return self.there_open and self.there.room > 0 and queued < READ_SIZE

    def poll(self) -> dict[int, int]:
        poll = select.poll()
        line = select.POLLIN | (select.POLLOUT if self.connection.line.wants_write else 0)
        poll.register(self.connection.socket, line)
        wanted = select.POLLIN if self.reads else 0
        wanted |= select.POLLOUT if self.back.pending else 0
        if wanted:  # else a hang-up, of which poll tells unasked, would wake it for ever
            poll.register(self.end, wanted)
        return dict(poll.poll())

    def frame(self, frame: Frame) -> None:
        if frame.type is Type.DATA:
            channel, content = wire.channel_of(frame)
            if channel == wire.STDOUT:
                self.back.received(content)
            else:
                self.errors += content[: MOST_ERRORS - len(self.errors)]
                self.connection.line.send(wire.credit(self.stream, channel, len(content)))
        elif frame.type is Type.EOF and wire.channel_of(frame)[0] == wire.STDOUT:
            self.back.ended = True
            self._end_if_done()
        elif frame.type is Type.CREDIT:
            self.there.granted(wire.grant_of(frame)[1])
        elif frame.type is Type.CLOSE:
            self.result = wire.json_of(frame)
            self.there_open = False

    def read(self) -> None:
        content = self.end.recv(self.there.room)
        if content:
            self.connection.line.send(self.there.data(content))
        else:
            self.connection.line.send(wire.eof(self.stream, wire.STDIN))
            self.there_open = False

    def write(self) -> None:
        count = self.end.send(self.back.pending)
        self.connection.line.send(self.back.passed_on(count))
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self.back.done:
            with suppress(OSError):  # it was reset; reading it says so
                self.end.shutdown(socket.SHUT_WR)


def _raise_failure(result: dict[str, object] | None, errors: bytes) -> None:
    if result is None:
        return
    if "error" in result:
        raise LvsnetError(str(result["error"]))
    if exit_code(result):
        words = errors.decode(errors="replace").strip()
        raise LvsnetError(words or f"it ended with code {exit_code(result)}")
