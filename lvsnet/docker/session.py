"""A command in a node with this process's own standard streams, as `lvsnet exec` runs it."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from types import FrameType

from lvsnet.docker import api, http, processes, streams
from lvsnet.errors import LvsnetError
from lvsnet.host import guard
from lvsnet.signals import FORWARDED, PATIENCE

READ_SIZE = 64 * 1024
MOST_PENDING = 256 * 1024
"""Bytes that may wait for standard output or error before the engine's are left where they are."""
STDIN = 0


def run(container: api.State, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command with this process's standard streams; its exit code.

    When nobody reads the output any more, the command ends and the code is 141 (128 + SIGPIPE).
    It ends with this process, too, however that ends.

    Raises:
        LvsnetError: the command cannot be started, or the node or the engine ended under it.
    """
    process = streams.prepare(container, argv, environment, stdin=True)
    with _Signals(process) as signals:
        end, first = processes.start_exec(process.identity)
        # The engine would let the command go on when its client goes away. The guard shares the
        # connection: once that has ended, the engine tells nothing of the command any more.
        with end, guard.guarded(partial(_kill, process)) as let_go:
            try:
                _Session(end, first, signals.deliver).run()
            except BrokenPipeError:
                return 128 + signal.SIGPIPE
            code = streams.exit_code(process)
            let_go()
            return code


def _kill(process: streams.Process) -> None:
    with suppress(LvsnetError):  # it is gone already
        streams.kill(process)


class _Session:
    """A command in a node, its streams joined with this process's.

    Standard streams may be files, which epoll refuses, hence poll; and a write to a pipe that
    poll calls writable blocks only beyond PIPE_BUF bytes.
    """

    def __init__(self, end: socket.socket, first: bytes, between: Callable[[], None]) -> None:
        self.end = end
        self.end.setblocking(False)
        self.frames = http.Frames()
        self.pending = {http.STDOUT: bytearray(), http.STDERR: bytearray()}
        self.input = bytearray()
        self.stdin_open = True
        self.input_open = True
        """Whether the command may still be sent input."""
        self.ended = False
        self.between = between
        """Called between reads and writes."""
        self._take(first)

    def run(self) -> None:
        while not self.ended or any(self.pending.values()):
            for fd, events in self._poll():
                if fd == self.end.fileno():
                    if events & ~select.POLLOUT:
                        self._receive()
                    if events & select.POLLOUT:
                        self._send()
                elif fd == STDIN:
                    self._read_stdin()
                else:
                    self._write(fd)
            self.between()

    def _poll(self) -> list[tuple[int, int]]:
        poll = select.poll()
        wanted = select.POLLOUT if self.input else 0
        if sum(map(len, self.pending.values())) < MOST_PENDING:
            wanted |= select.POLLIN
        if wanted and not self.ended:
            poll.register(self.end, wanted)
        if self.stdin_open and not self.input and not self.ended:
            poll.register(STDIN, select.POLLIN)
        for fd, content in self.pending.items():
            if content:
                poll.register(fd, select.POLLOUT)
        # A signal may come between this and the look for it: look again soon.
        return poll.poll(200)

    def _receive(self) -> None:
        try:
            content = self.end.recv(READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionError:
            content = b""
        if content:
            self._take(content)
        else:
            self.ended = True

    def _take(self, content: bytes) -> None:
        for channel, piece in self.frames.receive(content):
            self.pending[channel] += piece

    def _read_stdin(self) -> None:
        try:
            content = os.read(STDIN, READ_SIZE)
        except OSError as error:
            # Standard input may be closed, or a terminal that has hung up.
            if error.errno not in (errno.EBADF, errno.EIO):
                raise
            content = b""
        if not content:
            self.stdin_open = False
        if self.input_open:
            self.input += content
            self._send()

    def _send(self) -> None:
        """Pass on what the engine takes; at the end of input, close this half."""
        try:
            if self.input:
                del self.input[: self.end.send(self.input)]
            if not self.stdin_open and not self.input:
                self.input_open = False
                self.end.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return
        except OSError as error:
            if not isinstance(error, ConnectionError) and error.errno != errno.ENOTCONN:
                raise
            # Nobody reads it any more; what still comes is dropped, as a shell's pipe would.
            self.input_open = False
            self.input.clear()

    def _write(self, fd: int) -> None:
        count = os.write(fd, self.pending[fd][: select.PIPE_BUF])
        del self.pending[fd][:count]


class _Signals:
    """Passes signals on to a process instead of dying of them.

    They are kept until `deliver`, since to send one takes requests to the engine.
    """

    def __init__(self, process: streams.Process) -> None:
        self.process = process
        self.kept: list[int] = []
        self.interrupts = 0
        self.undo = ExitStack()

    def __enter__(self) -> _Signals:
        for number in FORWARDED:
            self.undo.callback(signal.signal, number, signal.signal(number, self._keep))
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    def _keep(self, number: int, _stack: FrameType | None) -> None:
        """The third Ctrl-C gives up on a command that does not end."""
        self.interrupts += number == signal.SIGINT
        if self.interrupts > PATIENCE:
            raise KeyboardInterrupt
        self.kept.append(number)

    def deliver(self) -> None:
        while self.kept and streams.send(self.process, self.kept[0], group=False):
            del self.kept[0]
