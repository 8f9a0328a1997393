"""All that a capture listens at: nodes from inside, and the ports of the fabric.

Nodes that are off are listened at once they are on, and the fabric tells when one is plugged in.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from lvsnet.engine import namespaces
from lvsnet.engine.links import NETLINK_ROUTE
from lvsnet.engine.namespaces import GONE
from lvsnet.engine.netlink import READ_SIZE
from lvsnet.engine.runtime import Runtime, find
from lvsnet.errors import LvsnetError
from lvsnet.observe import arp, frame_order, packet_filter, taps
from lvsnet.observe.capture_aims import LOOPBACK, Aims, aims, check
from lvsnet.observe.capture_model import ALL, Capture, Frame, Place, packed
from lvsnet.observe.capturing import CLOCK, FRAMES, PLACE
from lvsnet.observe.outlet import Outlet
from lvsnet.observe.taps import OUTGOING, Heard
from lvsnet.plan.model import Plan

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
    aims: Aims
    ears: dict[str, Ear] = field(default_factory=dict)
    pidfds: dict[str, int] = field(default_factory=dict)
    """Of the inits of nodes that have an ear."""
    notices: socket.socket | None = None
    """Tells of what is plugged into the fabric."""
    bare: bool = False
    """Whether no node was on when it was looked at."""
    places: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Node, interface and link type -> number of the place."""
    told: list[Place] = field(default_factory=list)
    """By their numbers; also those that a redeploy has made others of."""
    rest: list[list[Frame]] = field(default_factory=list)
    """What nodes have heard that are off by now."""
    offset: int = 0
    buffer: bytearray = field(default_factory=taps.room)

    @property
    def looks(self) -> bool:
        """Whether it is to look for nodes."""
        return self.bare or len(self.pidfds) < len(self.aims.wanted)

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
        for name in self.aims.wanted:
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
            if self.capture.segments:
                self.ears[FABRIC] = Ear(taps.listen(self.program, incoming=True))

    def noticed(self) -> None:
        """Something is plugged into the fabric, or pulled out: be it that the lab is changed.

        Raises:
            LvsnetError: it has nothing any more of what was to be captured.
        """
        with suppress(OSError):
            # Until there is no more; or there was more than there was room for, which says as much.
            while self.notices is not None:
                self.notices.recv(READ_SIZE)
        try:
            plan = self.runtime.record(self.plan.lab).plan
        except LvsnetError:
            return  # it is just being destroyed, or has no record
        if plan != self.plan:
            self._follow(plan)

    def announce(self) -> None:
        """Tell of the places that there are by the plan."""
        for node in self.plan.nodes:
            interfaces = self.aims.wanted.get(node.name)
            if interfaces is None:
                continue
            for one in node.interfaces:
                if not interfaces or one.name in interfaces:
                    self.place(node.name, one.name, taps.ETHERNET)
        for node, one in self.aims.ports.values():
            self.place(node.name, one.name, taps.ETHERNET)

    def lost(self) -> int:
        """Packets that found no room, and that no frame has told of."""
        return sum(ear.unsaid + arp.dropped(ear.end) for ear in self.ears.values())

    def place(self, node: str, interface: str, link: int) -> int:
        """The number of a place, which is told if it is new."""
        key = node, interface, link
        if key not in self.places:
            one = self._place(*key)
            self.places[key] = len(self.told)
            self.told.append(one)
            self.outlet.hand([PLACE, one.node, one.interface, one.segment, one.mac, one.link])
        return self.places[key]

    def _place(self, node: str, interface: str, link: int) -> Place:
        wires = (one for each in self.plan.nodes if each.name == node for one in each.interfaces)
        planned = next((one for one in wires if one.name == interface), None)
        segment, mac = (planned.segment, planned.mac) if planned else ("", "")
        return Place(node, interface, segment, mac, link)

    def _follow(self, plan: Plan) -> None:
        """Aim anew: the lab is what ``plan`` says from now on."""
        for name, ear in self.ears.items():
            if name != FABRIC:  # where what comes may be from a new node
                ear.held += self._hear(name, ear)
        before, self.plan, self.aims = self.aims, plan, aims(plan, self.capture)
        if not self.aims.wanted and not self.aims.ports:
            raise LvsnetError(f"lab {plan.lab} was changed: of what was captured there is no more")
        self.aims = replace(self.aims, ports={**before.ports, **self.aims.ports})
        known = {key: n for key, n in self.places.items() if self._place(*key) == self.told[n]}
        self.places = known
        self.announce()

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
            if heard.interface not in self.aims.ports:
                return None, True
            node, planned = self.aims.ports[heard.interface]
            return self.place(node.name, planned.name, heard.link), True
        wanted = self.aims.wanted.get(name)
        if wanted is None:
            return None, False  # the lab has no such node any more
        known = heard.interface in wanted if wanted else heard.interface not in ("", LOOPBACK)
        if not known:
            return None, False
        return self.place(name, heard.interface, heard.link), heard.reception == OUTGOING

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
        aims(plan, capture),
    )
    listening.listen_in_fabric()
    listening.look()
    inits = runtime.inits(plan.lab)
    for one in capture.nodes:
        if one.node != ALL:
            check(find(plan, one.node), one.interfaces, inits.get(one.node))
    listening.announce()
    now = listening.set_clock()
    outlet.hand([CLOCK, listening.offset, now])
    return listening
