"""What a plan comes to when directors are lost: each way to lose them is played through."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import inf

from lvsnet.spread.scaled import Scaled

Plan = tuple[tuple[int, ...], ...]
"""For each VIP the numbers of the directors, best first; perhaps only the first few."""
Key = tuple[int, int, int]
"""What a plan is judged by, the least first: its level after the worst loss, how many directors
hold nothing with all up, and its level then."""

CARED_FOR = 6
"""Places of an order."""


def up(scaled: Scaled, plan: Plan) -> list[int]:
    """Each director's level with all up."""
    return used(scaled, plan, frozenset())


def used(scaled: Scaled, plan: Plan, lost: frozenset[int]) -> list[int]:
    """Each director's level after a loss; VIPs that have no director left count nowhere."""
    found = [0] * len(scaled.weights)
    for load, order in zip(scaled.loads, plan, strict=True):
        holder = next((one for one in order if one not in lost), None)
        if holder is not None:
            found[holder] += load * scaled.weights[holder]
    return found


def losses(scaled: Scaled) -> list[frozenset[int]]:
    """All ways to lose as many directors as may be lost."""
    return [frozenset(one) for one in combinations(range(len(scaled.weights)), scaled.losses)]


def even(scaled: Scaled, plan: Plan) -> bool:
    """Whether all directors that are up are equally used, after up to so many losses."""
    directors = range(len(scaled.weights))
    for count in range(scaled.losses + 1):
        for lost in map(frozenset, combinations(directors, count)):
            levels = used(scaled, plan, lost)
            if len({levels[one] for one in directors if one not in lost}) > 1:
                return False
    return True


def completed(scaled: Scaled, plan: Plan, length: int) -> Plan:
    """The plan with orders of this length: each next place goes to whom it burdens least.

    VIPs whose directors so far are the same ones, in whatever order, need their next one in the
    same state, in which all of these are down, and no others do. So they are spread over the
    others as water fills a vessel: for VIPs of equal load nothing is better in that state.
    """
    orders = list(plan)
    for reached in range(min(map(len, plan)), length):
        taken = [0] * len(scaled.weights)
        waiting = [one for one, order in enumerate(orders) if len(order) == reached]
        for lost in sorted({tuple(sorted(orders[one])) for one in waiting}):
            gone = frozenset(lost)
            levels = used(scaled, tuple(orders), gone)
            mine = [one for one in waiting if tuple(sorted(orders[one])) == lost]
            for vip in sorted(mine, key=lambda one: -scaled.loads[one]):
                best = _least(scaled, levels, gone, taken, scaled.loads[vip])
                levels[best] += scaled.loads[vip] * scaled.weights[best]
                taken[best] += 1
                orders[vip] += (best,)
    return tuple(orders)


def finished(scaled: Scaled, plan: Plan) -> Plan:
    """The plan with all directors in each order.

    A few places beyond those that count are filled as well as the others; the last ones, of very
    many directors, in a circle from the first.
    """
    directors = len(scaled.weights)
    whole = completed(scaled, plan, min(directors, max(scaled.losses + 1, CARED_FOR)))
    turned = ((*range(order[0], directors), *range(order[0])) for order in whole)
    return tuple(
        (*order, *(one for one in circle if one not in order))
        for order, circle in zip(whole, turned, strict=True)
    )


def firsts(scaled: Scaled) -> Plan:
    """For each VIP its first director, as even as the largest VIPs first makes it."""
    levels, taken = [0] * len(scaled.weights), [0] * len(scaled.weights)
    found: dict[int, tuple[int, ...]] = {}
    for vip in sorted(range(len(scaled.loads)), key=lambda one: -scaled.loads[one]):
        best = _least(scaled, levels, frozenset(), taken, scaled.loads[vip])
        levels[best] += scaled.loads[vip] * scaled.weights[best]
        found[vip] = (best,)
    return tuple(found[vip] for vip in range(len(scaled.loads)))


def all_active(scaled: Scaled, plan: Plan) -> Plan:
    """The plan of first directors in which none is idle: who has several gives its smallest VIP.

    There must be as many VIPs as directors.
    """
    holders = [order[0] for order in plan]
    idle = [one for one in range(len(scaled.weights)) if one not in holders]
    for director in sorted(idle, key=lambda one: -scaled.weights[one]):
        free = [one for one in range(len(holders)) if holders.count(holders[one]) > 1]
        holders[min(free, key=lambda one: scaled.loads[one])] = director
    return tuple((one,) for one in holders)


def _least(
    scaled: Scaled,
    levels: Sequence[int],
    gone: frozenset[int],
    taken: Sequence[int],
    load: int,
) -> int:
    """The director that a load burdens least; of equals, the one that was taken least often."""

    def burden(director: int) -> tuple[float, int, int]:
        if director in gone:
            return inf, 0, 0
        return levels[director] + load * scaled.weights[director], taken[director], director

    return min(range(len(scaled.weights)), key=burden)
