"""One client's part of a load: sends requests when they are due, and writes down what they became.

A process of its own in a node, with one thread that sleeps until something happens or is due: in
virtual time the clock goes on meanwhile. Requests are due by the grid whatever became of the ones
before. What is written is appended to a file in a tmpfs, so nothing but the network is waited for.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lvsnet.endpoint import bracketed
from lvsnet.traffic import http, lines, records
from lvsnet.traffic.connection import EVENTS, Connection, Flight, Outcome, Speech, failure_of
from lvsnet.traffic.model import Load, Request
from lvsnet.traffic.schedule import Schedule

AGENT = "lvsnet"
PAUSE = 1_000_000
"""Nanoseconds from one request to the next of the same connection where there is no grid: in
virtual time answers may take no time at all, and the clock would never go on."""


def speech(load: Load, host: str) -> Speech:
    """How to speak to a load's target, whose address is ``host``; in its client's namespace.

    Raises:
        OSError: it is no address, one with an interface that is not there, or the client has not
            got the addresses that it is to send from.
    """
    target = load.target
    family, _, _, _, address = socket.getaddrinfo(
        # As bytes: names are none, and Python's codec for those costs an import.
        host.encode(),
        target.port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_NUMERICHOST,
    )[0]
    if not isinstance(address[0], str):
        raise OSError(f"{host}: this machine's Python has no IPv6")
    where = (address[0], target.port, *address[2:])
    _have(load.sources, family)
    if target.scheme == "http":
        name = bracketed(target.host)
        port = "" if target.port == 80 else f":{target.port}"
        content = http.request(f"{name}{port}", target.path, load.upload, AGENT)
        return Speech(family, False, 0, where, lambda _: content, http.Answer, load.sources)
    return Speech(
        family,
        target.scheme == "udp",
        socket.IPPROTO_SCTP if target.scheme == "sctp" else 0,
        where,
        lambda number: lines.request(number, load.upload),
        lines.Answer,
        load.sources,
    )


def _have(sources: tuple[str, ...], family: int) -> None:
    """See that a client has all addresses that it is to send from; in its namespace.

    Raises:
        OSError: it has not got one, or one is of another family.
    """
    for source in sources:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as trying:
                trying.bind((source, 0))
        except OSError as error:
            raise OSError(f"source {source}: the client has no such address") from error


@dataclass
class Generator:
    """Sends what one client of a load has to send; `run` is its whole life."""

    load: Load
    client: str
    schedule: Schedule
    speech: Speech
    output: int
    """File descriptor that records are appended to."""
    control: int
    """One that can be read as soon as no new requests are wanted."""
    clock: Callable[[], int] = time.monotonic_ns
    owner: int | None = None
    """Another one, which can be read when whoever the load belongs to has ended."""
    _writer: records.Writer = field(default_factory=records.Writer)
    _epoll: select.epoll = field(default_factory=select.epoll)
    _connections: dict[int, Connection] = field(default_factory=dict)
    """By file descriptor."""
    _pool: list[Connection | None] = field(default_factory=list)
    """Connections that stay, by their slot."""
    _unmade: dict[int, str] = field(default_factory=dict)
    """Why there is none in a slot that was to hold one."""
    _idle: deque[tuple[int, int]] = field(default_factory=deque)
    """(From when, slot) of those that can be given a request, where one has one at a time."""
    _queued: deque[Flight] = field(default_factory=deque)
    """Requests that are due and wait for one of them."""
    _flights: deque[Flight] = field(default_factory=deque)
    """By when they were sent; those that are over are dropped when they come to the front."""
    _under_way: int = 0
    _sent: int = 0
    """Requests sent, so the number of the next one."""
    _made: int = 0
    """Connections made."""
    _stopped: bool = False

    def run(self) -> None:
        """Send everything, and return when the last request is over.

        Raises:
            OSError: there is no room for the records.
        """
        self._begin()
        while True:
            now = self.clock()
            self._expire(now)
            self._send_queued()
            self._send_due(now)
            if not self._under_way and self._is_last(now):
                break
            records.append(self.output, self._writer)
            self._sleep(self._next(now))
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._writer.end()
        records.append(self.output, self._writer)
        self._epoll.close()

    def _begin(self) -> None:
        load = self.load
        for fd in self._ends:
            self._epoll.register(fd, select.EPOLLIN)
        if load.style != "request":
            self._pool = [None] * load.connections
        if self._in_turn:
            self._idle.extend((self.schedule.begin, slot) for slot in range(load.connections))
        if load.style == "hold" and self.schedule.most:
            for slot in range(load.connections):
                try:
                    self._open(slot)
                except OSError as error:
                    self._unmade[slot] = failure_of(error)

    @property
    def _ends(self) -> tuple[int, ...]:
        return (self.control,) if self.owner is None else (self.control, self.owner)

    @property
    def _in_turn(self) -> bool:
        """Whether a connection has one request at a time, and the next one waits for its end."""
        return self.load.style == "keepalive" or not self.load.rate

    def _is_last(self, now: int) -> bool:
        """Whether no request is to be sent any more."""
        if self._stopped or self.schedule.ends_before(self._sent, now):
            return True
        # Where each connection that was to be held is broken, none is idle nor ever will be.
        return not self.load.rate and not self._idle and not self._under_way

    def _next(self, now: int) -> int | None:
        """When there is something to be done if nothing happens, as it was at the time ``now``."""
        times = []
        while self._flights and self._flights[0].over:
            self._flights.popleft()
        if self._flights:
            times.append(self._flights[0].at + self._timeout)
        if not self._stopped and not self.schedule.ends_before(self._sent, now):
            if self.load.rate:
                times.append(self.schedule.due(self._sent))
            elif self._idle:
                times.append(self._idle[0][0])
        return min(times, default=None)

    @property
    def _timeout(self) -> int:
        return int(self.load.timeout * 1e9)

    def _sleep(self, until: int | None) -> None:
        """Until then at the latest, and take what has happened."""
        # A poll would sleep for whole milliseconds.
        patience = None if until is None else max(0, until - self.clock()) / 1e9
        if not select.select([self._epoll], [], [], patience)[0]:
            return
        for fd, events in self._epoll.poll(0):
            connection = self._connections.get(fd)
            if connection is not None:
                self._take(connection, events)
            elif fd in self._ends:
                self._stopped = True
                self._epoll.unregister(fd)

    def _expire(self, now: int) -> None:
        limit = now - self._timeout
        flights = self._flights
        while flights and (flights[0].over or flights[0].at <= limit):
            flight = flights.popleft()
            if not flight.over:
                received = flight.connection.received(flight) if flight.connection else 0
                self._finish(Outcome(flight, "", "timeout", received, True), now)

    def _send_due(self, now: int) -> None:
        schedule = self.schedule
        if not self.load.rate:
            while self._idle and self._idle[0][0] <= now and not self._is_last(now):
                self._send(self._idle.popleft()[1])
            return
        while (
            not self._stopped
            and schedule.due(self._sent) <= now
            and not schedule.ends_before(self._sent, now)
        ):
            if self.load.style == "request":
                self._send(None)
            elif self.load.style == "hold":
                self._send(self._sent % self.load.connections)
            elif self._idle:
                self._send(self._idle.popleft()[1])
            else:
                self._queued.append(self._flight())

    def _send_queued(self) -> None:
        while self._queued and self._idle:
            flight = self._queued.popleft()
            if not flight.over:
                self._hand(flight, self._idle.popleft()[1])

    def _flight(self) -> Flight:
        """The next request, which counts as sent now."""
        shown = self.schedule.client + self._sent * self.schedule.clients + 1
        flight = Flight(self._sent, shown, self.clock())
        self._sent += 1
        self._under_way += 1
        self._flights.append(flight)
        return flight

    def _send(self, slot: int | None) -> None:
        self._hand(self._flight(), slot)

    def _hand(self, flight: Flight, slot: int | None) -> None:
        """Give a request to a connection: that of its slot, or a new one."""
        flight.slot = slot
        connection = self._pool[slot] if self._pool and slot is not None else None
        reused = connection is not None
        try:
            if slot in self._unmade:
                self._finish(Outcome(flight, "", self._unmade[slot], 0, True), flight.at)
                return
            if connection is None:
                connection = self._open(slot)
        except OSError as error:
            self._finish(Outcome(flight, "", failure_of(error), 0, True), self.clock())
            return
        flight.connection = connection
        if connection.broken:
            self._finish(Outcome(flight, "", connection.broken, 0, True), flight.at)
            return
        connection.ask(flight)
        if reused or self.speech.datagrams:
            connection.write()
            if connection.broken:
                self._take(connection, select.EPOLLERR)

    def _open(self, slot: int | None) -> Connection:
        """A new connection, which stays where its load's connections do.

        Raises:
            OSError: the kernel does not even begin to make it.
        """
        self._made += 1
        number = (self._made - 1) * self.schedule.clients + self.schedule.client + 1
        connection = Connection(number, slot, self.speech)
        self._connections[connection.fd] = connection
        self._epoll.register(connection.fd, EVENTS)
        if self._pool and slot is not None:
            self._pool[slot] = connection
        return connection

    def _take(self, connection: Connection, events: int) -> None:
        """Do what a connection is ready for."""
        outcomes = connection.turn(events)
        now = self.clock()
        for outcome in outcomes:
            # One that came too late is none, but its connection may have broken.
            if not outcome.flight.over:
                self._finish(outcome, now)
        if connection.broken:
            self._drop(connection)

    def _finish(self, outcome: Outcome, now: int) -> None:
        """A request is over."""
        flight, connection = outcome.flight, outcome.flight.connection
        flight.over = True
        self._under_way -= 1
        self._writer.add(
            flight.number,
            Request(
                flight.at,
                now - flight.at,
                self.client,
                outcome.server,
                outcome.failure,
                connection.number if connection else 0,
                connection.port if connection else 0,
                connection.sent(flight) if connection else 0,
                outcome.received,
            ),
        )
        if self.load.style == "hold":
            # One that is broken leaves its slot to nobody.
            if not self.load.rate and connection is not None and not connection.broken:
                self._free(flight, now)
            return
        # As curl does, the client closes once it has its answer, or no patience any more.
        over = self.load.style == "request" or outcome.failure or outcome.closes
        if connection is not None and over:
            self._drop(connection)
        if self._in_turn:
            self._free(flight, now)

    def _free(self, flight: Flight, now: int) -> None:
        """The slot of a request that is over can have the next one."""
        if flight.slot is not None:
            ready = now if self.load.rate else max(now, flight.at + PAUSE)
            self._idle.append((ready, flight.slot))

    def _drop(self, connection: Connection) -> None:
        """Close a connection; one that was to be held goes on having its slot."""
        if self._connections.get(connection.fd) is not connection:
            return
        del self._connections[connection.fd]
        slot = connection.slot
        if self.load.style == "keepalive" and slot is not None:
            self._pool[slot] = None
        connection.close()
