"""Running a scenario: its steps one after the other, and what came of them.

Nothing here knows more of a lab than `World` tells: no other clock, and nothing that is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from lvsnet.errors import LvsnetError
from lvsnet.observe.event import Event
from lvsnet.observe.sample import Sample
from lvsnet.scenario import steps, watch
from lvsnet.scenario.course import (
    GIVE_UP,
    SECOND,
    Begun,
    Course,
    OverdueError,
    ViolatedError,
    end_serving,
    take,
)
from lvsnet.scenario.course import tick as next_tick
from lvsnet.scenario.model import Scenario, Step
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, LoadResult, Outcome, StepResult
from lvsnet.scenario.steps import Done
from lvsnet.scenario.words import seconds, times
from lvsnet.scenario.world import World
from lvsnet.traffic.model import Request, Summary

Tell = Callable[[StepResult], None]


def run(scenario: Scenario, world: World, tell: Tell) -> Outcome:
    """Carry out a scenario; each step's result is told as soon as there is one.

    After a step that failed no other is carried out. Loads are ended; faults stay as they are.

    Raises:
        LvsnetError: the lab cannot be watched, or a load has failed of itself and no step says so.
    """
    begun = world.now()
    end = begun + round(scenario.limit * SECOND)
    watches = watch.begin(scenario.always, world.holders(), begun)
    course = Course(world, watches, end, end)
    results: list[StepResult] = []
    for step in scenario.steps:
        if results and results[-1].state != PASSED:
            result = StepResult(step.text, step.line, SKIPPED, 0, 0)
        else:
            result = _carry_out(step, scenario, course)
            course.events.append(step_event(result))
        tell(result)
        results.append(result)
    failed = any(one.state != PASSED for one in results)
    loads = _end(course, failed)
    rest = world.rest()
    packets = world.packets()
    ended = world.now()
    watch.heard(watches, rest)
    watch.close(watches, ended)
    always = _always(course, begun, ended)
    told = [*course.events, *rest, *(event for one in loads for event in _told(one))]
    return Outcome(
        passed=all(one.state == PASSED for one in (*results, *always)),
        begun=begun,
        ended=ended,
        steps=tuple(results),
        always=always,
        events=tuple(sorted(told, key=lambda event: event.at)),  # stable: in the order of above
        loads=tuple(loads),
        initial=tuple(replace(event, at=begun) for event in world.initial()),
        samples=tuple(_since(world.samples(), begun)),
        packets=None if packets is None else tuple(one for one in packets if one.at >= begun),
    )


def step_event(result: StepResult) -> Event:
    """That a step is over, which was not skipped."""
    what = "passed" if result.state == PASSED else "failed"
    text = f"{result.text}: {what}" + (f", {result.seen}" if result.seen else "")
    return Event(result.ended, "step", "", what, str(result.line), text)


def _carry_out(step: Step, scenario: Scenario, course: Course) -> StepResult:
    begun = course.world.now()
    course.deadline = min(begun + round(step.limit * SECOND), course.end)
    try:
        take(course, course.world.wait(begun))
        if begun >= course.end:
            raise OverdueError("it was not begun")
        done = steps.carry_out(step, course)
        if done.passed:
            take(course, course.world.wait(course.world.now()))
    except ViolatedError as error:
        always = scenario.always[error.violation.number]
        done = Done(False, error.violation.seen, f"always: {always.text.removeprefix('always: ')}")
    except OverdueError as error:
        whole = course.deadline == course.end
        limit = seconds(scenario.limit if whole else step.limit)
        of = "the scenario" if whole else "the step"
        done = Done(False, f"{error}", f"an end within {limit}, the limit of {of}")
    except LvsnetError as error:
        done = Done(False, str(error))
    return StepResult(
        text=step.text,
        line=step.line,
        state=PASSED if done.passed else FAILED,
        begun=begun,
        ended=course.world.now(),
        expected="" if done.passed else done.expected,
        seen=done.seen,
        said=step.on_pass if done.passed else step.on_fail,
    )


def _end(course: Course, failed: bool) -> list[LoadResult]:
    """End the loads, wait for the requests that are under way, and forget them.

    One that has failed of itself is over; that it has is raised unless a step has ``failed``.
    """
    world = course.world

    def is_over(one: Begun) -> bool:
        try:
            return world.is_over(one.id)
        except LvsnetError:
            if failed:
                return True
            raise

    going = [one for one in course.loads if not is_over(one)]
    for one in going:
        world.stop(one.id)
    timeout = max((one.load.timeout for one in going), default=0.0)
    until = world.now() + round(timeout * SECOND) + GIVE_UP
    while (now := world.now()) < until and not all(map(is_over, going)):
        events = world.wait(min(next_tick(now), until))
        course.events += events
        watch.heard(course.watches, events)
    end_serving(course, ())
    found = [_result(one, world.requests(one.id)) for one in course.loads]
    for one in course.loads:
        world.forget(one.id)
    return found


def _result(begun: Begun, requests: tuple[Request, ...]) -> LoadResult:
    from lvsnet.traffic import analysis  # not every scenario has traffic

    return LoadResult(begun.load.name, str(begun.load.target), analysis.summary(requests), requests)


def _always(course: Course, begun: int, ended: int) -> tuple[StepResult, ...]:
    found = []
    for number, one in enumerate(course.watches.always):
        broken = course.watches.broken.get(number)
        if broken is None:
            seen = watch.in_words(course.watches, number)
            found.append(StepResult(one.text, one.line, PASSED, begun, ended, seen=seen))
        else:
            expected = f"always: {one.text.removeprefix('always: ')}"
            found.append(
                StepResult(one.text, one.line, FAILED, begun, broken.at, expected, broken.seen)
            )
    return tuple(found)


def _since(samples: Iterable[Sample], begun: int) -> Iterator[Sample]:
    """Without what was before ``begun``, but what was so at that time."""
    for _, group in groupby(samples, lambda one: (one.node, one.service, one.real_server)):
        before: Sample | None = None
        for one in group:
            if one.at < begun:
                before = replace(one, at=begun)
                continue
            if before is not None and one.at > begun:
                yield before
            before = None
            yield one
        if before is not None:
            yield before


def _told(load: LoadResult) -> list[Event]:
    """What became of a load, as events: outages, each request that was lost, and its end."""
    summary = load.summary
    if not summary.requests:
        return []
    text = f"traffic {load.name}: {times(summary.requests, 'request')}, {summary.lost} lost"
    return [
        *_outages(load.name, summary),
        *_lost(load.name, load.requests),
        Event(summary.ended, "traffic", "", "ended", load.name, text),
    ]


def _outages(name: str, summary: Summary) -> Iterator[Event]:
    from lvsnet.traffic import story  # not every scenario has traffic

    for one in summary.outages:
        yield story.begun(name, one)
        if one.over:
            yield story.answered(name, one)


def _lost(name: str, requests: Sequence[Request]) -> list[Event]:
    return [
        Event(one.at, "traffic", one.client, "lost", name, f"traffic {name}: {one.failure}")
        for one in requests
        if not one.answered
    ]
