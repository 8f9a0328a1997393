"""What the arithmetic alone says: the lowest level that any plan can have, and who holds how many.

For VIPs of equal load a level decides how many VIPs each director can take: ``room``. After any
losses the directors that are up must have room for all VIPs; that is necessary for every number of
losses, and the worst loss is that of the largest links.
"""

from __future__ import annotations

from collections.abc import Sequence

from lvsnet.spread.scaled import Scaled


def room(scaled: Scaled, level: int) -> tuple[int, ...]:
    """How many VIPs of equal load each director can hold up to a level."""
    return tuple(level // (scaled.loads[0] * weight) for weight in scaled.weights)


def lowest(scaled: Scaled) -> int:
    """A level below which no plan stays after the worst loss.

    With VIPs of equal load and one loss it can be attained: a director's VIPs find their second
    places wherever there is room, and each loss is apart from the others.
    """
    weights = sorted(scaled.weights)[scaled.losses :]
    if scaled.equal:
        return _filled(weights, len(scaled.loads)) * scaled.loads[0]
    return _packed(weights, scaled.loads)


def lowest_up(scaled: Scaled) -> int:
    """A level below which no plan stays with all up."""
    return _packed(scaled.weights, scaled.loads)


def held(scaled: Scaled, level: int) -> tuple[int, ...]:
    """How many VIPs of equal load each director is to hold with all up, within a level.

    As many directors as possible hold one; then the most used link is as little used as possible.
    The directors must have room for all.
    """
    most = room(scaled, level)
    vips = len(scaled.loads)
    found = [0] * len(most)
    directors = range(len(most))
    for one in sorted(directors, key=lambda one: (scaled.weights[one], one)):
        if most[one] and sum(found) < vips:
            found[one] = 1
    for _ in range(vips - sum(found)):
        free = (one for one in directors if found[one] < most[one])
        best = min(free, key=lambda one: ((found[one] + 1) * scaled.weights[one], one))
        found[best] += 1
    return tuple(found)


def _filled(weights: Sequence[int], vips: int) -> int:
    """The lowest level for VIPs of load 1 on directors of these weights."""
    found = [0] * len(weights)
    for _ in range(vips):
        best = min(range(len(weights)), key=lambda one: (found[one] + 1) * weights[one])
        found[best] += 1
    return max(count * weight for count, weight in zip(found, weights, strict=True))


def _packed(weights: Sequence[int], loads: Sequence[int]) -> int:
    """A level below which VIPs of any loads cannot be held by directors of these weights.

    All of the traffic over all of the links; the largest VIP on the largest link; and of one VIP
    more than there are directors two have to share one.
    """
    descending = sorted(loads, reverse=True)
    largest, directors = min(weights), len(weights)
    total = sum(loads)
    # ceil(total / sum(1 / weight)) in whole numbers: every weight divides their product.
    product = 1
    for weight in weights:
        product *= weight
    parts = sum(product // weight for weight in weights)
    level = max(-(-total * product // parts), descending[0] * largest)
    if len(descending) > directors:
        level = max(level, (descending[directors - 1] + descending[directors]) * largest)
    return level
