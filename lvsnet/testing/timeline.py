"""The time line of a scenario around the step that failed: a line for each event that tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from lvsnet.observe.event import Event
from lvsnet.scenario.result import FAILED, Outcome, StepResult

SECOND = 1_000_000_000
BEFORE, AFTER = 10 * SECOND, 2 * SECOND
"""Nanoseconds of the lab's time that are shown around a step."""
MOST = 40
"""Lines that are shown; of more, those in the middle are left out."""
ALIKE = 3
"""So many events of one kind, one after the other, become one line."""


@dataclass(frozen=True)
class Line:
    """An event, or several alike."""

    at: int
    """Nanoseconds of the lab's clock."""
    node: str
    text: str


def around(outcome: Outcome) -> tuple[Line | int, ...]:
    """What happened around the failure: lines, and where some are left out, how many.

    Of an outcome whose steps all passed, such as one that broke what is always watched, all of it
    counts.
    """
    failed = failure(outcome)
    begun, ended = (failed.begun, failed.ended) if failed else (outcome.begun, outcome.ended)
    seen = [one for one in outcome.events if begun - BEFORE <= one.at <= ended + AFTER]
    lines = list(gathered(one for one in seen if not _has_a_step(one)))
    if len(lines) <= MOST:
        return tuple(lines)
    half = MOST // 2
    return (*lines[:half], len(lines) - 2 * half, *lines[-half:])


def failure(outcome: Outcome) -> StepResult | None:
    """The step that failed, or else the first that was always watched and broken; None: none."""
    results = (*outcome.steps, *outcome.always)
    return next((one for one in results if one.state == FAILED), None)


def _has_a_step(event: Event) -> bool:
    """Whether the line of a step, which comes with it in any case, tells the same and more."""
    return event.kind == "traffic" and event.what == "begun"


def gathered(events: Iterable[Event]) -> Iterator[Line]:
    """Lines for events, of which those that are alike and follow each other are one."""
    for _key, group in groupby(enumerate(events), key=lambda one: _likeness(*one)):
        alike = [event for _place, event in group]
        if len(alike) < ALIKE:
            yield from (Line(one.at, one.node, one.text) for one in alike)
        else:
            yield _summed(alike)


def _likeness(place: int, event: Event) -> tuple[object, ...]:
    """What only traffic has so much of that it hides the rest."""
    if event.kind in ("traffic", "arp", "nd"):
        return event.kind, event.what, event.node, event.subject
    return (place,)


def _summed(alike: Sequence[Event]) -> Line:
    first, last = alike[0], alike[-1]
    seconds = (last.at - first.at) / SECOND
    return Line(first.at, first.node, f"{first.text} ({len(alike)} such in {seconds:.3f} s)")


def moved(lines: Iterable[Line | int], by: int) -> Iterator[Line | int]:
    """The lines with ``by`` nanoseconds taken from their times."""
    for one in lines:
        yield one if isinstance(one, int) else replace(one, at=one.at - by)
