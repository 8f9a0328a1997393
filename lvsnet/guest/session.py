"""A command in a node with this process's own standard streams, as `lvsnet exec` runs it."""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from lvsnet.errors import LvsnetError
from lvsnet.guest import wire
from lvsnet.guest.client import READ_SIZE, Connection, exit_code
from lvsnet.guest.wire import Frame, Inlet, Outlet, Type
from lvsnet.signals import FORWARDED, PATIENCE


def run(connection: Connection, request: Mapping[str, object]) -> int:
    """Run a command with this process's standard streams; its exit code.

    When nobody reads the output any more, the command ends and the code is 141 (128 + SIGPIPE).

    Raises:
        LvsnetError: the command cannot be started, or the lab ended under it.
    """
    session = _Session(connection, connection.open(request))
    connection.socket.setblocking(False)
    with _signals_to(session.signal):
        try:
            return session.run()
        except BrokenPipeError:
            return 128 + signal.SIGPIPE


class _Session:
    """A command in a node, its streams joined with this process's.

    Standard streams may be files, which epoll refuses, hence poll; and a write to a pipe that
    poll calls writable blocks only beyond PIPE_BUF bytes.
    """

    def __init__(self, connection: Connection, stream: int) -> None:
        self.connection = connection
        self.stream = stream
        self.stdin = Outlet(stream, wire.STDIN)
        self.stdin_open = True
        self.outputs = {channel: Inlet(stream, channel) for channel in (wire.STDOUT, wire.STDERR)}
        self.result: dict[str, object] | None = None
        self.interrupts = 0

    def signal(self, number: int) -> None:
        """Pass a signal on; the third Ctrl-C gives up on a command that does not end."""
        self.interrupts += number == signal.SIGINT
        if self.interrupts > PATIENCE:
            raise KeyboardInterrupt
        message = wire.with_json(Type.MESSAGE, self.stream, {"signal": number})
        self.connection.line.send(message)

    def run(self) -> int:
        while self.result is None or any(inlet.pending for inlet in self.outputs.values()):
            self.connection.flush()
            for fd, _events in self._poll():
                if fd == self.connection.socket.fileno():
                    for frame in self.connection.frames():
                        self._frame(frame)
                elif fd == wire.STDIN:
                    self._read_stdin()
                else:
                    self._write_output(self.outputs[fd])
        if "error" in self.result:
            raise LvsnetError(str(self.result["error"]))
        return exit_code(self.result)

    def _poll(self) -> list[tuple[int, int]]:
        poll = select.poll()
        line = self.connection.line
        poll.register(
            self.connection.socket, select.POLLIN | (select.POLLOUT if line.wants_write else 0)
        )
        if self.stdin_open and self.stdin.room and line.queued < READ_SIZE:
            poll.register(wire.STDIN, select.POLLIN)
        for channel, inlet in self.outputs.items():
            if inlet.pending:
                poll.register(channel, select.POLLOUT)
        # A signal's handler may have queued a frame just before: look again soon.
        return poll.poll(200)

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
            content = os.read(wire.STDIN, self.stdin.room)
        except OSError as error:
            # Standard input may be closed, or a terminal that has hung up.
            if error.errno not in (errno.EBADF, errno.EIO):
                raise
            content = b""
        if content:
            self.connection.line.send(self.stdin.data(content))
        else:
            self.connection.line.send(wire.eof(self.stream, wire.STDIN))
            self.stdin_open = False

    def _write_output(self, inlet: Inlet) -> None:
        count = os.write(inlet.channel, inlet.pending[: select.PIPE_BUF])
        self.connection.line.send(inlet.passed_on(count))


@contextmanager
def _signals_to(forward: Callable[[int], None]) -> Iterator[None]:
    """Hand signals on instead of dying of them."""

    def handler(number: int, _stack: FrameType | None) -> None:
        forward(number)

    before = {number: signal.signal(number, handler) for number in FORWARDED}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
