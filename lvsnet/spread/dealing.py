"""Which of a plan's orders goes to which VIP, where these are of several kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from fractions import Fraction

from lvsnet.spread.model import Orders


def dealt(orders: Orders, kinds: Sequence[Hashable]) -> Orders:
    """The orders of VIPs of equal load, each kind's VIPs as evenly among them as may be.

    A plan has orders with the same first director side by side, and what each VIP has to carry may
    after all differ by its kind: three addresses of IPv4 and three of IPv6 on three directors are
    one of each on every director, and not two of IPv4 on the first one.

    ``kinds``: of each VIP. With VIPs of one kind the orders are as they were.
    """
    count = Counter(kinds)
    before: Counter[Hashable] = Counter()
    turns: list[tuple[Fraction, int]] = []
    for vip, kind in enumerate(kinds):
        # In the middle of its part of the whole.
        turns.append((Fraction(2 * before[kind] + 1, 2 * count[kind]), vip))
        before[kind] += 1
    found = dict(zip((vip for _, vip in sorted(turns)), orders, strict=True))
    return tuple(found[vip] for vip in range(len(kinds)))
