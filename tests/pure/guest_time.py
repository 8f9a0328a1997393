"""A model of a guest in virtual time: its clock, its line, its processes; what it panics of.

It follows arch/um/kernel/time.c and irq.c as lvsnet's kernel has them (``kernel/patches``),
function for function: where the kernel would panic, stop at a BUG_ON or wait for ever, so does the
model, by a `PanicError`. Nothing in it takes time by itself. All times are nanoseconds since boot.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from lvsnet.guest.clock import MESSAGE, Op

S64_MAX = 2**63 - 1
READING = 256
"""What each reading of the clock costs (TIMER_MULTIPLIER)."""
ANY_TIME = 2**64 - 1
"""The time -1 in a message, which says nothing."""

Message = tuple[int, int, int]


class PanicError(Exception):
    """The guest would be no more, or would never say a word again."""


@dataclass(frozen=True)
class Sleep:
    time: int


@dataclass(frozen=True)
class ReadClock:
    pass


@dataclass(frozen=True)
class Until:
    """Waits, without a timer, for something that another process or the line brings about."""

    ready: Callable[[], bool]


@dataclass(frozen=True)
class Turnstile:
    """A write to /sys/kernel/um-ext-time/bc-message."""


Call = Sleep | ReadClock | Until | Turnstile
Process = Generator[Call, None, None]

Steps = Generator[bool, Message | None, None]
"""Runs in the kernel; yields, when it waits for the controller's socket, whether signals may
interrupt that, and is sent a message, or None for a signal."""


@dataclass(eq=False)
class Event:
    """A time_travel_event."""

    onstack: bool = False
    time: int = 0
    pending: bool = False


@dataclass(eq=False)
class Guest:
    """A guest that has been started: `run` lets it go on, with what it was told."""

    time: int = 0
    journal: list[tuple[int, str]] = field(default_factory=list)
    """What happened in it, and when."""
    tty: bytearray = field(default_factory=bytearray)
    """Input of the line that its processes have not read yet."""
    line: bytearray = field(default_factory=bytearray)
    """What its processes have written to the line, for the host to take."""
    spoken: list[Message] = field(default_factory=list)
    """All that it said to its controller."""
    _timer: Event = field(default_factory=Event)
    _input: Event = field(default_factory=Event)
    _events: list[Event] = field(default_factory=list)
    _irqs: list[Event] = field(default_factory=list)
    """Interrupts that wait until they are enabled."""
    _waiting: bool = False
    _free_until: int | None = None
    _requested: int | None = None
    _propagated: int = 0
    _sequence: int = 0
    _said: bytearray = field(default_factory=bytearray)
    _heard: deque[Message] = field(default_factory=deque)
    _wire: bytearray = field(default_factory=bytearray)
    """Input that the line has not read yet."""
    _signal: bool = False
    """A SIGIO that was not handled yet."""
    _runnable: deque[Process] = field(default_factory=deque)
    _blocked: list[tuple[Until, Process]] = field(default_factory=list)
    _sleeping: list[tuple[int, int, Process]] = field(default_factory=list)
    _slept: int = 0

    def __post_init__(self) -> None:
        self._kernel = self._life()
        self._interruptible = next(self._kernel)

    def spawn(self, process: Process) -> None:
        """Start a process: before the first `run`, or in another one."""
        self._runnable.append(process)

    def note(self, what: str) -> None:
        self.journal.append((self.time, what))

    def take_words(self) -> bytes:
        """What it said to its controller, once."""
        said = bytes(self._said)
        self._said.clear()
        return said

    def tell(self, content: bytes) -> None:
        """Messages of the controller's; like the kernel it reads whole ones only.

        Raises:
            PanicError: one of them is cut.
        """
        if len(content) % MESSAGE.size:
            raise PanicError(f"invalid time-travel message - {len(content) % MESSAGE.size} bytes")
        self._heard.extend(MESSAGE.iter_unpack(content))

    def give(self, content: bytes) -> None:
        """Input on the line.

        Raises:
            PanicError: the guest runs, so that the host's haste would decide when it sees that.
        """
        if not self._interruptible and self.spoken[-1][0] not in (Op.WAIT, Op.BROADCAST):
            raise PanicError(f"input {content!r} while the guest runs, at {self.time}")
        self._wire += content
        self._signal = True

    def run(self) -> None:
        """Go on until it waits for a word.

        Raises:
            PanicError: of what it was told.
        """
        while True:
            if self._interruptible and self._signal:
                self._interruptible = self._kernel.send(None)
            elif self._heard:
                self._interruptible = self._kernel.send(self._heard.popleft())
            else:
                return

    def _life(self) -> Steps:
        yield from self._request(Op.START, ANY_TIME)
        while True:
            for waiting in [one for one in self._blocked if one[0].ready()]:
                self._blocked.remove(waiting)
                self._runnable.append(waiting[1])
            if self._runnable:
                yield from self._schedule(self._runnable.popleft())
            else:
                yield from self._pass_to(S64_MAX, idle=True)

    def _schedule(self, process: Process) -> Steps:
        """Let a process run until it sleeps, waits or ends."""
        for call in process:
            if isinstance(call, Sleep):
                self._slept += 1
                heapq.heappush(self._sleeping, (self.time + call.time, self._slept, process))
                yield from self._program()
                return
            elif isinstance(call, ReadClock):
                yield from self._pass_to(self.time + READING, idle=False)
            elif isinstance(call, Turnstile):
                if self._propagated != self.time:
                    yield from self._request(Op.UPDATE, self.time)
                    self._propagated = self.time
                yield from self._request(Op.BROADCAST, 0)
            elif not call.ready():
                self._blocked.append((call, process))
                return

    def _program(self) -> Steps:
        """itimer_next_event: there is one timer, for whoever wakes first."""
        self._delete(self._timer)
        if self._sleeping:
            yield from self._add(self._timer, self._sleeping[0][0])

    def _alarm(self) -> Steps:
        while self._sleeping and self._sleeping[0][0] <= self.time:
            self._runnable.append(heapq.heappop(self._sleeping)[2])
        yield from self._program()

    def _pass_to(self, time: int, *, idle: bool) -> Steps:
        """time_travel_update_time, which is always called with interrupts disabled."""
        end = Event(onstack=True)
        yield from self._add(end, time)
        finished = idle
        while True:
            event = self._events[0]
            yield from self._update(event.time)
            if event is self._events[0]:
                self._delete(event)
                if self.time != event.time:
                    raise PanicError(f"BUG: at {self.time} instead of {event.time}")
                if event is end:
                    finished = True
                elif event is self._timer:
                    yield from self._alarm()
                else:
                    self._irqs.append(event)
                    event.pending = True
            if self._events:
                yield from self._update_request(self._events[0].time)
            if finished or not end.pending:
                break
        self._delete(end)
        for interrupt in self._irqs:
            interrupt.pending = False
            self.note(f"input {bytes(self._wire)!r}")
            self.tty += self._wire
            self._wire.clear()
        self._irqs.clear()

    def _update(self, time: int) -> Steps:
        if self._has_leave(time):
            self._set_time(time)
        else:
            yield from self._update_request(time)
            yield from self._wait()

    def _has_leave(self, time: int) -> bool:
        return not self._waiting and self._free_until is not None and time < self._free_until

    def _update_request(self, time: int) -> Steps:
        if time != self._requested and not self._has_leave(time):
            self._requested = time
            yield from self._request(Op.REQUEST, time)

    def _wait(self) -> Steps:
        self._requested = self._free_until = None
        self._waiting = True
        yield from self._request(Op.WAIT, self.time)
        while True:
            message = yield True
            if message is None:
                yield from self._interrupt()
                continue
            if message[0] == Op.ACK:
                raise PanicError(f"an ACK that was not waited for: {message}")
            self._obey(message)
            if message[0] == Op.RUN:
                break
        self._waiting = False
        self._requested = None

    def _request(self, operation: Op, time: int) -> Steps:
        """time_travel_ext_req: signals are blocked until it is acknowledged."""
        self._sequence += 1
        sequence = self._sequence
        self.spoken.append((operation, sequence, time))
        self._said += MESSAGE.pack(operation, sequence, time)
        while True:
            message = yield False
            assert message is not None
            if message[0] == Op.ACK:
                break
            if message[0] == Op.RUN:
                raise PanicError(f"RUN is lost in the wait for the ACK of {operation.name}")
            self._obey(message)
        if message[1] != sequence:
            raise PanicError(f"ACK message has different seqno! {message[1]} != {sequence}")
        if operation is Op.GET:
            self._set_time(message[2])
        if self._signal:
            yield from self._interrupt()

    def _obey(self, message: Message) -> None:
        operation, sequence, time = message
        if operation == Op.RUN:
            self._set_time(time)
        elif operation == Op.FREE_UNTIL:
            self._free_until = time
        else:
            raise PanicError(f"unexpected message {message}")
        self._said += MESSAGE.pack(Op.ACK, sequence, 0)

    def _interrupt(self) -> Steps:
        """SIGIO: time_travel_add_irq_event; the edge is told once, a second event is none."""
        self._signal = False
        if self._waiting:
            yield from self._request(Op.GET, ANY_TIME)
        yield from self._add(self._input, self.time)

    def _set_time(self, time: int) -> None:
        if time < self.time:
            raise PanicError(f"time goes backwards {self.time} -> {time}")
        if time >= S64_MAX:
            raise PanicError("the system was going to sleep forever")
        self.time = time

    def _add(self, event: Event, time: int) -> Steps:
        if event.pending:
            return
        event.pending = True
        event.time = time
        behind = (
            place
            for place, other in enumerate(self._events)
            if other.time > time or (other.time == time and other.onstack and event.onstack)
        )
        self._events.insert(next(behind, len(self._events)), event)
        yield from self._update_request(self._events[0].time)

    def _delete(self, event: Event) -> None:
        if event.pending:
            self._events.remove(event)
            event.pending = False
