"""Carrying out a step of a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Clear, Order, Partition, Put
from lvsnet.observe.event import Event
from lvsnet.scenario import carrying, expecting
from lvsnet.scenario.carrying import Look
from lvsnet.scenario.course import (
    PATIENCE,
    SECOND,
    Begun,
    Course,
    OverdueError,
    ViolatedError,
    begin_serving,
    end_serving,
    pause,
    pause_until,
    settle,
    tick,
)
from lvsnet.scenario.expecting import Verdict
from lvsnet.scenario.model import (
    Break,
    Even,
    Expect,
    Expectation,
    Finish,
    Holds,
    Links,
    Measured,
    Run,
    Send,
    States,
    Stays,
    Step,
    Wait,
)
from lvsnet.scenario.words import lasting, seconds, times
from lvsnet.traffic.model import Summary

GRID = SECOND // 1000
"""Nanoseconds: a wait ends at a whole millisecond of the lab's clock."""
LEAST = 1.0
"""Seconds that a command may take at the last look."""


@dataclass(frozen=True)
class Done:
    """What came of a step."""

    passed: bool
    seen: str = ""
    expected: str = ""


def carry_out(step: Step, course: Course) -> Done:
    """Raises LvsnetError: the lab refuses, the step's limit is over, or something is violated."""
    match step.act:
        case Send():
            return _send(step.act, course)
        case Finish(loads):
            return _finish(loads, course)
        case Break(order):
            return _break(order, step, course)
        case Wait(length):
            end = course.world.now() + round(length * SECOND)
            pause_until(course, -(-end // GRID) * GRID)
            return Done(True)
        case Expect(Links() as links):
            return _carried(links, course)
        case Expect(expectation, within):
            return _expect(expectation, round(within * SECOND), course)
        case Stays(expectation, length):
            return _stays(expectation, round(length * SECOND), course)


def _send(send: Send, course: Course) -> Done:
    load = send.load
    begin_serving(course, send.serve)
    at = course.world.now()
    begun = Begun(course.world.begin(load), load, at, send.serve)
    course.loads.append(begun)
    clients = " and ".join(load.clients)
    text = f"traffic {load.name}: {clients} to {load.target}"
    course.events.append(Event(at, "traffic", "", "begun", load.name, text))
    return Done(True)


def _finish(names: tuple[str, ...], course: Course) -> Done:
    chosen = [one for one in course.loads if not names or one.load.name in names]
    for one in chosen:
        if one.endless:
            course.world.stop(one.id)
    for one in chosen:
        # What ends it earlier, such as its node's power loss, is an event.
        while not course.world.is_over(one.id):
            until = max(tick(course.world.now()), 0 if one.endless else one.due)
            try:
                pause(course, until)
            except OverdueError as error:
                so_far = times(len(course.world.requests(one.id)), "request")
                raise OverdueError(f"{one.load.name} goes on, {so_far} so far") from error
    end_serving(course, [one for one in course.loads if one not in chosen])
    found = [request for one in chosen for request in course.world.requests(one.id)]
    lost = sum(not request.answered for request in found)
    return Done(True, f"{times(len(found), 'request')}, {lost} lost" if chosen else "")


def _break(order: Order, step: Step, course: Course) -> Done:
    begun = course.world.now()
    subject = step.text.partition(":")[2].strip() or step.text
    what = "put" if isinstance(order, Put) else "mended"
    course.world.order(order)
    # At its begin, so that what comes of it is told after it.
    course.events.append(Event(begun, "fault", _node(order), what, subject, f"fault: {subject}"))
    took = course.world.now() - begun
    if begun + took > course.deadline:
        raise OverdueError("its limit is over")
    return Done(True, lasting(took) if took >= GRID else "")


def _node(order: Order) -> str:
    if isinstance(order, Clear):
        return order.node
    return "" if isinstance(order.fault, Partition) else order.fault.node


def _expect(expectation: Expectation, within: int, course: Course) -> Done:
    begun = course.world.now()
    end = begun + within
    if isinstance(expectation, Measured | Even):
        settle(course, course.named(expectation.load), begun)
    before: int | None = begun
    while True:
        looked = course.world.now()
        last = min(end, course.deadline)
        # One that is looked at once may take its time.
        left = ((last if within else course.deadline) - looked) / SECOND
        verdict = _look(expectation, course, before, left)
        if verdict.met:
            waited = lasting(looked - begun) if within else ""
            return Done(True, ", ".join(one for one in (waited, verdict.seen) if one))
        if course.world.now() >= last:
            return Done(False, verdict.seen, _wanted(expectation, within, end > last))
        # What was sent after the step's begin counts from now on.
        before = None
        pause(course, min(tick(course.world.now()), last))


def _wanted(expectation: Expectation, within: int, cut: bool) -> str:
    words = expecting.in_words(expectation)
    if within:
        words += f" within {seconds(within / SECOND)}"
    return words + (", but the limit is over before" if cut else "")


def _carried(links: Links, course: Course) -> Done:
    try:
        before = _counted(links, course)
        pause_until(course, before[0].at + round(links.seconds * SECOND))
        verdict = carrying.carried(links.links, before, _counted(links, course))
    except (OverdueError, ViolatedError):
        raise
    except LvsnetError as error:
        verdict = Verdict(False, str(error))  # such as of a node that is off
    return Done(verdict.met, verdict.seen, str(links))


def _counted(links: Links, course: Course) -> list[Look]:
    return [
        Look(course.world.now(), course.world.counters(one.node, one.interface))
        for one in links.links
    ]


def _stays(expectation: Expectation, length: int, course: Course) -> Done:
    begun = course.world.now()
    end = begun + length
    wanted = f"{expecting.in_words(expectation)} for {seconds(length / SECOND)}"
    while True:
        looked = course.world.now()
        if looked >= end and isinstance(expectation, Measured | Even):
            settle(course, course.named(expectation.load), end)
        left = (min(end, course.deadline) - looked) / SECOND
        verdict = _look(expectation, course, end if looked >= end else None, left)
        if not verdict.met:
            return Done(False, f"after {lasting(looked - begun)}: {verdict.seen}", wanted)
        if looked >= end:
            return Done(True, verdict.seen)
        pause(course, min(tick(course.world.now()), end))


def _look(expectation: Expectation, course: Course, before: int | None, left: float) -> Verdict:
    """Whether it is met now. ``left``: seconds until it has to be.

    Of a load's requests those count that are over; with ``before``, of those due earlier only.
    """
    try:
        return _judge(expectation, course, before, left)
    except LvsnetError as error:
        return Verdict(False, str(error))  # such as of a node that boots just now


def _judge(expectation: Expectation, course: Course, before: int | None, left: float) -> Verdict:
    world = course.world
    match expectation:
        case Holds(condition):
            missing = world.unmet(condition, min(PATIENCE, max(LEAST, left)))
            return Verdict(not missing, missing)
        case States(director=director, service=service):
            return expecting.states(expectation, world.states(director, service))
        case Measured(load=load):
            return expecting.measured(
                expectation, _summary(course, load, before), course.watches.begun
            )
        case Even(load=load):
            balanced = () if expectation.weights else _balanced(course, load)
            return expecting.even(expectation, _summary(course, load, before), balanced)
        case Run(node, command):
            patience = max(LEAST, left)
            code, output = world.run(node, command, patience)
            return expecting.ran(expectation, code, output, patience)
        case Links():
            raise LvsnetError(f"{expectation}: is measured once, in its own time")


def _summary(course: Course, load: str, before: int | None) -> Summary:
    from lvsnet.traffic import analysis  # not every scenario has traffic

    return analysis.summary(expecting.together(course.sent(load), before))


def _balanced(course: Course, load: str) -> tuple[str, ...]:
    found: list[str] = []
    for one in course.named(load):
        found += [name for name in course.world.balanced(one.load.target) if name not in found]
    return tuple(found)
