"""The controller of a guest's clock, as a state machine: bytes in, bytes out, no I/O.

A guest in virtual time (``time-travel=ext:``) asks for every step of its clock that it has no leave
for, and stops meanwhile. The protocol is that of include/uapi/linux/um_timetravel.h and
arch/um/kernel/time.c, as lvsnet's own kernel speaks it (``kernel/patches``): WAIT carries the
guest's time, and UPDATE comes before BROADCAST.

A guest that has stopped does so in one of two ways:

* it **waits** for the next of its timers, or for a reading of the clock to cost its bit: it may be
  let run, at exactly the time that it asked for; or woken at once by input on its line;
* it **stands**: its agent has written to ``/sys/kernel/um-ext-time/bc-message`` since it has said
  something, and nothing at all happens in the guest until that is acknowledged.

All times are nanoseconds since the guest's boot.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

MESSAGE = struct.Struct("=IIQ")
"""Operation, sequence number, time."""
NEVER = 1 << 62
"""A guest that asks for a time this late has no timer at all."""
READING = 256
"""What each reading of its clock costs a guest (TIMER_MULTIPLIER of linux/time-internal.h)."""


class Op(IntEnum):
    ACK = 0
    START = 1
    REQUEST = 2
    WAIT = 3
    GET = 4
    UPDATE = 5
    RUN = 6
    FREE_UNTIL = 7
    GET_TOD = 8
    BROADCAST = 9


class Phase(Enum):
    STARTING = auto()
    RUNNING = auto()
    WAITING = auto()
    STANDING = auto()


SAYS = {
    Phase.STARTING: {Op.START},
    Phase.RUNNING: {Op.REQUEST, Op.WAIT, Op.UPDATE, Op.BROADCAST},
    Phase.WAITING: {Op.GET, Op.REQUEST},
    Phase.STANDING: set(),
}
"""What a guest may say, besides ACKs: once it waits only of its input."""


class ClockError(Exception):
    """The guest does not keep to the protocol."""


@dataclass
class Controller:
    """What is known of a guest's clock, and what it is to be told."""

    phase: Phase = Phase.STARTING
    now: int = 0
    """Its time when it stopped last, or a later one that was given out since."""
    request: int = NEVER
    """When it wants to run next; `NEVER` if it has no timer."""
    called: bool = False
    """Whether it was given input since it stopped."""
    _incoming: bytearray = field(default_factory=bytearray)
    _outgoing: bytearray = field(default_factory=bytearray)
    _sequence: int = 0
    _stands_at: int = 0
    """Sequence number of the BROADCAST that is to be acknowledged."""
    _heard: bool = False
    """Whether it has taken note of that input."""
    _asked_at: int | None = None
    """Sequence number of what tells by its ACK that the guest has."""

    @property
    def stopped(self) -> bool:
        """Whether nothing happens in the guest until it is told something."""
        return self.phase in (Phase.WAITING, Phase.STANDING)

    @property
    def due(self) -> int | None:
        """The time at which it may be let run; None while it is to take note of input first."""
        if self.phase is Phase.STANDING:
            return self.now
        if self.called and not self._heard:
            return None
        return self.request

    def receive(self, content: bytes) -> None:
        """Take in what the guest says.

        Raises:
            ClockError: it says what a guest cannot say now.
        """
        self._incoming += content
        whole = len(self._incoming) // MESSAGE.size * MESSAGE.size
        messages = bytes(self._incoming[:whole])
        del self._incoming[:whole]
        for operation, sequence, time in MESSAGE.iter_unpack(messages):
            self._take(operation, sequence, time)

    def take_output(self) -> bytes:
        """What is to be written to the guest, once."""
        output = bytes(self._outgoing)
        self._outgoing.clear()
        return output

    def pass_to(self, time: int) -> None:
        """Let time go on in which nothing happens in the guest: as far as its next timer."""
        if self.phase is not Phase.WAITING or self.due is None:
            raise ValueError("only the time of a guest that waits, and heard its call, can pass")
        if not self.now <= time <= self.request:
            raise ValueError(f"from {self.now} time passes up to {self.request}, not to {time}")
        self.now = time

    def call(self) -> None:
        """Take note that there is input on the line: a guest that waits asks to run at once.

        Or, if the interrupt is pending already, once the reading of the clock is over that holds
        it up: then it asks for nothing (time.c, ``__time_travel_add_event``).
        """
        if self.phase is Phase.WAITING:
            self.called = True
            self._heard = False

    def release(self, until: int) -> None:
        """Let the guest run, and on without asking through all that is due up to ``until``.

        Raises:
            ValueError: it is not stopped, or not due by then.
        """
        due = self.due
        if not self.stopped or due is None or due > until or due >= NEVER:
            raise ValueError(f"a guest that is {self.phase.name}, due {due}, until {until}")
        # A guest runs on while its next time is less than what it was told.
        self._send(Op.FREE_UNTIL, min(until, NEVER) + 1)
        if self.phase is Phase.STANDING:
            self._put(Op.ACK, self._stands_at, 0)
        else:
            self.now = due
            self.request = NEVER
            self._send(Op.RUN, due)
        self.called = False
        self.phase = Phase.RUNNING

    def _take(self, operation: int, sequence: int, time: int) -> None:
        if operation == Op.ACK:
            self._heard = self._heard or (self.called and sequence == self._asked_at)
            return
        if operation not in SAYS[self.phase]:
            raise ClockError(f"operation {operation} while it is {self.phase.name}")
        if operation == Op.START:
            self.phase = Phase.RUNNING
        elif operation == Op.REQUEST:
            self.request = time
        elif operation == Op.WAIT:
            self._reach(time)
            self.phase = Phase.WAITING
        elif operation == Op.GET:
            self._put(Op.ACK, sequence, self.now)
            # A REQUEST, if one follows, comes before the ACK of this; a RUN that came before the
            # guest has made that REQUEST would be lost in the wait for its ACK.
            self._send(Op.FREE_UNTIL, self.now)
            self._asked_at = self._sequence
            return
        elif operation == Op.UPDATE:
            self._reach(time)
        elif operation == Op.BROADCAST:
            self._stands_at = sequence
            self.phase = Phase.STANDING
            return
        self._put(Op.ACK, sequence, 0)

    def _reach(self, time: int) -> None:
        if time < self.now:
            raise ClockError(f"time {time} after {self.now}")
        self.now = time

    def _send(self, operation: Op, time: int) -> None:
        self._sequence += 1
        self._put(operation, self._sequence, time)

    def _put(self, operation: Op, sequence: int, time: int) -> None:
        self._outgoing += MESSAGE.pack(operation, sequence, time)
