"""Whether an expectation is met, and what there is, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lvsnet.observe.conditions import COMPARISONS
from lvsnet.scenario.model import Even, Expectation, Holds, Links, Measured, Run, States
from lvsnet.scenario.words import SECOND, lasting, seconds, since, times
from lvsnet.traffic.model import Load, Request, Summary

TIMES = ("outage", "p50", "p90", "p99", "longest")
"""What of `Measured` is seconds; the rest is counted."""
COUNTS = ("requests", "answered")
"""What can be 0 of a load of which nothing was sent; of everything else that says nothing."""


@dataclass(frozen=True)
class Verdict:
    met: bool
    seen: str
    """What there is, in words; empty when nothing was measured."""


@dataclass(frozen=True)
class Sent:
    """A load and its requests so far."""

    load: Load
    requests: tuple[Request, ...]


def in_words(expectation: Expectation) -> str:
    """What is expected, with the numbers that the lab and its matrix gave it."""
    match expectation:
        case Holds(condition):
            return str(condition)
        case States(state, comparison, number, director, service):
            of = "" if service is None else f" for {service}"
            return f"state {state} {comparison} {number} on {director}{of}"
        case Measured(what, comparison, number, load, server):
            by = f" by {server}" if server else ""
            value = seconds(number) if what in TIMES else f"{number:g}"
            return f"{what} {comparison} {value}{by}{_of(load)}"
        case Even(within, weights, load):
            shares = " ".join(f"{server}:{weight}" for server, weight in weights) or "even"
            return f"spread {shares} within {within:g}%{_of(load)}"
        case Run(node, command, code, output):
            ends = "an end" if code is None else f"exit code {code}"
            says = "" if output is None else f" and {output!r} in its output"
            return f"{node}: {command}: {ends}{says}"
        case Links():
            return str(expectation)


def _of(load: str) -> str:
    return f" of {load}" if load else ""


def together(sent: Sequence[Sent], before: int | None = None) -> tuple[Request, ...]:
    """The requests of loads, by time; with ``before``, those that were due earlier.

    Connections are numbered through, so that each is still one of its own.
    """
    if len(sent) == 1:
        found = list(sent[0].requests)
    else:
        found, offset = [], 0
        for one in sent:
            found += [
                replace(request, connection=request.connection + offset) if offset else request
                for request in one.requests
            ]
            offset += max((request.connection for request in one.requests), default=0)
        found.sort(key=lambda request: request.at)  # stable: of one time, in the order of loads
    return tuple(one for one in found if before is None or one.at < before)


def measured(expected: Measured, summary: Summary, begun: int) -> Verdict:
    """Of a load; what cannot be known of one without requests or answers is not met.

    ``begun``: when the scenario began.
    """
    what = expected.what
    if not summary.requests and what not in COUNTS:
        return Verdict(False, "no request was sent")
    if not summary.answered and what in TIMES and what != "outage":
        return Verdict(False, f"none of {times(summary.requests, 'request')} was answered")
    value, seen = _value(expected, summary, begun)
    # In billionths, so that what is to be equal is compared as a whole number.
    met = COMPARISONS[expected.comparison](value, round(expected.number * SECOND))
    return Verdict(met, seen)


def _value(expected: Measured, summary: Summary, begun: int) -> tuple[int, str]:
    """The number, in billionths, and in words."""
    match expected.what:
        case "outage":
            longest = max(
                summary.outages, key=lambda one: (one.end - one.start, -one.start), default=None
            )
            if longest is None:
                return 0, "no outage"
            length = longest.end - longest.start
            going_on = "" if longest.over else ", no answer after it"
            lost = times(longest.lost, "request")
            return length, (
                f"{lasting(length)}, from {since(begun, longest.start)} "
                f"to {since(begun, longest.end)}, {lost} lost{going_on}"
            )
        case "outages":
            each = ", ".join(lasting(one.end - one.start) for one in summary.outages)
            count = len(summary.outages)
            return count * SECOND, times(count, "outage") + (f": {each}" if each else "")
        case "lost":
            why = ", ".join(f"{word} {count}" for word, count in summary.failures)
            seen = f"{summary.lost} of {times(summary.requests, 'request')} lost"
            return summary.lost * SECOND, seen + (f": {why}" if why else "")
        case "requests":
            return summary.requests * SECOND, times(summary.requests, "request")
        case "answered":
            by = {one.server: one.answers for one in summary.spread}
            count = by.get(expected.server, 0) if expected.server else summary.answered
            who = f" by {expected.server}" if expected.server else ""
            seen = f"{count} of {times(summary.requests, 'request')} answered{who}"
            return count * SECOND, seen
        case "p50" | "p90" | "p99" | "longest":
            took = {
                "p50": summary.p50,
                "p90": summary.p90,
                "p99": summary.p99,
                "longest": summary.longest,
            }[expected.what]
            return took, lasting(took)
    raise ValueError(f"nobody measures {expected.what!r} of a load")


def even(expected: Even, summary: Summary, balanced: Sequence[str]) -> Verdict:
    """Of a load; ``balanced`` are the real servers in the tables, which may have answered nothing.

    With answers of others than ``balanced`` has, such as pages that do not name their server, only
    those that answered count: nobody knows then which is which.
    """
    answers = {one.server: one.answers for one in summary.spread}
    if not answers:
        return Verdict(False, "no answers")
    weights = dict(expected.weights) or _same(answers, balanced)
    for server in weights:
        answers.setdefault(server, 0)
    total, whole = sum(answers.values()), sum(weights.values())
    # Both sides are multiplied by the sum of the weights, so that nothing is divided.
    off = [
        abs(count * whole - due) * 100 > expected.within * due
        for server, count in answers.items()
        for due in (total * weights.get(server, 0),)
    ]
    seen = ", ".join(f"{server or 'unnamed'} {answers[server]}" for server in sorted(answers))
    return Verdict(not any(off), seen)


def _same(answers: Mapping[str, int], balanced: Sequence[str]) -> dict[str, int]:
    known = set(answers) <= set(balanced)
    return dict.fromkeys(sorted(set(balanced) if known else set(answers)), 1)


def states(expected: States, seen: Mapping[str, int]) -> Verdict:
    count = seen.get(expected.state, 0)
    met = COMPARISONS[expected.comparison](count, expected.number)
    all_of_them = ", ".join(f"{state} {seen[state]}" for state in sorted(seen))
    return Verdict(met, all_of_them or f"{expected.director} has no connections")


def ran(expected: Run, code: int | None, output: str, patience: float) -> Verdict:
    """``code`` None: no end after ``patience`` seconds."""
    said = output.strip().splitlines()
    last = f", {said[-1]}" if said else ""
    if code is None:
        return Verdict(False, f"no end after {seconds(patience)}{last}")
    if expected.code is not None and code != expected.code:
        return Verdict(False, f"exit code {code}{last}")
    if expected.output is not None:
        found = re.search(expected.output, output)
        if found is None:
            return Verdict(False, f"its output is {_shortened(output)}")
        return Verdict(True, _shortened(found.group()))
    return Verdict(True, said[-1] if said else "")


def _shortened(text: str, most: int = 200) -> str:
    """As a string of Python's, without line breaks."""
    text = text.strip()
    return repr(text if len(text) <= most else text[:most] + "...")
