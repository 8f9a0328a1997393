"""A client's connection, or its socket for datagrams: requests go out, answers come in.

Nothing here ever waits. The sockets are watched for edges (EPOLLET, epoll(7)), so each turn uses up
what there is.
"""

from __future__ import annotations

import errno
import select
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lvsnet.traffic import http, lines

READ_SIZE = 64 * 1024
WRITE_SIZE = 256 * 1024
EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
FAILURES = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.ENETDOWN: "unreachable",
    errno.EACCES: "unreachable",  # a route of type prohibit (ip-route(8))
    errno.EINVAL: "unreachable",  # one of type blackhole
    errno.EADDRNOTAVAIL: "no free port",
    errno.EMFILE: "no free descriptor",
    errno.ENFILE: "no free descriptor",
}
"""What the kernel says -> why a request failed."""

Answer = http.Answer | lines.Answer


@dataclass(frozen=True)
class Speech:
    """How a load's requests and answers are written."""

    family: int
    """AF_INET or AF_INET6."""
    datagrams: bool
    protocol: int
    """Of sockets: 0 for TCP and UDP, else IPPROTO_SCTP."""
    address: tuple[str, int] | tuple[str, int, int, int]
    """As connect(2) wants it."""
    request: Callable[[int], bytes]
    """The bytes of a request, by its number."""
    answer: Callable[[], Answer]
    sources: tuple[str, ...] = ()
    """Of connections, in turn; what routes choose without any."""


class Flight:
    """A request under way."""

    __slots__ = ("at", "connection", "number", "over", "shown", "size", "slot", "start")

    def __init__(self, number: int, shown: int, at: int) -> None:
        self.number = number
        """In its client's order, from 0."""
        self.shown = shown
        """In the load's order, from 1: what a line says."""
        self.at = at
        self.slot: int | None = None
        """Which of the client's connections it has for itself; None where that is nobody's."""
        self.connection: Connection | None = None
        self.start = 0
        """Bytes that its connection had been given before."""
        self.size = 0
        self.over = False


@dataclass(slots=True)
class Outcome:
    """What became of a request."""

    flight: Flight
    server: str
    failure: str
    received: int
    closes: bool
    """Whether its connection is good for nothing more."""


class Connection:
    """A socket that is on its way to the target, or there.

    Raises OSError when it cannot even be made.
    """

    __slots__ = (
        "_answer", "_content", "_given", "_out", "_socket", "_speech", "_written", "broken",
        "fd", "flights", "number", "port", "slot",
    )  # fmt: skip

    def __init__(self, number: int, slot: int | None, speech: Speech) -> None:
        kind = socket.SOCK_DGRAM if speech.datagrams else socket.SOCK_STREAM
        self._socket = socket.socket(speech.family, kind | socket.SOCK_NONBLOCK, speech.protocol)
        try:
            if speech.sources:
                self._socket.bind((speech.sources[(number - 1) % len(speech.sources)], 0))
            result = self._socket.connect_ex(speech.address)
            if result not in (0, errno.EINPROGRESS):
                raise OSError(result, "connect")
            self.port: int = self._socket.getsockname()[1]
        except BaseException:
            self._socket.close()
            raise
        self.fd = self._socket.fileno()
        self.number = number
        self.slot = slot
        self.broken = ""
        """Why it is of no use any more; empty while it is."""
        self.flights: deque[Flight] = deque()
        """Whose answers are to come, in this order; also those that came too late already."""
        self._speech = speech
        self._out: deque[memoryview] = deque()
        self._given = 0
        self._written = 0
        self._content = bytearray()
        self._answer: Answer | None = None

    def ask(self, flight: Flight) -> None:
        """Give it a request, which goes out by `write`, or when the socket gets ready for it."""
        content = self._speech.request(flight.shown)
        flight.connection = self
        flight.start, flight.size = self._given, len(content)
        self._given += len(content)
        self._out.append(memoryview(content))
        self.flights.append(flight)

    def write(self) -> None:
        """Send what the kernel takes. When it is `broken` then, a `turn` says what that ended."""
        try:
            while self._out:
                first = self._out[0]
                count = self._socket.send(first[:WRITE_SIZE])
                self._written += count
                if count == len(first):
                    self._out.popleft()
                else:
                    self._out[0] = first[count:]
        except BlockingIOError:
            return
        except OSError as error:
            if self._speech.datagrams:
                # What an earlier datagram met with; or this one is lost.
                self._out.popleft()
            # The answer to what was sent before may have come all the same: it is read first.
            self._break(error)

    def sent(self, flight: Flight) -> int:
        """Bytes of a request that the kernel has taken."""
        return max(0, min(flight.size, self._written - flight.start))

    def received(self, flight: Flight) -> int:
        """Bytes of its answer that have come so far."""
        if self._answer is not None and self.flights and self.flights[0] is flight:
            return self._answer.received
        return 0

    def turn(self, events: int) -> list[Outcome]:
        """Do what the socket is ready for; requests that are over by that.

        When it is `broken` then, all that were under way are among them.
        """
        outcomes: list[Outcome] = []
        if self._out and events & (select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP):
            self.write()
        if events & ~select.EPOLLOUT or self.broken:
            outcomes = self._read(drained=not events & (select.EPOLLRDHUP | select.EPOLLHUP))
        if self.broken:
            outcomes += [self._lost(flight) for flight in self.flights]
            self.flights.clear()
        return outcomes

    def close(self) -> None:
        self.broken = self.broken or "closed"
        self.flights.clear()
        self._socket.close()

    def _read(self, *, drained: bool) -> list[Outcome]:
        """``drained``: less than was asked for is all that there is."""
        outcomes: list[Outcome] = []
        if self._speech.datagrams:
            return self._read_datagrams()
        while True:
            try:
                piece = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                return outcomes
            except OSError as error:
                self._break(error)
                return outcomes
            if not piece:
                self._end(outcomes)
                return outcomes
            self._content += piece
            self._take(outcomes)
            if (drained and len(piece) < READ_SIZE and not self.broken) or self.broken == http.BAD:
                return outcomes

    def _take(self, outcomes: list[Outcome]) -> None:
        """The answers in what has come."""
        while self._content:
            if not self.flights:
                # Nobody has asked for that, such as `408 Request Timeout` of an idle connection.
                self.broken = self.broken or http.BAD
                return
            answer = self._answer = self._answer or self._speech.answer()
            answer.take(self._content)
            if not answer.done:
                return
            self._finish(answer, outcomes)
            if answer.closes:
                return

    def _finish(self, answer: Answer, outcomes: list[Outcome]) -> None:
        self._answer = None
        failure = answer.failure
        if not failure and answer.status >= 400:
            failure = f"status {answer.status}"
        flight = self.flights.popleft()
        outcomes.append(Outcome(flight, answer.server, failure, answer.received, answer.closes))
        if answer.closes and not self.broken:
            self.broken = answer.failure or "closed"

    def _end(self, outcomes: list[Outcome]) -> None:
        if self._answer is not None:
            self._answer.end()
            if self._answer.done:
                self._finish(self._answer, outcomes)
        self.broken = self.broken or "closed"

    def _read_datagrams(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while True:
            try:
                line = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                break
            except OSError as error:
                self._break(error)
                break
            flight = self._asked_by(line)
            if flight is None:
                continue
            self.flights.remove(flight)
            server = lines.server_in(line.partition(b"\n")[0])
            outcomes.append(Outcome(flight, server, "", len(line), False))
        if self.broken and self.broken not in ("closed", http.BAD):
            # An error of one datagram says nothing of the next one.
            outcomes += [self._lost(flight) for flight in self.flights]
            self.flights.clear()
            self.broken = ""
        return outcomes

    def _asked_by(self, line: bytes) -> Flight | None:
        """The request that a datagram answers: the one whose number it repeats, else the oldest."""
        number = lines.number_in(line)
        for flight in self.flights:
            if flight.shown == number:
                return flight
        if number is not None and len(line.split()) == 2:
            return None  # of one that was given up and forgotten
        return next((flight for flight in self.flights if not flight.over), None)

    def _lost(self, flight: Flight) -> Outcome:
        return Outcome(flight, "", self.broken, self.received(flight), True)

    def _break(self, error: OSError) -> None:
        self.broken = self.broken or failure_of(error)


def failure_of(error: OSError) -> str:
    """Why a request failed, in a word or two."""
    known = FAILURES.get(error.errno or 0)
    return known or (error.strerror or str(error)).lower()
