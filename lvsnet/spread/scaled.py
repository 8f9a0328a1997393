"""A site in whole numbers: what the planner compares is never rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from lvsnet.spread.model import Site


@dataclass(frozen=True)
class Scaled:
    """A director ``d`` with loads of ``n`` in all is used by ``n * weights[d] * unit``.

    A level is such a number without the unit: levels of different directors can be compared.
    """

    loads: tuple[int, ...]
    """Of each VIP."""
    weights: tuple[int, ...]
    """Of each director: the larger, the smaller its link."""
    losses: int
    unit: Fraction
    """The part of a link's capacity that a level of 1 is."""

    @property
    def equal(self) -> bool:
        """Whether all VIPs have the same load."""
        return len(set(self.loads)) == 1


def scaled(site: Site) -> Scaled:
    """The site with loads and capacities as whole numbers without a common divisor."""
    loads, load = _whole([one.load for one in site.vips])
    capacities, capacity = _whole([one.capacity for one in site.directors])
    common = lcm(*capacities)
    weights = tuple(common // one for one in capacities)
    return Scaled(tuple(loads), weights, site.losses, load / capacity / common)


def _whole(amounts: Sequence[Fraction]) -> tuple[list[int], Fraction]:
    """The amounts as multiples of the largest amount that they all are multiples of."""
    denominator = lcm(*(one.denominator for one in amounts))
    whole = [int(one * denominator) for one in amounts]
    divisor = reduce(gcd, whole)
    return [one // divisor for one in whole], Fraction(divisor, denominator)
