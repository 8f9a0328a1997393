"""The answer for people: a table with bars, the recommendation and the priorities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import comb

from lvsnet.spread.choosing import Answer
from lvsnet.spread.model import Candidate
from lvsnet.spread.priorities import priorities
from lvsnet.spread.question import Question
from lvsnet.spread.rates import percent, written
from lvsnet.spread.remedies import remedies

BAR = 12
"""Characters of a bar that stands for a whole link."""
LONGEST = 18
"""Characters of the longest bar, which may stand for more."""
BLOCK = "█"


def lines(question: Question, answer: Answer, block: str = BLOCK) -> list[str]:
    """All that `lvsnet plan vips` says; bars are made of ``block``."""
    found = [*_asked(question), ""]
    found += table(list(_rows(question, answer, block)))
    found += ["", *verdict(question, answer)]
    if (shown := shown_plan(answer)) is not None:
        found += [
            "",
            f"Priorities, for {_vips(shown)}:",
            *table(list(_priorities(question, shown))),
        ]
    return found


def shown_plan(answer: Answer) -> Candidate | None:
    """The plan whose priorities are wanted most: the recommended one, else one that is safe."""
    if answer.recommended is not None:
        return answer.recommended
    safe = [one for one in answer.candidates if one.safe]
    if len(answer.candidates) == 1:
        return answer.candidates[0]
    return answer.fewest_safe or next(iter(safe), None)


def verdict(question: Question, answer: Answer) -> list[str]:
    """What is recommended, and why or why not; what is beside it; what is proven."""
    found: list[str] = []
    best = answer.recommended
    if best is not None:
        why = "the fewest with all directors active and every link below its limit"
        if len(answer.candidates) == 1:
            why = "all directors are active and every link stays below its limit"
        found.append(f"Recommended: {_vips(best)}: {why}.")
    else:
        found += _none(question, answer)
    found += _beside(answer)
    found += _proven(answer)
    return found


def idle(question: Question, candidate: Candidate) -> list[str]:
    """The directors that hold nothing with all up."""
    held = zip(question.directors, candidate.held, strict=True)
    return [one.name for one, count in held if not count]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns as wide as they must be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ("  ".join(map(str.ljust, row, widths)) for row in rows)
    return [line.rstrip() for line in padded]


def _asked(question: Question) -> Iterator[str]:
    links: dict[Fraction, list[str]] = {}
    for one in question.directors:
        links.setdefault(one.capacity, []).append(one.name)
    if len(links) == 1:
        told = f"links of {written(question.directors[0].capacity)}"
    else:
        told = "links: " + ", ".join(
            f"{' and '.join(names)} {written(capacity)}" for capacity, names in links.items()
        )
    part = percent(question.utilisation)
    yield f"{len(question.directors)} directors, {told}; each used up to {part}"
    yield f"{written(question.traffic)} of traffic; {question.losses} may be lost at a time"
    if question.vips:
        yield "VIPs: " + ", ".join(f"{one.name} {written(one.load)}" for one in question.vips)
    yield question.note


def _rows(question: Question, answer: Answer, block: str) -> Iterator[list[str]]:
    yield ["VIPs", "held", "busiest, all up", "busiest, worst loss", "lost", "then"]
    for one in answer.candidates:
        yield [
            str(len(one.vips)),
            "/".join(map(str, one.held)),
            _bar(one.busiest_up, block),
            _bar(one.busiest_after_loss, block),
            _lost(question, one),
            _then(question, one),
        ]


def _bar(part: Fraction, block: str) -> str:
    count = min(LONGEST, max(1, int(part * BAR)))
    return f"{percent(part):>6} {block * count}"


def _lost(question: Question, candidate: Candidate) -> str:
    ways = len(candidate.worst_losses)
    if ways == comb(len(question.directors), question.losses):
        return "any" if question.losses == 1 else f"any {question.losses}"
    others = f" (or {ways - 1} more)" if ways > 1 else ""
    return "+".join(candidate.worst_loss) + others


def _then(question: Question, candidate: Candidate) -> str:
    if candidate.below_limit:
        words = ["below the limit"]
    else:
        words = ["exactly at the limit" if candidate.at_limit else "OVERLOADED"]
    if without := idle(question, candidate):
        words.append(f"{', '.join(without)} idle")
    if candidate.even:
        words.append("perfectly even")
    return "; ".join(words)


def _none(question: Question, answer: Answer) -> Iterator[str]:
    safe = [one for one in answer.candidates if one.safe]
    if not safe:
        yield from _nothing_safe(question, answer)
        return
    within = f"up to {answer.looked_up_to} VIPs, " if len(answer.candidates) > 1 else ""
    yield (
        f"Recommended: nothing: {within}no plan has all directors active and every link below "
        "its limit."
    )
    idlers = [one for one in safe if one.below_limit]
    if idlers:
        yield (
            f"Below the limit, but with {', '.join(idle(question, idlers[0]))} idle: "
            f"{_vips(idlers[0])}."
        )
    else:
        other = "Another number of VIPs, more" if _one_number(question, answer) else "More"
        yield f"{other} directors, or bigger links, would give room."


def _one_number(question: Question, answer: Answer) -> bool:
    """Whether one number of VIPs was asked for."""
    return len(answer.candidates) == 1 and not question.vips


def _nothing_safe(question: Question, answer: Answer) -> Iterator[str]:
    nearest, what = remedies(question, answer.candidates)
    factor = float(what.factor)
    capacities = {one.capacity for one in question.directors}
    links = f"all links {factor:.4g} times as fast"
    if len(capacities) == 1:
        links = f"links of {written(capacities.pop() * what.factor)}"
    where = f"up to {answer.looked_up_to} VIPs" if len(answer.candidates) > 1 else "here"
    comes = "comes" if len(nearest.vips) == 1 else "come"
    yield (
        f"Nothing is safe {where}. {_vips(nearest)} {comes} nearest, with "
        f"{percent(nearest.busiest_after_loss)} on a link after the loss of "
        f"{' and '.join(nearest.worst_loss)}."
    )
    if what.directors is not None:
        yield f"It would be safe with {links}, or with {what.directors} directors."
    else:
        yield f"It would be safe with {links}; a few more directors would not do."
    if question.vips:
        yield "Or divide the largest VIPs: a VIP sits on one director."


def _beside(answer: Answer) -> Iterator[str]:
    if len(answer.candidates) == 1:
        return
    only = answer.fewest_safe
    if only is not None and only is not answer.recommended:
        yield f"Only just: {_vips(only)}: the fewest with all directors active that overload none."
    if limits := answer.at_limit:
        numbers = ", ".join(str(len(one.vips)) for one in limits)
        yield f"Exactly at the limit after the worst loss: {numbers} VIPs."
    if (even := answer.even) is not None:
        told = percent(even.busiest_up), percent(even.busiest_after_loss)
        yield (
            f"Perfectly even: {_vips(even)}: {told[0]} with all up, {told[1]} after the worst loss."
        )


def _proven(answer: Answer) -> Iterator[str]:
    open_ones = [one for one in answer.candidates if one.proof == "found"]
    if not open_ones:
        yield (
            "Proven: no plan with as many VIPs and as many active directors does better after the "
            "worst loss."
        )
    for one in open_ones:
        if one.busiest_after_loss == one.bound:
            yield (
                f"{_vips(one)}: no plan does better after the worst loss; with all up it is the "
                "best one found."
            )
        else:
            yield (
                f"{_vips(one)}: the best plan found; none gets below {percent(one.bound)} after "
                "the worst loss."
            )


def _priorities(question: Question, candidate: Candidate) -> Iterator[list[str]]:
    names = [one.name for one in question.directors]
    yield ["VIP", *names]
    for vip, order in zip(candidate.vips, candidate.orders, strict=True):
        found = priorities(order)
        yield [vip, *(str(found[name]) for name in names)]


def _vips(candidate: Candidate) -> str:
    count = len(candidate.vips)
    return "1 VIP" if count == 1 else f"{count} VIPs"
