"""What would make a plan safe that is not: bigger links, or more directors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from lvsnet.spread import planning
from lvsnet.spread.model import Candidate, Director
from lvsnet.spread.question import Question

FURTHER = 6
"""Directors that are added at most, when looking how many would do."""


@dataclass(frozen=True)
class Remedies:
    """Each by itself is enough for the VIPs of a candidate, with no link beyond its limit."""

    factor: Fraction
    """All links so many times as fast; just so, the busiest one is exactly at the limit."""
    directors: int | None
    """So many directors, the further ones as the largest; None: not even with `FURTHER` more."""


def remedies(question: Question, candidates: Sequence[Candidate]) -> tuple[Candidate, Remedies]:
    """Of candidates of which none is safe the nearest to it, and what it takes.

    Raises:
        LvsnetError: see `lvsnet.spread.planning.check`.
    """
    nearest = min(candidates, key=lambda one: (one.busiest_after_loss, len(one.vips)))
    factor = nearest.busiest_after_loss / question.utilisation
    return nearest, Remedies(factor, _directors(question, len(nearest.vips)))


def _directors(question: Question, vips: int) -> int | None:
    site = question.site(vips)
    largest = max(one.capacity for one in site.directors)
    if max(one.load for one in site.vips) > largest * site.utilisation:
        return None  # one VIP alone is too much for any director
    more = list(site.directors)
    for _ in range(FURTHER):
        number = len(more) + 1
        more.append(Director(_unused(site.names, number), largest))
        if number > planning.MOST_DIRECTORS or comb(number, site.losses) > planning.MOST_STATES:
            return None
        if planning.best(question.like(tuple(more)).site(vips)).safe:
            return number
    return None


def _unused(names: Sequence[str], number: int) -> str:
    name = f"lb{number:02}"
    while name in names:
        name += "x"
    return name
