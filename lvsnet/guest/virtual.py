"""A lab's virtual clock beside its supervisor: the controller's socket, and who needs time.

The guest and its host take turns. While the guest runs nothing is written to its line; once it has
stopped, all that it said is read, the clients take that, and only then is what they have to say
written, and the guest let go on: so the guest sees the same in every run.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lvsnet.guest import dues
from lvsnet.guest.clock import READING, Controller, Phase
from lvsnet.guest.dues import Account, Need
from lvsnet.guest.timekeeping import Demand, Mode, Timekeeper
from lvsnet.guest.wire import Line

READ_SIZE = 4096
PATIENCE = 5.0
"""Seconds that a command in a paused lab may wait for time."""


@dataclass
class VirtualClock:
    """One guest's clock. What it tells the guest is written at once; it never blocks."""

    socket: socket.socket
    """First the listener, then the connection to the guest's kernel."""
    to_guest: int
    """The host's end of the line, non-blocking."""
    line: Line
    drain: Callable[[], None]
    """Reads all that the guest has said, and hands it on."""
    controller: Controller = field(default_factory=Controller)
    keeper: Timekeeper = field(default_factory=Timekeeper)
    accounts: dict[int, Account] = field(default_factory=dict)
    """Stream of the line -> what is open there."""
    targets: dict[int, int] = field(default_factory=dict)
    """Number of somebody who waits for a time -> that time."""
    booted: bool = False
    """Whether the agent has said hello."""
    heard: float = field(default_factory=time.monotonic)
    """When the guest was heard last, by the host's clock."""
    stuck: float | None = None
    """Since when, by the host's clock, commands wait for a paused clock."""
    _connected: bool = False

    def serve(self) -> None:
        """The socket can be read.

        Raises:
            ConnectionError: the guest has closed it.
            ClockError: the guest does not keep to the protocol.
        """
        self.heard = time.monotonic()
        if not self._connected:
            connection, _ = self.socket.accept()
            connection.setblocking(False)
            self.socket.close()
            self.socket = connection
            self._connected = True
            return
        with suppress(BlockingIOError):
            content = self.socket.recv(READ_SIZE)
            if not content:
                raise ConnectionResetError("the guest has closed its clock")
            self.controller.receive(content)
        self._write()

    def opened(self, stream: int, request: dict[str, object]) -> None:
        """A request begins."""
        self.accounts[stream] = dues.account(request)
        self.keeper.began(self.now())

    def closed(self, stream: int) -> None:
        """A request has ended."""
        self.accounts.pop(stream, None)

    def now(self) -> int:
        """The lab's time; of one that runs, when it was let go."""
        if self.controller.phase is Phase.WAITING:
            self._pass(time.monotonic())
        return self.controller.now

    def set(self, mode: Mode, speed: float) -> None:
        """Have time pass as somebody wishes from now on."""
        self.now()
        self.keeper.set(mode, speed)

    def reached(self) -> Iterator[int]:
        """Those whose time has come; each is told once."""
        if not self.controller.stopped:
            return
        for who in [who for who, at in self.targets.items() if at <= self.controller.now]:
            del self.targets[who]
            yield who

    def silence(self) -> float:
        """Seconds of the host's clock for which the guest has been running without a word."""
        return 0.0 if self.controller.stopped else time.monotonic() - self.heard

    def given_up(self) -> list[int]:
        """The streams that have waited for a paused clock for too long."""
        if self.stuck is None or time.monotonic() < self.stuck + PATIENCE:
            return []
        self.stuck = None
        return [stream for stream, one in self.accounts.items() if one.need is Need.time]

    def demand(self) -> Demand:
        needs = [account.need for account in self.accounts.values()]
        return Demand(
            hurried=needs.count(Need.time) + (not self.booted),
            live=needs.count(Need.pace),
            brief=needs.count(Need.nothing),
            targets=self.targets.values(),
        )

    def turn(self) -> float | None:
        """Let the guest go on if it may; until when, by the host's clock, to come again at last."""
        if not self.controller.stopped:
            self.stuck = None
            return None
        self.drain()
        if any(one.owes() for one in self.accounts.values()):
            return None
        wall = time.monotonic()
        for stream, account in self.accounts.items():
            for frame in account.to_guest(stream):
                self.line.send(frame)
        self._let_go(wall)
        self._write()
        demand = self.demand()
        if self.controller.stopped:
            self.stuck = self._stuck(demand, wall)
        waits = [self.keeper.wakes(self.controller.request, demand)]
        waits += [self.stuck + PATIENCE if self.stuck is not None else None]
        return min((at for at in waits if at is not None), default=None)

    def _let_go(self, wall: float) -> None:
        controller = self.controller
        if self.booted and self.line.wants_write and not controller.called:
            self._pass(wall)
            self._give_input()
            controller.call()
            if controller.phase is Phase.STANDING:
                controller.release(self._until(wall))
            return
        while controller.due is not None:
            if not controller.called and not self.keeper.goes(controller.now, self.demand()):
                return
            until = self._until(wall)
            if controller.due <= until:
                controller.release(until)
                return
            if controller.phase is not Phase.WAITING or not self.targets or until == controller.now:
                return
            controller.pass_to(until)

    def _until(self, wall: float) -> int:
        controller = self.controller
        until = self.keeper.until(controller.now, controller.request, self.demand(), wall)
        if controller.called and self.keeper.mode is Mode.held and not self.targets:
            # What it is to take in may have to wait for the end of a reading of the clock.
            until = max(until, controller.now + READING)
        return until

    def _pass(self, wall: float) -> None:
        """What has passed by the host's clock while nothing was due."""
        controller = self.controller
        if controller.phase is Phase.WAITING and not controller.called:
            reached = self.keeper.beside(controller.now, self.demand(), wall)
            controller.pass_to(min(reached, max(controller.request, controller.now)))

    def _give_input(self) -> None:
        while self.line.wants_write:
            # The window is smaller than the socket's buffer.
            self.line.wrote(os.write(self.to_guest, self.line.to_write()))

    def _stuck(self, demand: Demand, wall: float) -> float | None:
        if self.keeper.mode is not Mode.paused or not demand.hurried or demand.targets:
            return None
        return wall if self.stuck is None else self.stuck

    def _write(self) -> None:
        output = self.controller.take_output()
        if output:
            # Some dozens of bytes, to somebody who waits for them.
            self.socket.sendall(output)
