"""What links have carried between two looks at their counters, and whether that was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lvsnet.engine.link_counters import Counters
from lvsnet.faults.text import RATES
from lvsnet.observe.conditions import COMPARISONS
from lvsnet.scenario.expecting import Verdict
from lvsnet.scenario.model import Carried
from lvsnet.scenario.words import SECOND, times

BITS = 8


@dataclass(frozen=True)
class Look:
    at: int
    """Nanoseconds of the lab's clock."""
    counters: Counters


def carried(expected: Sequence[Carried], before: Sequence[Look], after: Sequence[Look]) -> Verdict:
    """Of links, in the order of ``expected``; what each has carried is told in any case."""
    found = [_one(*three) for three in zip(expected, before, after, strict=True)]
    return Verdict(all(one.met for one in found), ", ".join(one.seen for one in found))


def _one(expected: Carried, before: Look, after: Look) -> Verdict:
    then, now = before.counters, after.counters
    if now.cable != then.cable:
        return Verdict(False, f"{expected.place}: {expected.node} has been off meanwhile")
    if expected.what == "drops":
        return _drops(expected, then, now)
    passed = now.received - then.received if expected.direction == "in" else now.sent - then.sent
    # Both sides are multiplied by the time, so that nothing is divided.
    bits, due = passed * BITS * SECOND, expected.number * (after.at - before.at)
    if expected.within is None:
        met = COMPARISONS[expected.comparison](bits, due)
    else:
        met = abs(bits - due) * 100 <= expected.within * due
    return Verdict(met, f"{expected.place} {_rate(bits / (after.at - before.at))}")


def _drops(expected: Carried, then: Counters, now: Counters) -> Verdict:
    is_in = expected.direction == "in"
    first, last = (one.dropped_in if is_in else one.dropped_out for one in (then, now))
    if last < first:
        return Verdict(False, f"{expected.place}: its shaping was put anew, and counts from 0")
    met = COMPARISONS[expected.comparison](last - first, expected.number)
    return Verdict(met, f"{expected.place} {times(last - first, 'packet')} dropped")


def _rate(bits: float) -> str:
    """Bits a second, with four digits: ``74.93 Mbit/s``."""
    unit, size = next((one for one in RATES if bits >= one[1]), RATES[-1])
    return f"{bits / size:.4g} {unit}/s" if bits < 10**12 else f"{bits / size:.0f} {unit}/s"
