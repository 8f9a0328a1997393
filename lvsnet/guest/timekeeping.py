"""How far a lab's virtual time may go: what its user said, and what needs it just now.

All times are nanoseconds since the guest's boot, and ``wall`` is seconds of the host's clock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from lvsnet.guest.clock import NEVER

SECOND = 1_000_000_000
CHUNK = SECOND
"""What a guest may run on without asking while a command needs time."""
STRETCH = 10 * SECOND
"""The same while nothing but time is asked for: an hour is 360 of these, 5 ms each."""
CREEP = 1_000_000
"""What a command in a paused lab, or one that needs no time, may take: each reading of the clock
costs some nanoseconds."""
SLOWEST, FASTEST = 0.001, 1e6
"""Speeds that a lab can run at beside real time."""


class Mode(StrEnum):
    held = "held"
    """Time passes when something needs it, as fast as it can."""
    paused = "paused"
    """Time passes when it is asked for only."""
    running = "running"
    """Time passes beside the host's."""


@dataclass
class Demand:
    """What needs time just now."""

    hurried: int = 0
    """Commands that are to end as soon as they can."""
    live: int = 0
    """Sessions of somebody who lives in real time: terminals, forwarded connections."""
    brief: int = 0
    """Requests that need time only to be begun, such as that for a log that is followed."""
    targets: Collection[int] = ()
    """Times that are to be reached."""


@dataclass
class Timekeeper:
    """Decides how far time may go; it is told each time how far it is."""

    mode: Mode = Mode.held
    speed: float = 1.0
    _anchor: tuple[float, int] | None = None
    """A time of the host's and the lab's time then, from which its pace is reckoned."""
    _leave: int = 0
    """How far those may go that may take `CREEP` only."""

    def set(self, mode: Mode, speed: float) -> None:
        self.mode = mode
        self.speed = speed
        self._anchor = None

    def began(self, now: int) -> None:
        """Take note that a command begins."""
        self._leave = now + CREEP

    def goes(self, now: int, demand: Demand) -> bool:
        """Whether time passes at all."""
        if demand.targets or self._keeps_pace(demand):
            return True
        if self.mode is Mode.held and demand.hurried:
            return True
        return self._creeps(demand) and now < self._leave

    def until(self, now: int, due: int, demand: Demand, wall: float) -> int:
        """The time up to which a guest may run that is at ``now`` and whose next timer is ``due``.

        It is ``now`` or later. A timer that is due later than that has to wait.
        """
        paced = self.beside(now, demand, wall)
        if demand.targets:
            return max(now, min([*demand.targets, max(now + STRETCH, _timer(due))]))
        if self.mode is Mode.held and demand.hurried:
            return max(now + CHUNK, _timer(due))
        return max(paced, self._leave) if self._creeps(demand) else paced

    def wakes(self, due: int, demand: Demand) -> float | None:
        """When, by the host's clock, a timer is due that has to wait; None: not by itself."""
        if self._anchor is None or due >= NEVER or not self._keeps_pace(demand):
            return None
        wall, time = self._anchor
        return wall + (due - time) / SECOND / self._pace()

    def beside(self, now: int, demand: Demand, wall: float) -> int:
        """How far the host's clock has brought the lab's; ``now`` where it does not count."""
        if not self._keeps_pace(demand):
            self._anchor = None
            return now
        if self._anchor is not None:
            began, time = self._anchor
            reached = time + int((wall - began) * self._pace() * SECOND)
            if reached >= now:
                return reached
        # It begins, or something else has moved the clock farther: it goes on from there.
        self._anchor = wall, now
        return now

    def _creeps(self, demand: Demand) -> bool:
        if self.mode is Mode.paused:
            return demand.hurried + demand.live + demand.brief > 0
        return self.mode is Mode.held and demand.brief > 0

    def _keeps_pace(self, demand: Demand) -> bool:
        return self.mode is Mode.running or (self.mode is Mode.held and demand.live > 0)

    def _pace(self) -> float:
        return self.speed if self.mode is Mode.running else 1.0


def _timer(due: int) -> int:
    return due if due < NEVER else 0
