"""All that a capture listens at: nodes from inside, and the ports of the fabric.

Nodes that are off are listened at once they are on, and the fabric tells when one is plugged in.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lvsnet.engine import namespaces
from lvsnet.engine.links import NETLINK_ROUTE, Links
from lvsnet.engine.namespaces import GONE
from lvsnet.engine.netlink import READ_SIZE
from lvsnet.engine.runtime import Runtime, find
from lvsnet.errors import LvsnetError
from lvsnet.observe import arp, frame_order, packet_filter, taps
from lvsnet.observe.capture_model import Capture, Frame, Place, packed
from lvsnet.observe.capturing import CLOCK, FRAMES, PLACE
from lvsnet.observe.outlet import Outlet
from lvsnet.observe.taps import OUTGOING, Heard
from lvsnet.plan.model import Interface, Node, Plan

SECOND = 1_000_000_000
STEADY_NS = 1_000_000
"""Nanoseconds by which the calendar may go another way than the clock before that counts."""
ROUNDS = 100
"""In which the largest buffers are read to their end."""
AT_ONCE = 128 * 1024
"""Bytes of packets in a line, or a little more."""
LINKS = 1
"""RTMGRP_LINK (include/uapi/linux/rtnetlink.h)."""
FABRIC = ""
"""The key of the ear in the fabric, where those of nodes have the nodes' names."""
LOOPBACK = "lo"


@dataclass
class Ear:
    """A socket that hears all interfaces of a node, or all ports of the fabric."""

    end: socket.socket
    held: list[Frame] = field(default_factory=list)
    """What it has heard that is not told yet."""
    unsaid: int = 0
    """Packets that found no room since the last frame that was heard."""


@dataclass
class Listening:
    plan: Plan
    runtime: Runtime
    capture: Capture
    outlet: Outlet
    program: bytes
    fabric: tuple[int, int] | None
    """The lab's, as it was at first; None of a lab that somebody else has wired."""
    wanted: dict[str, frozenset[str]]
    """Node -> interfaces; none: all."""
    ports: dict[str, tuple[Node, Interface]]
    """Port in the fabric -> whose cable ends there; of those that are listened at."""
    ears: dict[str, Ear] = field(default_factory=dict)
    pidfds: dict[str, int] = field(default_factory=dict)
    """Of the inits of nodes that have an ear."""
    notices: socket.socket | None = None
    """Tells of what is plugged into the fabric."""
    bare: bool = False
    """Whether no node was on when it was looked at."""
    places: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Node, interface and link type -> number of the place."""
    rest: list[list[Frame]] = field(default_factory=list)
    """What nodes have heard that are off by now."""
    offset: int = 0
    buffer: bytearray = field(default_factory=taps.room)

    @property
    def looks(self) -> bool:
        """Whether it is to look for nodes."""
        return self.bare or len(self.pidfds) < len(self.wanted)

    def fds(self) -> Iterator[int]:
        """What is to be waited for."""
        yield from (ear.end.fileno() for ear in self.ears.values())
        yield from self.pidfds.values()
        if self.notices is not None:
            yield self.notices.fileno()

    @property
    def holds(self) -> bool:
        """Whether there are frames that wait for those that others may have heard before."""
        return bool(self.rest) or any(ear.held for ear in self.ears.values())

    def turn(self, until: int | None) -> bool:
        """Tell of what had passed when this was called, but not after ``until``, a time of the
        clock; whether anything was heard.

        What one has heard since then waits: another may have heard something before that.
        """
        calendar = self.set_clock()
        ready, self.rest = self.rest, []
        # The fabric last: what it has heard of others may be an answer to what a node has sent.
        for name, ear in sorted(self.ears.items(), reverse=True):
            frames = ear.held + self._hear(name, ear)
            # One from much later is from before somebody has set the calendar.
            wait = range(calendar + 1, calendar + SECOND)
            ear.held = [one for one in frames if one.calendar in wait]
            ready.append([one for one in frames if one.calendar not in wait])
        end = None if until is None else until + self.offset
        self._tell(one for one in frame_order.merged(ready) if end is None or one.calendar < end)
        return any(ready)

    def set_clock(self) -> int:
        """Look at the calendar, and how far it is from the clock; its time."""
        # Each reading takes as long as another one, also where nothing else takes time.
        before, calendar, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        offset = calendar - (before + after) // 2
        if abs(offset - self.offset) > STEADY_NS:
            self.offset = offset
        return calendar

    def finish(self, until: int | None) -> None:
        """Tell of all that has passed."""
        for _ in range(ROUNDS):
            if not self.turn(until):
                break
        held = [ear.held for ear in self.ears.values()]
        if until is None:
            self._tell(frame_order.merged([*self.rest, *held]))

    def look(self) -> None:
        """Whether nodes that were off are on again; or gone, with their lab.

        Raises:
            LvsnetError: the lab was destroyed.
        """
        inits = self.runtime.inits(self.plan.lab)
        self.bare = not inits
        if self.bare and self.fabric is None:
            self.runtime.record(self.plan.lab)  # says so when there is no such lab
        elif self.bare and self.fabric != namespaces.known_fabric(self.plan.lab):
            raise LvsnetError(f"lab {self.plan.lab} was destroyed")
        for name in self.wanted:
            if name in inits and name not in self.pidfds:
                self._listen_at(name, inits[name])

    def ended(self, readable: set[int]) -> None:
        """Let go of nodes whose init has ended."""
        for name in [name for name, fd in self.pidfds.items() if fd in readable]:
            ear = self.ears.pop(name)
            self.rest.append(ear.held + self._hear(name, ear))
            ear.end.close()
            os.close(self.pidfds.pop(name))

    def listen_in_fabric(self) -> None:
        """At the ports, and to what is plugged in."""
        with suppress(FileNotFoundError), namespaces.entered(namespaces.of_fabric(self.plan.lab)):
            kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            self.notices = socket.socket(socket.AF_NETLINK, kind, NETLINK_ROUTE)
            self.notices.bind((0, LINKS))
            if self.ports:
                self.ears[FABRIC] = Ear(taps.listen(self.program, incoming=True))

    def noticed(self) -> None:
        """Take the fabric's notices; what they say is to be looked at."""
        try:
            while self.notices is not None:
                self.notices.recv(READ_SIZE)
        except OSError:
            # Nothing more; or there were more than there was room for, which says as much.
            return

    def lost(self) -> int:
        """Packets that found no room, and that no frame has told of."""
        return sum(ear.unsaid + arp.dropped(ear.end) for ear in self.ears.values())

    def place(self, node: Node, interface: str, link: int) -> int:
        """The number of a place, which is told if it is new."""
        key = node.name, interface, link
        if key not in self.places:
            self.places[key] = len(self.places)
            planned = next((one for one in node.interfaces if one.name == interface), None)
            segment, mac = (planned.segment, planned.mac) if planned else ("", "")
            one = Place(node.name, interface, segment, mac, link)
            self.outlet.hand([PLACE, one.node, one.interface, one.segment, one.mac, one.link])
        return self.places[key]

    def _listen_at(self, name: str, init: int) -> None:
        try:
            pidfd = os.pidfd_open(init)
        except ProcessLookupError:
            return
        try:
            with namespaces.entered(namespaces.of_process(init)):
                end = taps.listen(self.program, incoming=False)
        except GONE:
            os.close(pidfd)
            return
        self.ears[name], self.pidfds[name] = Ear(end), pidfd

    def _hear(self, name: str, ear: Ear) -> list[Frame]:
        frames = []
        for heard in taps.read(ear.end, self.buffer):
            place, outgoing = self._where(name, heard)
            if place is not None:
                frames.append(
                    Frame(
                        place,
                        outgoing,
                        heard.reception,
                        heard.length,
                        ear.unsaid,
                        heard.calendar,
                        heard.content,
                    )
                )
                ear.unsaid = 0
        ear.unsaid += arp.dropped(ear.end)
        return frames

    def _where(self, name: str, heard: Heard) -> tuple[int | None, bool]:
        """The place of a frame, None if it is not wanted, and whether it leaves its node."""
        if name == FABRIC:
            if heard.interface not in self.ports:
                return None, True
            node, planned = self.ports[heard.interface]
            return self.place(node, planned.name, heard.link), True
        wanted = self.wanted[name]
        known = heard.interface in wanted if wanted else heard.interface not in ("", LOOPBACK)
        if not known:
            return None, False
        number = self.place(find(self.plan, name), heard.interface, heard.link)
        return number, heard.reception == OUTGOING

    def _tell(self, frames: Iterable[Frame]) -> None:
        batch: list[Frame] = []
        size = 0
        for one in frames:
            batch.append(one)
            size += len(one.content)
            if size >= AT_ONCE:
                self.outlet.hand([FRAMES, self.offset, packed(batch)])
                batch, size = [], 0
        if batch:
            self.outlet.hand([FRAMES, self.offset, packed(batch)])


def begin(plan: Plan, runtime: Runtime, capture: Capture, outlet: Outlet) -> Listening:
    """Listen from now on.

    Raises:
        LvsnetError: the filter is none, a node has no such interface, or there is no fabric.
    """
    program = packet_filter.compiled(capture.filter, capture.snaplen, plan, runtime)
    wanted = {one.node: frozenset(one.interfaces) for one in capture.nodes}
    fabric = namespaces.known_fabric(plan.lab)
    if capture.segments and fabric is None:
        raise LvsnetError(
            f"lab {plan.lab} was wired by somebody else, so its segments cannot be listened at; "
            "name nodes instead"
        )
    listening = Listening(
        plan,
        runtime,
        capture,
        outlet,
        packet_filter.encoded(program),
        fabric,
        wanted,
        _ports(plan, capture, wanted),
    )
    listening.listen_in_fabric()
    listening.look()
    for name, interfaces in wanted.items():
        node = find(plan, name)
        _check(listening, node, interfaces)
        for one in node.interfaces:
            if not interfaces or one.name in interfaces:
                listening.place(node, one.name, taps.ETHERNET)
    for node, interface in listening.ports.values():
        listening.place(node, interface.name, taps.ETHERNET)
    now = listening.set_clock()
    outlet.hand([CLOCK, listening.offset, now])
    return listening


def _ports(
    plan: Plan, capture: Capture, wanted: dict[str, frozenset[str]]
) -> dict[str, tuple[Node, Interface]]:
    """Those of the segments whose other ends are not listened at."""
    return {
        one.port: (node, one)
        for node in plan.nodes
        for one in node.interfaces
        if one.segment in capture.segments
        and not (node.name in wanted and (not wanted[node.name] or one.name in wanted[node.name]))
    }


def _check(listening: Listening, node: Node, interfaces: frozenset[str]) -> None:
    """Raise when a node that is on, or the plan of one that is off, has no such interface."""
    there = {one.name for one in node.interfaces} | {one.name for one in node.devices} | {LOOPBACK}
    unknown = interfaces - there
    if not unknown:
        return
    init = listening.runtime.inits(listening.plan.lab).get(node.name)
    if init is not None:
        with namespaces.entered(namespaces.of_process(init)), Links() as links:
            there = set(links.names().values())
    for name in sorted(unknown - there):
        from lvsnet.lab.suggest import nearest

        near = nearest(name, sorted(there))
        hint = f"; did you mean {near}?" if near else ""
        known = ", ".join(sorted(there))
        raise LvsnetError(f"{node.name} has no interface {name}; it has {known}{hint}")
