"""The course of a scenario: what has happened by now, and letting the lab's time pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lvsnet.errors import LvsnetError
from lvsnet.observe.event import Event
from lvsnet.scenario import watch
from lvsnet.scenario.expecting import Sent
from lvsnet.scenario.watch import Violation, Watches
from lvsnet.scenario.world import World
from lvsnet.traffic.model import Answerer, Load

SECOND = 1_000_000_000
TICK = SECOND // 10
"""Nanoseconds between looks, by a grid of the lab's clock: so that what looks take adds up to
nothing, and a run is repeated exactly."""
PATIENCE = 10.0
"""Seconds that a command in a condition may take at each look."""
GIVE_UP = SECOND
"""Nanoseconds after its timeout until a request is no longer waited for: its node is frozen."""


class OverdueError(LvsnetError):
    """A step's limit, or the scenario's, is over."""


class ViolatedError(LvsnetError):
    """What was always to be so is not."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.seen)
        self.violation = violation


@dataclass(frozen=True)
class Begun:
    """A load that was begun."""

    id: str
    load: Load
    at: int
    serve: tuple[Answerer, ...] = ()
    """Who answers it."""

    @property
    def endless(self) -> bool:
        """Whether somebody has to end it."""
        return self.load.count is None and self.load.seconds is None

    @property
    def due(self) -> int:
        """When its last request is due; when it began if nobody can know."""
        load = self.load
        lasts = [] if load.seconds is None else [load.seconds]
        if load.count is not None and load.rate:
            lasts.append((load.count - 1) / load.rate)
        return self.at + (round(min(lasts) * SECOND) if lasts else 0)


@dataclass
class Course:
    """A scenario that is being carried out."""

    world: World
    watches: Watches
    end: int
    """When the scenario's limit is over."""
    deadline: int
    """When that of the step is, which is not after `end`."""
    events: list[Event] = field(default_factory=list)
    loads: list[Begun] = field(default_factory=list)
    answering: dict[Answerer, str] = field(default_factory=dict)
    """Who answers, and by what that is called."""

    def named(self, load: str) -> list[Begun]:
        """The loads of that name; all of them without one."""
        return [one for one in self.loads if load in ("", one.load.name)]

    def sent(self, load: str) -> list[Sent]:
        """Their requests so far."""
        return [Sent(one.load, self.world.requests(one.id)) for one in self.named(load)]


def begin_serving(course: Course, answerers: Iterable[Answerer]) -> None:
    """Have nodes answer; those that do so for a load that goes on answer this one as well.

    Raises:
        LvsnetError: one of them cannot.
    """
    if course.answering:
        end_serving(course, [one for one in course.loads if not course.world.is_over(one.id)])
    for one in answerers:
        if one not in course.answering:
            course.answering[one] = course.world.serve(one)


def end_serving(course: Course, going_on: Iterable[Begun]) -> None:
    """Have nodes answer no more, but for loads that go on."""
    needed = {answerer for one in going_on for answerer in one.serve}
    for one in [one for one in course.answering if one not in needed]:
        course.world.end_serving(course.answering.pop(one))


def take(course: Course, events: Sequence[Event]) -> None:
    """Take note of what has happened.

    Raises:
        ViolatedError: what was always to be so is not, and was by now.
    """
    course.events += events
    watch.heard(course.watches, events)
    now = course.world.now()
    found = watch.look(course.watches, now, lambda one: course.world.unmet(one, PATIENCE))
    if found is not None:
        raise ViolatedError(found)


def tick(now: int) -> int:
    """The time of the next look."""
    return (now // TICK + 1) * TICK


def pause(course: Course, until: int) -> None:
    """Let time pass until then, or until something happens; it may come back earlier.

    Raises:
        OverdueError: the step's limit is over, and ``until`` is after it.
        ViolatedError: as `take`.
    """
    now = course.world.now()
    if now >= course.deadline < until:
        raise OverdueError("its limit is over")
    least = min(until, course.deadline)
    if course.watches.restless:
        least = min(least, tick(now))
    take(course, course.world.wait(least))


def pause_until(course: Course, until: int) -> None:
    """Let time pass until then, whatever happens. Raises as `pause`."""
    while course.world.now() < until:
        pause(course, until)


def settle(course: Course, loads: Iterable[Begun], at: int) -> None:
    """Wait until what was due before ``at`` is answered or has failed, if that comes to an end.

    Raises as `pause`.
    """
    for one in loads:
        end = at + round(one.load.timeout * SECOND) + GIVE_UP
        while not course.world.settled(one.id, at) and (now := course.world.now()) < end:
            pause(course, min(tick(now), end))
