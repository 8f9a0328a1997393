"""The best plan for given VIPs, as good as it can be told.

Plans are judged by the most used link after the worst loss, then by how many directors hold
nothing with all up, then by the most used link with all up. With VIPs of equal load and one loss
the arithmetic gives the best one; else a search begins with what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import comb

from lvsnet.errors import LvsnetError
from lvsnet.spread import levels, search, states
from lvsnet.spread.model import Candidate, Director, Orders, Proof, Site, Vip
from lvsnet.spread.scaled import Scaled, scaled
from lvsnet.spread.search import Found, Task
from lvsnet.spread.states import Key, Plan

MOST_VIPS = 255
"""Each has a VRRP instance of its own; virtual_router_id is 1 to 255 (RFC 9568, 5.2.3)."""
MOST_DIRECTORS = 32
"""As many as a lab file's spread takes. VRRP has 254 priorities, but a plan for so many takes
minutes: 32 with two losses take about ten seconds, with one less than one."""
MOST_STATES = 1_000
"""Ways to lose directors, all of which are played through; with more it takes longer than that."""


def best(site: Site) -> Candidate:
    """The best plan for a site's VIPs, whether or not it leaves directors idle.

    Raises:
        LvsnetError: the site has too few directors for so many losses, or too many of something;
            or an amount is not above zero.
    """
    check(site)
    return _planned(site, len(site.directors))


def all_active(site: Site) -> Candidate | None:
    """The best of those plans in which every director holds a VIP with all up; None: there is none.

    Raises:
        LvsnetError: as `best`.
    """
    check(site)
    return None if len(site.vips) < len(site.directors) else _planned(site, 0)


def preferred(site: Site) -> Candidate:
    """The best plan with all directors active, where that costs nothing: see below.

    It is the best plan whatever is idle, if only that is safe, or only that below the limit, or
    neither is safe.

    Raises:
        LvsnetError: as `best`.
    """
    first = best(site)
    if first.all_active:
        return first
    active = all_active(site)
    if active is None or not active.safe or (active.at_limit and first.below_limit):
        return first
    return active


def orders(directors: Sequence[str], vips: int, losses: int) -> Orders:
    """For each of so many VIPs of equal load the directors, with equal links, best first.

    Raises:
        LvsnetError: as `best`.
    """
    one = Fraction(1)
    site = Site(
        tuple(Director(name, one) for name in directors),
        tuple(Vip(f"vip{number + 1}", one) for number in range(vips)),
        losses,
        one,
    )
    return best(site).orders


def check(site: Site) -> None:
    """Raises LvsnetError when no plan can be made for a site, whatever its links carry."""
    directors, vips = len(site.directors), len(site.vips)
    if directors < 2:
        raise LvsnetError(f"{directors} directors: to lose one there must be two at least")
    if directors > MOST_DIRECTORS:
        raise LvsnetError(
            f"{directors} directors are more than the {MOST_DIRECTORS} that can be planned for; "
            "divide them into groups, each with VIPs of its own"
        )
    if len(set(site.names)) < directors:
        raise LvsnetError(f"directors have one name each: {', '.join(site.names)}")
    if not 1 <= site.losses < directors:
        raise LvsnetError(
            f"losses: {site.losses} of {directors} directors; it is 1 to {directors - 1}, for one "
            "has to be left"
        )
    if not 1 <= vips <= MOST_VIPS:
        raise LvsnetError(
            f"{vips} VIPs: it is 1 to {MOST_VIPS}, for each has a virtual_router_id of its own"
        )
    if comb(directors, site.losses) > MOST_STATES:
        raise LvsnetError(
            f"{site.losses} of {directors} directors can be lost in "
            f"{comb(directors, site.losses)} ways, more than the {MOST_STATES} that are played "
            "through; plan for fewer losses or fewer directors"
        )
    amounts = (*(d.capacity for d in site.directors), *(v.load for v in site.vips))
    if min(amounts) <= 0 or not 0 < site.utilisation <= 1:
        raise LvsnetError("capacities, loads and the utilisation are above zero, the last up to 1")


def _planned(site: Site, most_idle: int) -> Candidate:
    whole = scaled(site)
    task, start = _prepared(whole, most_idle)
    found = Found(start, search.judged(task, start), whole=False)
    # First with the firsts as even as they are, which is best with all up; then with any.
    for fixed in (1, 0):
        if found.key > task.floor:
            again = search.improved(replace(task, fixed=fixed), found.plan)
            found = min(found, again, key=lambda one: one.key)
    if found.key > task.floor:
        found = search.gone_through(task, found)
    proof: Proof = "exact" if found.key <= task.floor else "search" if found.whole else "found"
    plan = states.finished(whole, found.plan)
    return _told(site, whole, plan, task.floor[0], proof)


def _prepared(whole: Scaled, most_idle: int) -> tuple[Task, Plan]:
    """What is to be searched for, and a plan of prefixes to begin with."""
    directors = range(len(whole.weights))
    floor = levels.lowest(whole)
    if whole.equal:
        if not most_idle:
            floor = max(floor, whole.loads[0] * max(whole.weights))
        held = levels.held(whole, floor)
        first: Plan = tuple((one,) for one in directors for _ in range(held[one]))
        length = whole.losses
        used = max(count * whole.weights[one] for one, count in enumerate(held)) * whole.loads[0]
        key: Key = (floor, held.count(0), used)
    else:
        first = states.firsts(whole)
        if not most_idle:
            first = states.all_active(whole, first)
        length = whole.losses + 1
        key = (floor, max(0, len(directors) - len(whole.loads)), levels.lowest_up(whole))
    return Task(whole, length, 1, key, most_idle), states.completed(whole, first, length)


def _told(site: Site, whole: Scaled, plan: Plan, floor: int, proof: Proof) -> Candidate:
    names = site.names
    tops = {lost: max(states.used(whole, plan, lost)) for lost in states.losses(whole)}
    worst = max(tops.values())
    first = [order[0] for order in plan]
    return Candidate(
        vips=tuple(one.name for one in site.vips),
        held=tuple(first.count(one) for one in range(len(names))),
        busiest_up=max(states.up(whole, plan)) * whole.unit,
        busiest_after_loss=worst * whole.unit,
        worst_losses=tuple(
            tuple(names[one] for one in sorted(lost)) for lost, top in tops.items() if top == worst
        ),
        limit=site.utilisation,
        bound=(worst if proof == "search" else floor) * whole.unit,
        proof=proof,
        even=states.even(whole, plan),
        orders=tuple(tuple(names[one] for one in order) for order in plan),
    )
