"""What became of a load, from its requests: losses, spread, outages, percentiles.

Expectations of a scenario are judged by it where the nodes are, again and again: it uses the
standard library only, and takes time in proportion to their number.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvsnet.traffic.model import Outage, Request, Share, Summary


def summary(requests: Sequence[Request]) -> Summary:
    """What became of requests, in any order; all zeros and empty without any."""
    answered = [one for one in requests if one.answered]
    took = sorted(one.took for one in answered)
    failures = Counter(one.failure for one in requests if not one.answered)
    spread = Counter(one.server for one in answered)
    return Summary(
        requests=len(requests),
        answered=len(answered),
        lost=len(requests) - len(answered),
        failures=tuple(sorted(failures.items(), key=lambda one: (-one[1], one[0]))),
        spread=tuple(Share(server, count) for server, count in sorted(spread.items())),
        outages=outages(requests),
        p50=percentile(took, 50),
        p90=percentile(took, 90),
        p99=percentile(took, 99),
        longest=took[-1] if took else 0,
        begun=min((one.at for one in requests), default=0),
        ended=max((one.over for one in requests), default=0),
    )


def percentile(ordered: Sequence[int], per_cent: int) -> int:
    """By nearest rank: the smallest of ``ordered`` that so many per cent do not exceed; else 0."""
    return ordered[-(-per_cent * len(ordered) // 100) - 1] if ordered else 0


def outages(requests: Sequence[Request]) -> tuple[Outage, ...]:
    """Times in which no client had an answer, in their order; none overlaps another.

    An outage is a run of requests that failed, by the times at which all clients sent them, with
    no answered one between. No answer came within it, not even a late one: it lasts from the last
    answer to what was sent before the run, to the first answer to what was sent after it. Of
    connections that are held, the break of one is such a run as well.
    """
    # Of those sent at the same time the answered ones come first.
    ordered = sorted(requests, key=lambda one: (one.at, not one.answered))
    found: list[Outage] = []
    for run in _runs(ordered):
        if found and run.end <= found[-1].end:
            # What was sent between the two runs was answered later than what was sent after them.
            before = found.pop()
            lost = before.lost + run.lost
            found.append(Outage(before.start, before.end, lost, before.over))
        else:
            found.append(Outage(run.start, run.end, run.lost, run.over))
    return tuple(found)


@dataclass(frozen=True)
class _Run:
    start: int
    end: int
    lost: int
    over: bool


def _runs(ordered: Sequence[Request]) -> Iterator[_Run]:
    """The runs of failed requests, each as long as no answer came."""
    first_after = _first_answers(ordered)
    answers: list[int] = []  # when those that were sent before a run were answered, sorted
    position = 0
    while position < len(ordered):
        begin = position
        while position < len(ordered) and not ordered[position].answered:
            position += 1
        if position > begin:
            failed = ordered[begin:position]
            came = first_after[position]
            end = max(one.over for one in failed) if came is None else came
            earlier = bisect_right(answers, end)
            start = answers[earlier - 1] if earlier else failed[0].at
            yield _Run(start, end, len(failed), came is not None)
        while position < len(ordered) and ordered[position].answered:
            insort(answers, ordered[position].over)  # nearly always at the end
            position += 1


def _first_answers(ordered: Sequence[Request]) -> list[int | None]:
    """By position: when the first answer came to what was sent there or later."""
    found: list[int | None] = [None] * (len(ordered) + 1)
    for position in range(len(ordered) - 1, -1, -1):
        one, later = ordered[position], found[position + 1]
        if one.answered:
            found[position] = one.over if later is None else min(one.over, later)
        else:
            found[position] = later
    return found
