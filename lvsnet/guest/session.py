"""A command in a node with file descriptors of this process's as its streams.

With the standard ones it is what `lvsnet exec` runs, and with a terminal `lvsnet shell`.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.guest import wire
from lvsnet.guest.client import READ_SIZE, Connection, exit_code
from lvsnet.guest.wire import Frame, Inlet, Outlet, Type
from lvsnet.signals import handed_on, waking
from lvsnet.streams import STANDARD, Streams

if TYPE_CHECKING:
    from lvsnet.terminal import Screen, Size

GRACE = 0.2
"""Seconds for which the clock of a lab, if it is held, waits for a pipe's input."""


def run(connection: Connection, request: Mapping[str, object]) -> int:
    """Run a command with this process's standard streams; its exit code.

    When nobody reads the output any more, the command ends and the code is 141 (128 + SIGPIPE).

    Raises:
        LvsnetError: the command cannot be started, or the lab ended under it.
    """
    described = {**request, "input": _input(STANDARD.stdin)}
    session = _Session(connection, connection.open(described), STANDARD)
    if described["input"] == "soon":
        session.waited_for = time.monotonic() + GRACE
    with waking() as session.wake, handed_on(session.signal):
        try:
            return session.run()
        except BrokenPipeError:
            return 128 + signal.SIGPIPE


def terminal(connection: Connection, request: Mapping[str, object]) -> int:
    """Run a command in a terminal of its own, joined with this process's; its exit code.

    When this process is ended, or its terminal closed, the node's terminal hangs up, and the code
    is 128 and the signal's number.

    Raises:
        LvsnetError: the command cannot be started, or the lab ended under it.
    """
    from lvsnet.terminal import EndedError, joined, size

    now = size(STANDARD.stdin)
    stream = connection.open({**request, "rows": now.rows, "columns": now.columns})

    def resized(size: Size) -> None:
        message = {"rows": size.rows, "columns": size.columns}
        connection.line.send(wire.with_json(Type.MESSAGE, stream, message))

    try:
        with waking() as wake, joined(resized) as screen:
            session = _TerminalSession(connection, stream, STANDARD)
            session.wake, session.screen = wake, screen
            return session.run()
    except EndedError as end:
        return 128 + end.number
    except BrokenPipeError:
        return 128 + signal.SIGPIPE


class _Session:
    """A command in a node, its streams joined with this process's.

    They may be files, which epoll refuses, hence poll; and a write to a pipe that poll calls
    writable blocks only beyond PIPE_BUF bytes.
    """

    def __init__(self, connection: Connection, stream: int, streams: Streams) -> None:
        self.connection = connection
        self.connection.socket.setblocking(False)
        self.stream = stream
        self.streams = streams
        self.stdin = Outlet(stream, wire.STDIN)
        self.stdin_open = True
        self.outputs = {channel: Inlet(stream, channel) for channel in (wire.STDOUT, wire.STDERR)}
        self.destinations = {wire.STDOUT: streams.stdout, wire.STDERR: streams.stderr}
        self.result: dict[str, object] | None = None
        self.wake = -1
        """Readable once a signal has come, whose handler may have queued a frame."""
        self.waited_for: float | None = None
        """Until when it is for the input to come, by `time.monotonic`; None if nobody waits."""

    def signal(self, number: int) -> None:
        """Pass a signal on to the command."""
        message = wire.with_json(Type.MESSAGE, self.stream, {"signal": number})
        self.connection.line.send(message)

    def run(self) -> int:
        while self.result is None or any(inlet.pending for inlet in self.outputs.values()):
            self.connection.flush()
            ready = dict(self._poll())
            if self.wake in ready:
                os.read(self.wake, READ_SIZE)
            if self.connection.socket.fileno() in ready:
                for frame in self.connection.frames():
                    self._frame(frame)
            # A socket or a terminal may be input and output at once.
            if ready.get(self.streams.stdin, 0) & ~select.POLLOUT and self._takes_input():
                self._read_stdin()
            elif self._is_silent():
                message = {"input": "live"}
                self.connection.line.send(wire.with_json(Type.MESSAGE, self.stream, message))
                self.waited_for = None
            for channel, inlet in self.outputs.items():
                if inlet.pending and ready.get(self.destinations[channel], 0) & ~select.POLLIN:
                    self._write_output(inlet)
        if "error" in self.result:
            raise LvsnetError(str(self.result["error"]))
        return exit_code(self.result)

    def _poll(self) -> list[tuple[int, int]]:
        poll = select.poll()
        wanted = {self.connection.socket.fileno(): select.POLLIN}
        if self.connection.line.wants_write:
            wanted[self.connection.socket.fileno()] |= select.POLLOUT
        if self._takes_input():
            wanted[self.streams.stdin] = select.POLLIN
        for channel, inlet in self.outputs.items():
            if inlet.pending:
                fd = self.destinations[channel]
                wanted[fd] = wanted.get(fd, 0) | select.POLLOUT
        if self.wake >= 0:
            wanted[self.wake] = select.POLLIN
        for fd, events in wanted.items():
            poll.register(fd, events)
        return poll.poll(self._patience())

    def _patience(self) -> float | None:
        """Milliseconds after which a pipe that says nothing is a silent one."""
        if self.waited_for is None or not self._takes_input():
            return None
        return max(0.0, self.waited_for - time.monotonic()) * 1000

    def _is_silent(self) -> bool:
        """Whether input that could be taken has not come in time.

        It is asked for once more: time may have passed since, for others than this process.
        """
        if self._patience() != 0:
            return False
        poll = select.poll()
        poll.register(self.streams.stdin, select.POLLIN)
        return not poll.poll(0)

    def _takes_input(self) -> bool:
        line = self.connection.line
        return self.stdin_open and self.stdin.room > 0 and line.queued < READ_SIZE

    def _frame(self, frame: Frame) -> None:
        if frame.type is Type.DATA:
            channel, content = wire.channel_of(frame)
            self.outputs[channel].received(content)
        elif frame.type is Type.CREDIT:
            self.stdin.granted(wire.grant_of(frame)[1])
        elif frame.type is Type.CLOSE:
            self.result = wire.json_of(frame)
            self.stdin_open = False

    def _read_stdin(self) -> None:
        try:
            content = os.read(self.streams.stdin, self.stdin.room)
        except OSError as error:
            # It may be closed, a terminal that has hung up, or a socket that was reset.
            if error.errno not in (errno.EBADF, errno.EIO, errno.ECONNRESET):
                raise
            content = b""
        if content:
            self.connection.line.send(self.stdin.data(content))
        else:
            self.connection.line.send(wire.eof(self.stream, wire.STDIN))
            self.stdin_open = False

    def _write_output(self, inlet: Inlet) -> None:
        count = os.write(self.destinations[inlet.channel], inlet.pending[: select.PIPE_BUF])
        self.connection.line.send(inlet.passed_on(count))


class _TerminalSession(_Session):
    """A command in a terminal: what ends its input is the end of this process's terminal."""

    screen: Screen

    def _read_stdin(self) -> None:
        super()._read_stdin()
        if not self.stdin_open:
            raise _hung_up()

    def _write_output(self, inlet: Inlet) -> None:
        # Before it is written, for a signal may come in between. What is not written now comes
        # once more.
        self.screen.shown(bytes(inlet.pending[: select.PIPE_BUF]))
        try:
            super()._write_output(inlet)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raise _hung_up() from error


def _input(stdin: int) -> str:
    """What a lab's clock, if it is held, is to know of this input: see `lvsnet.guest.dues`."""
    try:
        mode = os.fstat(stdin).st_mode
    except OSError:
        return "whole"  # it is closed
    if stat.S_ISREG(mode) or os.path.samestat(os.fstat(stdin), Path(os.devnull).stat()):
        return "whole"
    return "live" if os.isatty(stdin) else "soon"


def _hung_up() -> Exception:
    from lvsnet.terminal import EndedError

    return EndedError(signal.SIGHUP)
