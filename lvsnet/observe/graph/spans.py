"""How far bars reach, and which of them lie above one another in one layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lvsnet.observe.graph import sizes
from lvsnet.observe.graph.scene import Bar
from lvsnet.observe.graph.sizes import GAP, PAD, SLOT


@dataclass(frozen=True)
class Span:
    begin: float
    end: float
    level: int
    """0 for the uppermost of its layer."""


def spans(
    bars: Sequence[Bar],
    depth: Mapping[str, int],
    ends: Mapping[str, Sequence[float]],
    passing: Mapping[str, Sequence[float]],
) -> Mapping[str, Span]:
    """Bar -> where it lies.

    ``ends`` are the places of its links, ``passing`` those of others' on their way across it.
    """
    found: dict[str, Span] = {}
    reached = {one.name: _reach(one, ends[one.name], passing[one.name]) for one in bars}
    for one in sorted(bars, key=lambda bar: reached[bar.name]):
        begin, end = reached[one.name]
        beside = [found[name] for name in found if depth[name] == depth[one.name]]
        level = 0
        while any(two.level == level and begin < two.end + GAP for two in beside):
            level += 1
        found[one.name] = Span(begin, end, level)
    return found


def _reach(bar: Bar, ends: Sequence[float], passing: Sequence[float]) -> tuple[float, float]:
    needed = sizes.words(bar) + 2 * PAD + SLOT * 2
    begin, end = min(ends, default=0.0) - needed, max(ends, default=0.0) + SLOT * 2.5
    # What it is called is not crossed by links on their way to others.
    for x in sorted(passing, reverse=True):
        if begin - SLOT * 2 < x < begin + needed:
            begin = x - needed
    return begin, end
