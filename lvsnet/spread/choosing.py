"""Which numbers of VIPs are worth a look, and which of them is to be recommended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm

from lvsnet.spread import levels
from lvsnet.spread.model import Candidate, Director, Site
from lvsnet.spread.planning import MOST_VIPS
from lvsnet.spread.question import Question
from lvsnet.spread.scaled import scaled

ROWS = 12
"""Numbers of VIPs that are looked at one after the other, from the smallest."""
SEARCHED = 40
"""Numbers of VIPs up to which a plan below the limit is looked for, when plans must be searched.

With one loss there is nothing to search, and all numbers are looked at."""

Planner = Callable[[Site], Candidate | None]


@dataclass(frozen=True)
class Answer:
    """The candidates, and those of them that are worth naming."""

    candidates: tuple[Candidate, ...]
    """Fewest VIPs first, one for each number."""
    recommended: Candidate | None
    """The fewest VIPs with all directors active and every link below its limit."""
    fewest_safe: Candidate | None
    """The fewest with all directors active and no link beyond its limit."""
    even: Candidate | None
    """The fewest with all directors equally used, whichever are lost."""
    looked_up_to: int
    """The largest number of VIPs that was looked at."""

    @property
    def at_limit(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.at_limit)


def answered(question: Question, plan: Planner) -> Answer:
    """The candidates of a question whose VIPs are open, each as ``plan`` plans it.

    Raises:
        LvsnetError: see `lvsnet.spread.planning.check`.
    """
    directors = len(question.directors)
    even = evenly(question.directors, question.losses)
    begin = max(1, directors - 2)
    top = begin + ROWS - 1 if even is None else max(directors + 1, even)
    found: dict[int, Candidate] = {}

    def look(count: int) -> None:
        if (candidate := plan(question.site(count))) is not None:
            found[count] = candidate

    for count in range(begin, min(top, begin + ROWS - 1, MOST_VIPS) + 1):
        look(count)
    if even is not None and even not in found:
        look(even)
    reached = max((count for count in found if count != even), default=begin)
    if not _any(found, _good, reached):
        reached = _further(question, plan, found, reached)
    return told(found, reached)


def told(found: dict[int, Candidate], looked_up_to: int) -> Answer:
    """The answer that candidates are, which are given by their number of VIPs."""
    return Answer(
        tuple(found[count] for count in sorted(found)),
        _first(found, _good),
        _first(found, _just),
        _first(found, lambda one: one.even),
        looked_up_to,
    )


def evenly(directors: tuple[Director, ...], losses: int) -> int | None:
    """The fewest VIPs of equal load that can be held evenly in every state.

    Each number of directors that can be up must divide them. None when links differ, or when that
    is more VIPs than there can be.
    """
    if len({one.capacity for one in directors}) > 1:
        return None
    found = lcm(*range(len(directors) - losses, len(directors) + 1))
    return found if found <= MOST_VIPS else None


def _further(question: Question, plan: Planner, found: dict[int, Candidate], begin: int) -> int:
    """Look for larger numbers of VIPs that can be recommended, and that are safe if none is so far.

    Those of which the arithmetic says that they are too few are left out. What is found is added;
    the largest number that was looked at is returned.
    """
    end = MOST_VIPS if question.losses == 1 else SEARCHED
    for count in range(max(begin + 1, len(question.directors)), end + 1):
        site = question.site(count)
        whole = scaled(site)
        lowest = levels.lowest(whole) * whole.unit
        enough = _any(found, _just, count)
        if lowest > site.utilisation or (lowest == site.utilisation and enough):
            continue
        candidate = found.get(count) or plan(site)
        if candidate is None:
            continue
        if _good(candidate) or (_just(candidate) and not enough):
            found[count] = candidate
        if _good(candidate):
            return count
    return end


def _good(candidate: Candidate) -> bool:
    return candidate.all_active and candidate.below_limit


def _just(candidate: Candidate) -> bool:
    return candidate.all_active and candidate.safe


def _any(found: dict[int, Candidate], wanted: Callable[[Candidate], bool], up_to: int) -> bool:
    """Whether one of the numbers up to this one is such a candidate."""
    return any(wanted(one) for count, one in found.items() if count <= up_to)


def _first(found: dict[int, Candidate], wanted: Callable[[Candidate], bool]) -> Candidate | None:
    return next((found[count] for count in sorted(found) if wanted(found[count])), None)
