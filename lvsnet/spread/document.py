"""The answer for programs."""

from __future__ import annotations

from fractions import Fraction

from lvsnet.spread import report
from lvsnet.spread.choosing import Answer
from lvsnet.spread.model import Candidate
from lvsnet.spread.priorities import priorities
from lvsnet.spread.question import Question
from lvsnet.spread.remedies import remedies


def document(question: Question, answer: Answer) -> dict[str, object]:
    """All of it as JSON can have it: rates in bits a second, links as parts of their capacity.

    ``recommended``, ``fewest_safe`` and ``perfectly_even`` are numbers of VIPs, or null.
    ``needed`` is null unless nothing is safe.
    """
    safe = any(one.safe for one in answer.candidates)
    return {
        "directors": [
            {"name": one.name, "capacity": _number(one.capacity)} for one in question.directors
        ],
        "method": question.method,
        "note": question.note,
        "traffic": _number(question.traffic),
        "losses": question.losses,
        "limit": _number(question.utilisation),
        "candidates": [_candidate(question, one) for one in answer.candidates],
        "recommended": _count(answer.recommended),
        "fewest_safe": _count(answer.fewest_safe),
        "at_limit": [len(one.vips) for one in answer.at_limit],
        "perfectly_even": _count(answer.even),
        "looked_up_to": answer.looked_up_to,
        "needed": None if safe else _needed(question, answer),
        "text": report.verdict(question, answer),
    }


def _candidate(question: Question, candidate: Candidate) -> dict[str, object]:
    plans = zip(candidate.vips, candidate.orders, strict=True)
    loads = {one.name: one.load for one in question.site(len(candidate.vips)).vips}
    return {
        "vips": len(candidate.vips),
        "held": list(candidate.held),
        "busiest_up": _number(candidate.busiest_up),
        "busiest_after_loss": _number(candidate.busiest_after_loss),
        "worst_loss": list(candidate.worst_loss),
        "worst_losses": [list(one) for one in candidate.worst_losses],
        "safe": candidate.safe,
        "at_limit": candidate.at_limit,
        "all_active": candidate.all_active,
        "idle": report.idle(question, candidate),
        "perfectly_even": candidate.even,
        "proof": candidate.proof,
        "bound": _number(candidate.bound),
        "plan": [
            {
                "vip": vip,
                "load": _number(loads[vip]),
                "order": list(order),
                "priorities": priorities(order),
            }
            for vip, order in plans
        ],
    }


def _needed(question: Question, answer: Answer) -> dict[str, object]:
    nearest, what = remedies(question, answer.candidates)
    return {
        "vips": len(nearest.vips),
        "links_times": _number(what.factor),
        "directors": what.directors,
    }


def _count(candidate: Candidate | None) -> int | None:
    return None if candidate is None else len(candidate.vips)


def _number(exact: Fraction) -> int | float:
    return int(exact) if exact.denominator == 1 and exact > 1 else float(exact)
