"""What is said of scenarios that have run: of each that failed, why, and how to see it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lvsnet.scenario.result import FAILED as STEP_FAILED
from lvsnet.scenario.result import LoadResult, Outcome, StepResult
from lvsnet.testing import timeline
from lvsnet.testing.model import ERROR, FAILED, NOT_RUN, PASSED, Result, shown
from lvsnet.testing.timeline import SECOND, Line

INDENT = "  "
MOST_OUTAGES = 5
"""Outages of a load that are told one by one."""


def failure(result: Result, place: Sequence[str] = ()) -> str:
    """All that is said of a task that has not passed; ``place``: options of where it ran."""
    lines = [f"{result.state.upper()} {result.task.name}"]
    if result.error:
        lines += _indented(result.error.splitlines())
    if result.outcome is not None:
        lines += _indented(_of_outcome(result, result.outcome))
    lines += _indented(_where_to_look(result, place))
    return "\n".join(lines)


def _of_outcome(result: Result, outcome: Outcome) -> Iterator[str]:
    failed = [one for one in (*outcome.steps, *outcome.always) if one.state == STEP_FAILED]
    for one in failed:
        yield from step(result, one)
    for load in outcome.loads:
        yield from of_load(load, outcome.begun)
    lines = tuple(timeline.moved(timeline.around(outcome), outcome.begun))
    if lines:
        yield "what happened, in seconds of the lab's time since the scenario began:"
        yield from _indented(of_timeline(lines))


def step(result: Result, one: StepResult) -> Iterator[str]:
    """Where a step is, what was expected and what was seen."""
    yield f"{shown(result.task.source)}:{one.line}: {one.text}"
    said = (("expected", one.expected), ("seen", one.seen), ("said", one.said))
    for word, text in said:
        if text:
            first, *rest = text.splitlines() or [""]
            yield f"{INDENT}{f'{word}:':<10}{first}"
            yield from (f"{INDENT}{'':<10}{line}" for line in rest)


def of_load(load: LoadResult, origin: int) -> Iterator[str]:
    """What became of a load's requests: lost ones and outages in sum."""
    seen = load.summary
    spread = ", ".join(f"{one.server} {one.answers}" for one in seen.spread)
    by = f" by {spread}" if spread else ""
    yield f"traffic {load.name} to {load.target}: {seen.answered} of {seen.requests} answered{by}"
    if seen.lost:
        why = ", ".join(f"{reason} {count}" for reason, count in seen.failures)
        yield f"{INDENT}{seen.lost} lost: {why}"
    for outage in seen.outages[:MOST_OUTAGES]:
        end = f"to {_seconds(outage.end - origin)} s" if outage.over else "and on to the end"
        yield (
            f"{INDENT}outage of {outage.seconds:.3f} s, {_seconds(outage.start - origin)} s {end}, "
            f"{outage.lost} lost"
        )
    more = len(seen.outages) - MOST_OUTAGES
    if more > 0:
        yield f"{INDENT}and {more} more outage{'s' if more > 1 else ''}"


def of_timeline(lines: Sequence[Line | int]) -> Iterator[str]:
    """Columns: time in seconds, node, what happened."""
    nodes = [len(one.node) for one in lines if not isinstance(one, int)]
    wide = max(nodes, default=0)
    for one in lines:
        if isinstance(one, int):
            yield f"{'':>9}  ({one} more)"
        else:
            yield f"{_seconds(one.at):>9}  {one.node:<{wide}}  {one.text}"


def _where_to_look(result: Result, place: Sequence[str]) -> Iterator[str]:
    if result.kept:
        yield f"its lab still runs: lvsnet inspect {result.kept}; lvsnet destroy {result.kept}"
    if result.state != NOT_RUN:
        yield f"again: {result.task.command(result.clock, place)}"


def totals(results: Sequence[Result], seconds: float) -> str:
    """``11 passed, 1 failed in 8.2 s``."""
    count = Counter(one.state for one in results)
    words = [
        f"{count[state]} {state if state != ERROR or count[state] == 1 else 'errors'}"
        for state in (PASSED, FAILED, ERROR, NOT_RUN)
        if count[state]
    ]
    return f"{', '.join(words) or 'nothing run'} in {seconds:.1f} s"


def of_repeats(results: Sequence[Result]) -> Iterator[str]:
    """For each scenario that ran several times, how often it passed, and with which seeds not."""
    titles = dict.fromkeys(one.task.title for one in results if one.task.repeats > 1)
    for title in titles:
        runs = [one for one in results if one.task.title == title]
        passed = sum(one.state == PASSED for one in runs)
        seeds = [
            str(one.task.seed)
            for one in runs
            if one.state in (FAILED, ERROR) and one.task.seed is not None
        ]
        wrong = f"; not with seed {', '.join(dict.fromkeys(seeds))}" if seeds else ""
        yield f"{title}: {passed} of {len(runs)} passed{wrong}"


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / SECOND:.3f}"


def _indented(lines: Iterator[str] | Sequence[str]) -> list[str]:
    return [f"{INDENT}{line}" for line in lines]
