"""Copying between a process of a container's and file descriptors of this process's."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Callable, Mapping
from typing import Protocol

READ_SIZE = 64 * 1024
MOST_PENDING = 256 * 1024
"""Bytes that may wait for an output before the engine's are left where they are."""
MOST_KEPT = 64 * 1024
"""Bytes of what is only kept, those of its beginning."""
INTERVAL_MS = 200
"""Milliseconds until `Joint.between` is called again when nothing comes or goes."""


class Decoder(Protocol):
    """Takes apart what the engine sends."""

    def receive(self, content: bytes) -> list[tuple[int, bytes]]:
        """Channel and content, in the order of their coming; empty content ends a channel."""


def nothing() -> None:
    """What there is to do between reads and writes for somebody who has nothing to do."""


class Joint:
    """A process of a container's, its streams joined with this process's.

    They may be files, which epoll refuses, hence poll; and a write to a pipe that poll calls
    writable blocks only beyond PIPE_BUF bytes.
    """

    def __init__(
        self,
        end: socket.socket,
        first: bytes,
        decoder: Decoder,
        stdin: int,
        outputs: Mapping[int, int],
        between: Callable[[], None] = nothing,
    ) -> None:
        """``outputs`` are file descriptors by the decoder's channels; `kept` has the others."""
        self.end = end
        self.end.setblocking(False)
        self.decoder = decoder
        self.stdin = stdin
        self.outputs = outputs
        self.between = between
        """Called between reads and writes."""
        self.wake = -1
        """Readable once a signal has come, whose handler may have left something to do."""
        self.piece = select.PIPE_BUF
        """Bytes that one write may have."""
        self.pending = {channel: bytearray() for channel in outputs}
        self.ending: list[int] = []
        """Channels of which nothing more comes."""
        self.kept = bytearray()
        self.input = bytearray()
        self.stdin_open = True
        self.input_open = True
        """Whether the process may still be sent input."""
        self.ended = False
        self._take(first)

    def run(self) -> None:
        """Until the process has ended, or the engine has gone, and all outputs are written.

        Raises:
            BrokenPipeError: nobody reads an output any more.
        """
        while not self.ended or any(self.pending.values()) or self.ending:
            ready = dict(self._poll())
            if self.wake in ready:
                os.read(self.wake, READ_SIZE)
            events = ready.get(self.end.fileno(), 0)
            if events & ~select.POLLOUT:
                self._receive()
            if events & select.POLLOUT:
                self._send()
            # A socket or a terminal may be input and output at once.
            if self._takes_input() and ready.get(self.stdin, 0) & ~select.POLLOUT:
                self._read_stdin()
            for channel, content in self.pending.items():
                if content and ready.get(self.outputs[channel], 0) & ~select.POLLIN:
                    self._write(channel)
            for channel in [one for one in self.ending if not self.pending[one]]:
                self.ending.remove(channel)
                self.finished()
            self.between()

    def wrote(self, content: bytes) -> None:
        """Called with what was written to an output."""

    def finished(self) -> None:
        """Called when the process has ended an output and all of it is written."""

    def hung_up(self) -> None:
        """Called when no more comes from standard input."""

    def _poll(self) -> list[tuple[int, int]]:
        poll = select.poll()
        wanted: dict[int, int] = {}
        if not self.ended:
            events = select.POLLOUT if self.input else 0
            if sum(map(len, self.pending.values())) < MOST_PENDING:
                events |= select.POLLIN
            if events:
                wanted[self.end.fileno()] = events
        if self._takes_input():
            wanted[self.stdin] = select.POLLIN
        for channel, content in self.pending.items():
            if content:
                fd = self.outputs[channel]
                wanted[fd] = wanted.get(fd, 0) | select.POLLOUT
        if self.wake >= 0:
            wanted[self.wake] = select.POLLIN
        for fd, events in wanted.items():
            poll.register(fd, events)
        return poll.poll(INTERVAL_MS)

    def _takes_input(self) -> bool:
        return self.stdin_open and not self.input and not self.ended

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
        for channel, piece in self.decoder.receive(content):
            if not piece:
                self.ending.append(channel)
            elif channel in self.pending:
                self.pending[channel] += piece
            else:
                self.kept += piece[: MOST_KEPT - len(self.kept)]

    def _read_stdin(self) -> None:
        try:
            content = os.read(self.stdin, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            # It may be closed, a terminal that has hung up, or a socket that was reset.
            if error.errno not in (errno.EBADF, errno.EIO, errno.ECONNRESET):
                raise
            content = b""
        if not content:
            self.stdin_open = False
            self.hung_up()
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

    def _write(self, channel: int) -> None:
        content = bytes(self.pending[channel][: self.piece])
        try:
            count = os.write(self.outputs[channel], content)
        except BlockingIOError:
            return
        del self.pending[channel][:count]
        self.wrote(content[:count])
