"""A lab whose guest is a model: its agent, its virtual clock with sockets, clients that dawdle."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest
from guest_time import Guest, Process, ReadClock, Sleep, Turnstile, Until

from lvsnet.guest import virtual, wire
from lvsnet.guest.timekeeping import SECOND
from lvsnet.guest.virtual import VirtualClock
from lvsnet.guest.wire import Frame, Inlet, Line, Outlet, Type

MS = SECOND // 1000


@dataclass
class Child:
    """A program that serves a request in the guest; its steps are in the request."""

    stdin: Inlet
    stdout: Outlet
    pending: bytearray = field(default_factory=bytearray)
    ended: bool = False

    @property
    def speaks(self) -> bool:
        return bool(self.pending and self.stdout.room) or (self.ended and not self.pending)

    def run(self, guest: Guest, steps: Sequence[object]) -> Process:
        for step in steps:
            if isinstance(step, int):
                yield Sleep(step)
            elif step == "clock":
                yield ReadClock()
            elif step == "print":
                self.pending += b"." * 3000
            else:
                yield Until(lambda: bool(self.stdin.pending or self.stdin.ended))
            guest.note(f"{self.stdin.stream} {step} {len(self.stdin.pending)}")
        self.ended = True


def agent(guest: Guest) -> Process:
    """Serves requests as lvsnet.guest.agent does, to one reading of the clock in each round."""
    line = Line(acknowledges=True)
    children: dict[int, Child] = {}
    line.send(wire.with_json(Type.MESSAGE, wire.LINE, {"ready": True}))
    guest.line += line.to_write()
    line.wrote(len(line.to_write()))
    while True:
        yield ReadClock()
        yield Until(lambda: bool(guest.tty) or any(one.speaks for one in children.values()))
        frames = line.receive(bytes(guest.tty))
        guest.tty.clear()
        for frame in frames:
            guest.note(f"{frame.type.name} {frame.stream} {len(frame.payload)}")
            if frame.type is Type.OPEN:
                stream = frame.stream
                children[stream] = Child(Inlet(stream, wire.STDIN), Outlet(stream, wire.STDOUT))
                steps = wire.json_of(frame)["steps"]
                assert isinstance(steps, list)
                guest.spawn(children[stream].run(guest, steps))
            elif frame.type is Type.CREDIT:
                children[frame.stream].stdout.granted(wire.grant_of(frame)[1])
            elif frame.type is Type.DATA:
                children[frame.stream].stdin.received(wire.channel_of(frame)[1])
            elif frame.type is Type.EOF:
                children[frame.stream].stdin.ended = True
        for stream, child in list(children.items()):
            if child.stdin.pending:
                line.send(child.stdin.passed_on(len(child.stdin.pending)))
            while child.pending and child.stdout.room:
                room = child.stdout.room
                line.send(child.stdout.data(bytes(child.pending[:room])))
                del child.pending[:room]
            if child.ended and not child.pending:
                line.send(wire.with_json(Type.CLOSE, stream, {"code": 0}))
                del children[stream]
        while line.wants_write:
            guest.line += line.to_write()
            line.wrote(len(line.to_write()))
            yield Turnstile()


def daemon(guest: Guest, name: str, every: int) -> Process:
    while True:
        yield Sleep(every)
        guest.note(f"{name} is awake")
        yield ReadClock()


@dataclass
class Wall:
    """Stands for the module `time`, of which `VirtualClock` wants one function."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Request:
    """A client's request: what it still has to give, and has not yet said that it took."""

    outlet: Outlet
    stdin: int
    """Bytes."""
    untaken: list[int] = field(default_factory=list)
    told_end: bool = False
    got: int = 0
    takes: bool = True


@dataclass
class Lab:
    """Guest, clock and clients, who take turns as ``noise`` says."""

    guest: Guest
    kernel: socket.socket
    """The guest's end of the clock's socket."""
    line_end: int
    """The guest's end of its line's input."""
    clock: VirtualClock
    wall: Wall
    noise: Sequence[int]
    requests: dict[int, Request] = field(default_factory=dict)
    last: int = 0
    _drawn: int = 0
    _words: bytearray = field(default_factory=bytearray)

    def draw(self) -> int:
        """A number; 40 if nobody is in the way of anybody."""
        self._drawn += 1
        return self.noise[self._drawn % len(self.noise)] if self.noise else 40

    def drain(self) -> None:
        content = bytes(self.guest.line)
        self.guest.line.clear()
        for frame in self.clock.line.receive(content):
            if frame.stream == wire.LINE:
                self.clock.booted = True
                continue
            request = self.requests[frame.stream]
            self.clock.accounts[frame.stream].from_guest(frame)
            if frame.type is Type.DATA:
                request.untaken.append(len(frame.payload) - 1)
                request.got += len(frame.payload) - 1
            elif frame.type is Type.CREDIT:
                request.outlet.granted(wire.grant_of(frame)[1])
            elif frame.type is Type.CLOSE:
                del self.requests[frame.stream]
                self.clock.closed(frame.stream)

    def turn(self, passes: float = 0.0) -> None:
        """Everybody does what he can, or dawdles; then the clock has its turn."""
        self.wall.now += passes
        hasty = self._drawn % 5 == 0
        if hasty or self.draw() > 12:
            self.run_guest()
        self.carry(4096 if hasty else self.draw() + 1)
        if hasty or self.draw() > 12:
            self.drain()
        if hasty or self.draw() > 12:
            for stream, request in list(self.requests.items()):
                self.act(stream, request)
        self.clock.turn()

    def run_guest(self) -> None:
        with suppress(BlockingIOError):
            self.guest.give(os.read(self.line_end, 65536))
        with suppress(BlockingIOError):
            self.guest.tell(self.kernel.recv(65536))
        self.guest.run()

    def carry(self, most: int) -> None:
        self._words += self.guest.take_words()
        if self._words:
            self.kernel.sendall(self._words[:most])
            del self._words[:most]
            self.clock.serve()

    def act(self, stream: int, request: Request) -> None:
        """A client does one thing."""
        if request.untaken and request.takes:
            count = request.untaken.pop(0)
            self.from_client(wire.credit(stream, wire.STDOUT, count))
        elif request.stdin and request.outlet.room:
            size = min(request.stdin, request.outlet.room, 100 * (self.draw() + 1))
            request.stdin -= size
            self.from_client(request.outlet.data(bytes(size)))
        elif not request.stdin and not request.told_end:
            request.told_end = True
            self.from_client(wire.eof(stream, wire.STDIN))

    def from_client(self, frame: Frame) -> None:
        passed = self.clock.accounts[frame.stream].from_client(frame)
        if passed is not None:
            self.clock.line.send(passed)

    def open(self, steps: Sequence[int | str], stdin: int = 0, **more: object) -> int:
        self.last += 1
        request: dict[str, object] = {"op": "exec", "input": "whole", "steps": steps, **more}
        self.clock.line.send(wire.with_json(Type.OPEN, self.last, request))
        self.clock.opened(self.last, request)
        self.requests[self.last] = Request(Outlet(self.last, wire.STDIN), stdin)
        return self.last

    def serve(self, stream: int) -> None:
        """Until a request has been answered."""
        for _ in range(4000):
            if stream not in self.requests:
                return
            self.turn()
        pytest.fail(f"request {stream} is not answered: {self.clock.controller}")

    def advance(self, by: int) -> int:
        target = self.clock.now() + by
        self.clock.targets[0] = target
        for _ in range(4000):
            self.turn()
            if list(self.clock.reached()):
                return target
        pytest.fail(f"{target} is not reached: {self.clock.controller}")

    def settle(self) -> None:
        for _ in range(40):
            self.turn()


@contextmanager
def running(*periods: int, noise: Sequence[int] = ()) -> Iterator[Lab]:
    """A lab whose agent waits, with daemons that wake so often; its clock is held."""
    wall, guest = Wall(), Guest()
    guest.spawn(agent(guest))
    for number, every in enumerate(periods):
        guest.spawn(daemon(guest, f"d{number}", every))
    listener, kernel = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    listener.bind("")
    listener.listen()
    kernel.connect(listener.getsockname())
    kernel.setblocking(False)
    line_end, to_guest = os.pipe2(os.O_NONBLOCK)
    line = Line(window=wire.LINE_WINDOW)
    clock = VirtualClock(listener, to_guest, line, lambda: lab.drain(), heard=wall.now)
    lab = Lab(guest, kernel, line_end, clock, wall, noise)
    try:
        with patch.object(virtual, "time", wall):
            clock.serve()
            lab.settle()
            assert clock.booted
            yield lab
    finally:
        kernel.close()
        clock.socket.close()
        os.close(line_end)
        os.close(to_guest)
