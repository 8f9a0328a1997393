"""Serving the clients of a lab in virtual time, whose clock this process keeps."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.faults import model
from lvsnet.guest import boot, places, stalls, uml, wire
from lvsnet.guest.clock import ClockError
from lvsnet.guest.serving import Client, GuestEndedError, Service
from lvsnet.guest.timekeeping import FASTEST, SLOWEST, Mode
from lvsnet.guest.virtual import VirtualClock
from lvsnet.guest.wire import Frame, Type

MCONSOLE = Path(f"../{places.UML}/guest/mconsole")
"""The guest's management console, seen from its hostfs root, where this process is."""
PAUSED = (
    "the lab's clock is paused, and this waits for it to go on: "
    "`lvsnet clock hold` or `lvsnet clock run` lets it"
)
NEED_TIME = ("reconfigure", "settle", "start", "wait")
"""Operations that wait for daemons."""
FAULT_ORDER = "fault.order"
"""An act (`lvsnet.host.acts`) that may wait for them."""
STALLED = 5.0
"""Seconds of the host's clock for which one process may run before its name is told."""
LOOK = 1.0
"""Seconds that are looked at to find whether it is one."""
NUDGE = 0.5
"""Seconds that a guest may go on for when somebody has lost patience with what runs in it."""
LOST = 128 + signal.SIGSEGV
"""How a process ends that `lvsnet.guest.stalls.kill` has killed: its kernel misses its memory."""


class VirtualService(Service):
    """Frames go to the guest when its clock lets them, and to the clients as they come."""

    guest: uml.Guest
    clock: VirtualClock

    def __init__(self, owner: Client, machine: boot.Machine, virtual: boot.VirtualTime) -> None:
        super().__init__(owner, machine)
        self.virtual = virtual
        self.waiting: dict[int, tuple[Client, int]] = {}
        """Who waits for a time of the lab's clock: client and its stream id."""
        self.stall = ""
        """What keeps the clock from going on, when that was told."""
        self.looked: tuple[float, dict[int, int]] | None = None
        """When it was looked at what the guest runs, and what `lvsnet.guest.stalls.work` said."""
        self.impatient = False
        """Whether somebody has lost patience with a guest that has not stopped since."""
        self.sole = False
        """Whether nobody else has a command in it."""
        self.interrupted: dict[int, int] = {}
        """Stream -> the signal by which its client ended what kept the clock from going on."""
        self.ends: list[tuple[Client, int, Frame]] = []
        """Commands that have ended and whose clients are yet to be told: client, its stream id and
        the guest's frame."""

    def _begun(self, guest: uml.Guest) -> None:
        if guest.clock is None:
            raise TypeError("a guest in virtual time asks for it")
        os.set_blocking(guest.from_guest, False)

        def drain() -> None:
            with suppress(BlockingIOError):
                while True:
                    self._read_guest(guest.from_guest)

        self.guest = guest
        self.clock = VirtualClock(guest.clock, guest.to_guest, self.line, drain)
        self._register(guest.clock.fileno())

    def _serve_other(self, fd: int) -> None:
        try:
            self.clock.serve()
        except ConnectionError as error:
            raise GuestEndedError("ended") from error
        except ClockError as error:
            raise GuestEndedError(f"does not keep to the protocol of its clock: {error}") from error
        now = self.clock.socket.fileno()
        if now != fd:
            self.selector.unregister(fd)
            self._register(now)

    def _turn(self) -> float:
        """Let the guest go on if it may."""
        clock = self.clock
        clock.booted = self.ready is not None
        for stream in clock.given_up():
            self._answer(*self.routes[stream], {"error": PAUSED})
            self.line.send(wire.with_json(Type.CLOSE, stream, {}))
            self._close(stream)
        self._watch_guest()
        while True:
            at = clock.turn()
            reached = list(clock.reached())
            if not reached:
                break
            for stream in reached:
                self._answer(*self.waiting.pop(stream), self._state())
        if self.ends and (clock.controller.stopped or clock.silence() > LOOK):
            for client, stream, frame in self.ends:
                super()._pass_to_client(client, stream, frame)
            self.ends.clear()
        return 1.0 if at is None else min(1.0, max(0.0, at - time.monotonic()))

    def _watch_guest(self) -> None:
        """See to a guest that does not stop."""
        silence = self.clock.silence()
        if self.clock.controller.stopped:
            self.impatient = False
        if self.impatient and silence > NUDGE:
            stalls.nudge(MCONSOLE)
        if silence < STALLED - LOOK:
            self.stall, self.looked = "", None
        elif not self.stall and self._one_runs() and silence > STALLED:
            self.stall = stalls.running(MCONSOLE, self.guest.console)
            for client in self.clients.values():
                self._tell_stall(client)
            if self.impatient and self.sole:
                self._end_stall()

    def _one_runs(self) -> bool:
        """Whether it was one process alone that ran since this was asked before."""
        now = time.monotonic()
        if self.looked is None:
            self.looked = now, stalls.work(self.guest.pid)
            return False
        at, before = self.looked
        if now < at + LOOK:
            return False
        self.looked = now, stalls.work(self.guest.pid)
        return stalls.alone(before, self.looked[1])

    def _may_write(self) -> bool:
        return False  # the clock writes, in its turn

    def _refusal(self, request: dict[str, object]) -> str:
        # What is begun and cannot end would leave a node half made.
        paused = self.clock.keeper.mode is Mode.paused
        return PAUSED if paused and _waits(request) else ""

    def _opened(self, stream: int, request: dict[str, object]) -> None:
        self.clock.opened(stream, request)
        if self.stall:
            self._tell_stall(self.routes[stream][0])

    def _closed(self, stream: int) -> None:
        self.clock.closed(stream)
        self.interrupted.pop(stream, None)

    def _pass_to_guest(self, frame: Frame) -> None:
        number = wire.json_of(frame).get("signal") if frame.type is Type.MESSAGE else None
        if isinstance(number, int):
            self.interrupted[frame.stream] = number
        if frame.type is Type.CLOSE or number is not None:
            self._end_stall()
        passed = self.clock.accounts[frame.stream].from_client(frame)
        if passed is not None:
            self.line.send(passed)

    def _pass_to_client(self, client: Client, stream: int, frame: Frame) -> None:
        self.clock.accounts[frame.stream].from_guest(frame)
        number = self.interrupted.get(frame.stream)
        if frame.type is Type.CLOSE and number and wire.json_of(frame).get("code") == LOST:
            frame = wire.with_json(Type.CLOSE, frame.stream, {"code": 128 + number})
        if frame.type is Type.CLOSE and self._is_followed():
            self.ends.append((client, stream, frame))
        else:
            super()._pass_to_client(client, stream, frame)

    def _is_followed(self) -> bool:
        """Whether those who follow the lab may go on for a moment when its only command has ended.

        They have come as far as they may before anybody can begin another command.
        """
        demand = self.clock.demand()
        held = self.clock.keeper.mode is Mode.held
        return held and demand.brief > 0 and demand.hurried == 1 and not demand.targets

    def _part(self, client: Client) -> None:
        waits = [stream for stream, (whose, _) in self.waiting.items() if whose is client]
        if client.streams or waits:
            self._end_stall()
        for stream in waits:
            del self.waiting[stream], self.clock.targets[stream]
        super()._part(client)

    def _answer_clock(self, client: Client, stream: int, request: dict[str, object]) -> None:
        clock = self.clock
        by, mode, speed = request.get("advance"), request.get("mode"), request.get("speed", 1.0)
        if by is None and mode is None:
            self._answer(client, stream, self._state())
        elif isinstance(by, int) and by > 0:
            self.waiting[self.next_stream] = client, stream
            clock.targets[self.next_stream] = clock.now() + by
            self.next_stream += 1
        elif mode in list(Mode) and isinstance(speed, int | float) and SLOWEST <= speed <= FASTEST:
            clock.set(Mode(str(mode)), float(speed))
            self._answer(client, stream, self._state())
        else:
            self._answer(client, stream, {"error": f"no clock can do that: {request}"})
        if self.stall:
            self._tell_stall(client)

    def _state(self) -> dict[str, object]:
        return {
            "clock": "virtual",
            "mode": self.clock.keeper.mode.value,
            "speed": self.clock.keeper.speed,
            "now": self.clock.now(),
            "start": self.virtual.start,
            "seed": self.virtual.seed,
        }

    def _tell_stall(self, client: Client) -> None:
        note = (
            f"the lab's clock stands still: {self.stall} runs and does not sleep. "
            "Ctrl-C here ends that process"
        )
        client.line.send(wire.with_json(Type.MESSAGE, wire.LINE, {"note": note}))

    def _end_stall(self) -> None:
        """Somebody has lost patience."""
        # Before it was told what runs, nobody ends what another one may have begun.
        self.sole = len(self.clock.accounts) == 1
        self.impatient = not self.clock.controller.stopped
        if self.stall and stalls.kill(self.guest.pid):
            self.stall = ""
            self.clock.heard = time.monotonic()


def _waits(request: dict[str, object]) -> bool:
    """Whether a request waits for daemons, as far as it alone tells."""
    if request.get("op") != "act" or request.get("name") != FAULT_ORDER:
        return request.get("op") in NEED_TIME
    try:
        return model.waits(model.from_json(request.get("request")))
    except (LvsnetError, ValueError):
        return False  # whoever is to carry it out says what is wrong with it
