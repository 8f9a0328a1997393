"""TCP connections made from within a node's network namespace, joined with somebody's streams.

Used in a forked child of the guest's agent, and on the host's kernel in any thread of a process of
root's: setns(2) with CLONE_NEWNET moves the calling thread only. The process keeps its files and
its rights; only its sockets are the node's.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from lvsnet.engine import namespaces
from lvsnet.errors import LvsnetError

CONNECT_S = 10.0
"""Seconds until a host must have taken a connection, or the next is tried."""
CHUNK = 64 * 1024


@dataclass
class Way:
    """One of a connection's two directions: what is read from ``source`` goes to ``sink``.

    Both are non-blocking file descriptors of somebody else's; ``finish`` tells the reader behind
    ``sink`` that no more comes.
    """

    source: int
    sink: int
    finish: Callable[[], None]
    pending: bytearray = field(default_factory=bytearray)
    open: bool = True
    """Whether more may come from the source."""
    done: bool = False

    def wants(self) -> list[tuple[int, int]]:
        if self.done:
            return []
        return [(self.sink, select.POLLOUT)] if self.pending else [(self.source, select.POLLIN)]

    def turn(self) -> None:
        """Read or write once; `wants` said what is ready.

        Raises:
            OSError: one of the ends is gone.
        """
        try:
            if self.pending:
                del self.pending[: os.write(self.sink, self.pending)]
            else:
                content = os.read(self.source, CHUNK)
                self.open = bool(content)
                self.pending += content
        except BlockingIOError:
            return
        if not self.open and not self.pending:
            self.done = True
            self.finish()


def relay(init: int, hosts: Sequence[str], port: int, end: socket.socket) -> None:
    """Join a stream socket with a port that a node reaches; closes ``end``.

    ``init`` is the process id of the node's init. Returns when both directions have ended, or the
    connection was cut, or the node.

    Raises:
        LvsnetError: no host takes the connection; which, and why.
    """
    with end, connect(init, hosts, port) as far:
        end.setblocking(False)
        far.setblocking(False)
        there = Way(end.fileno(), far.fileno(), lambda: _end_writing(far))
        back = Way(far.fileno(), end.fileno(), lambda: _end_writing(end))
        pump(init, there, back)


def relay_streams(init: int, hosts: Sequence[str], port: int, source: int, sink: int) -> None:
    """As `relay`, with two pipes in place of a socket; ``sink`` is closed when no more comes."""
    with connect(init, hosts, port) as far:
        for fd in (source, sink, far.fileno()):
            os.set_blocking(fd, False)
        there = Way(source, far.fileno(), lambda: _end_writing(far))
        back = Way(far.fileno(), sink, lambda: os.close(sink))
        pump(init, there, back)


def connect(init: int, hosts: Sequence[str], port: int) -> socket.socket:
    """A connection to the first of ``hosts``, numeric addresses, that takes one.

    Raises:
        LvsnetError: none does; which, and why. Or the node does not run.
    """
    reasons = []
    try:
        with namespaces.entered(namespaces.of_process(init)):
            for host in hosts:
                try:
                    return _dial(host, port)
                except OSError as error:
                    reasons.append(f"{host}: {_reason(error)}")
    except FileNotFoundError as error:
        raise LvsnetError("the node does not run") from error
    raise LvsnetError(f"port {port} takes no connection ({'; '.join(reasons)})")


def pump(init: int, there: Way, back: Way) -> None:
    """Copy both ways until both have ended, one of them is cut, or the node loses its power."""
    ways = (there, back)
    with ExitStack() as owned:
        try:
            gone = os.pidfd_open(init)
        except ProcessLookupError:
            return
        owned.callback(os.close, gone)
        while not all(way.done for way in ways):
            poll = select.poll()
            wanted = {gone: select.POLLIN}
            for way in ways:
                for fd, events in way.wants():
                    wanted[fd] = wanted.get(fd, 0) | events
            for fd, events in wanted.items():
                poll.register(fd, events)
            ready = dict(poll.poll())
            if gone in ready:
                return
            try:
                for way in ways:
                    for fd, events in way.wants():
                        if ready.get(fd, 0) & (events | select.POLLERR | select.POLLHUP):
                            way.turn()
            except OSError:
                return  # a reset, or a way that is no more, cuts both


def _dial(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as undo:
        made = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
        made.settimeout(CONNECT_S)
        made.connect((host, port))
        # What comes in small pieces goes on in small pieces: the ends have their own Nagle.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        undo.pop_all()
    return made


def _end_writing(end: socket.socket) -> None:
    with suppress(OSError):  # it was cut meanwhile
        end.shutdown(socket.SHUT_WR)


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer within {CONNECT_S:.0f} s"
    return (error.strerror or str(error)).lower()
