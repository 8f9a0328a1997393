"""Plans of VIPs over directors, against a brute force that shares nothing with the planner."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.lab.model_vrrp import Spread
from lvsnet.spread import planning, search
from lvsnet.spread.model import Candidate, Director, Site, Vip
from lvsnet.spread.priorities import priorities

ONE = Fraction(1)


def site(
    directors: int, vips: int, losses: int, traffic: Fraction = ONE, part: Fraction = ONE
) -> Site:
    """Links of 1 and VIPs of equal load."""
    return Site(
        tuple(Director(f"lb{one + 1:02}", ONE) for one in range(directors)),
        tuple(Vip(f"vip{one + 1}", traffic / vips) for one in range(vips)),
        losses,
        part,
    )


def used(plan: Candidate, whole: Site, lost: frozenset[str]) -> dict[str, Fraction]:
    """What each director's link is used by, played through by names alone."""
    capacity = {one.name: one.capacity for one in whole.directors}
    loads = dict.fromkeys(capacity, Fraction(0))
    for vip, order in zip(whole.vips, plan.orders, strict=True):
        loads[next(name for name in order if name not in lost)] += vip.load
    return {name: load / capacity[name] for name, load in loads.items()}


def all_losses(whole: Site) -> Iterator[frozenset[str]]:
    for count in range(whole.losses + 1):
        yield from map(frozenset, itertools.combinations(whole.names, count))


def assert_true(plan: Candidate, whole: Site) -> None:
    """What a candidate says of itself is what comes out when every loss is played through."""
    assert all(sorted(order) == sorted(whole.names) for order in plan.orders)
    assert plan.vips == tuple(one.name for one in whole.vips)
    tops = {lost: max(used(plan, whole, lost).values()) for lost in all_losses(whole)}
    assert plan.busiest_up == tops[frozenset()]
    assert plan.busiest_after_loss == max(tops.values())
    assert plan.safe == all(top <= whole.utilisation for top in tops.values())
    full = {lost: top for lost, top in tops.items() if len(lost) == whole.losses}
    worst = {lost for lost, top in full.items() if top == plan.busiest_after_loss}
    assert set(map(frozenset, plan.worst_losses)) == worst
    first = [order[0] for order in plan.orders]
    assert plan.held == tuple(first.count(name) for name in whole.names)
    assert plan.bound <= plan.busiest_after_loss


@cache
def brute_force(directors: int, vips: int, losses: int) -> tuple[Fraction, int, Fraction]:
    """The least (most VIPs after the worst loss, idle directors, most VIPs with all up).

    All ways to give each VIP its first few directors: level by level, with the sets of tables
    (how many VIPs each director has in each state) that can come about. Of tables that differ by
    who is who, one is kept.
    """
    numbers = range(directors)
    states = [
        frozenset(lost) for count in (0, losses) for lost in itertools.combinations(numbers, count)
    ]
    where = []
    for order in itertools.permutations(numbers, losses + 1):
        where.append([next(one for one in order if one not in lost) for lost in states])
    place = {state: number for number, state in enumerate(states)}
    turns = []
    for turn in itertools.permutations(numbers):
        moved = [place[frozenset(turn[one] for one in state)] for state in states]
        cells = [0] * (len(states) * directors)
        for state, to in enumerate(moved):
            for one in numbers:
                cells[to * directors + turn[one]] = state * directors + one
        turns.append(cells)
    most = -(-vips // (directors - losses))
    while True:
        reached = {(0,) * (len(states) * directors)}
        for _ in range(vips):
            grown = set()
            for table in reached:
                for holders in where:
                    cells = [state * directors + one for state, one in enumerate(holders)]
                    if any(table[cell] >= most for cell in cells):
                        continue
                    found = list(table)
                    for cell in cells:
                        found[cell] += 1
                    grown.add(min(tuple(found[cell] for cell in turn) for turn in turns))
            reached = grown
        if reached:
            held = [table[:directors] for table in reached]
            least = min((one.count(0), max(one)) for one in held)
            return Fraction(most), least[0], Fraction(least[1])
        most += 1


SMALL = [
    (directors, vips, losses)
    for directors in (2, 3, 4)
    for losses in (1, 2)
    if losses < directors
    # The brute force takes seconds for more.
    for vips in range(1, 7 if (directors, losses) == (4, 2) else 9)
]


@pytest.mark.parametrize(("directors", "vips", "losses"), SMALL)
def test_small_plans_are_the_best_that_there_are(directors: int, vips: int, losses: int) -> None:
    whole = site(directors, vips, losses)
    plan = planning.best(whole)
    assert_true(plan, whole)
    assert plan.proof != "found"
    found = plan.busiest_after_loss * vips, plan.held.count(0), plan.busiest_up * vips
    assert found == brute_force(directors, vips, losses)


@pytest.mark.parametrize(
    ("vips", "held", "up", "after"),
    [
        (3, (1, 1, 1), Fraction(1, 2), Fraction(1)),
        (4, (2, 1, 1), Fraction(3, 4), Fraction(3, 4)),
        (5, (2, 2, 1), Fraction(3, 5), Fraction(9, 10)),
        (6, (2, 2, 2), Fraction(1, 2), Fraction(3, 4)),
    ],
)
def test_the_sources_case(vips: int, held: tuple[int, ...], up: Fraction, after: Fraction) -> None:
    whole = site(3, vips, 1, Fraction(3, 2))
    plan = planning.all_active(whole)
    assert plan is not None
    assert_true(plan, whole)
    assert (plan.held, plan.busiest_up, plan.busiest_after_loss) == (held, up, after)
    assert plan.safe
    assert plan.at_limit == (vips == 3)
    assert plan.even == (vips == 6)
    assert plan.proof == "exact"
    assert planning.best(whole) == plan


def test_two_vips_leave_one_of_three_directors_idle() -> None:
    whole = site(3, 2, 1, Fraction(3, 2))
    assert planning.best(whole).held == (1, 1, 0)
    assert planning.all_active(whole) is None
    assert planning.preferred(whole) == planning.best(whole)


@pytest.mark.parametrize(("directors", "losses"), [(2, 1), (3, 1), (6, 1), (3, 2), (4, 2), (6, 2)])
def test_a_multiple_of_what_can_be_up_is_perfectly_even(directors: int, losses: int) -> None:
    """The facts: for two losses 6, 12 and 60 VIPs for 3, 4 and 6 directors."""
    even = {(2, 1): 2, (3, 1): 6, (6, 1): 30, (3, 2): 6, (4, 2): 12, (6, 2): 60}
    vips = even[directors, losses]
    whole = site(directors, vips, losses)
    plan = planning.best(whole)
    assert plan.even
    for lost in all_losses(whole):
        levels = used(plan, whole, lost)
        assert len({levels[name] for name in whole.names if name not in lost}) == 1
    assert not planning.best(site(directors, vips + 1, losses)).even


@pytest.mark.parametrize(("vips", "losses"), [(9, 2), (10, 2), (9, 1), (10, 1)])
def test_the_ceiling_is_attained_where_even_firsts_do_not_attain_it(vips: int, losses: int) -> None:
    """Nine VIPs on five directors, two lost: 3 on one, if the first places are not 2/2/2/2/1."""
    whole = site(5, vips, losses)
    plan = planning.best(whole)
    assert_true(plan, whole)
    assert plan.busiest_after_loss * vips == -(-vips // (5 - losses))


def test_thirty_vips_on_six_directors_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """One loss or two: what the arithmetic begins with is the best already."""
    monkeypatch.setattr(search, "improved", None)
    monkeypatch.setattr(search, "gone_through", None)
    for losses in (1, 2):
        whole = site(6, 30, losses)
        plan = planning.best(whole)
        assert_true(plan, whole)
        assert plan.proof == "exact"
        assert plan.busiest_after_loss * 30 == -(-30 // (6 - losses))


def test_a_search_ends_after_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "IMPROVING", 100)
    monkeypatch.setattr(search, "GOING_THROUGH", 100)
    whole = site(6, 12, 2)
    plan = planning.best(whole)
    assert_true(plan, whole)
    assert plan.proof == "found"
    assert plan.bound * 12 == 3


def test_as_many_directors_as_there_can_be() -> None:
    whole = site(planning.MOST_DIRECTORS, 45, 1)
    assert_true(planning.best(whole), whole)
    bounds = [getattr(one, "max_length", 0) for one in Spread.model_fields["over"].metadata]
    assert max(bounds) == planning.MOST_DIRECTORS


def test_more_vips_are_not_always_better_with_unequal_links() -> None:
    """The facts: links of 2, 1 and 1 with traffic of 2; four VIPs reach 1.0, five only 1.2."""
    directors = tuple(
        Director(f"lb{number}", Fraction(size)) for number, size in enumerate((2, 1, 1))
    )
    for vips, after in ((4, Fraction(1)), (5, Fraction(6, 5))):
        loads = tuple(Vip(f"vip{one}", Fraction(2, vips)) for one in range(vips))
        whole = Site(directors, loads, 1, ONE)
        plan = planning.best(whole)
        assert_true(plan, whole)
        assert plan.busiest_after_loss == after


def test_all_are_active_where_that_is_safe() -> None:
    sizes = {"lb01": Fraction(10), "lb02": Fraction(10), "lb03": Fraction(1)}
    directors = tuple(Director(name, size) for name, size in sizes.items())

    def plan(vips: int) -> Candidate:
        loads = tuple(Vip(f"vip{one}", Fraction(99, 10) / vips) for one in range(vips))
        return planning.preferred(Site(directors, loads, 1, ONE))

    assert not plan(9).held[2]
    assert plan(9).safe
    assert plan(10).held[2] == 1
    assert plan(10).below_limit


amounts = st.integers(1, 12).map(Fraction)


@st.composite
def unequal(draw: st.DrawFn) -> Site:
    directors = draw(st.lists(amounts, min_size=2, max_size=4))
    loads = draw(st.lists(amounts, min_size=1, max_size=6))
    return Site(
        tuple(Director(f"lb{number}", size * 2) for number, size in enumerate(directors)),
        tuple(Vip(f"vip{number}", load) for number, load in enumerate(loads)),
        draw(st.integers(1, len(directors) - 1)),
        draw(st.sampled_from([Fraction(1), Fraction(4, 5), Fraction(1, 3)])),
    )


@settings(max_examples=60)
@given(unequal())
def test_unequal_plans_come_to_what_they_say(whole: Site) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "IMPROVING", 4_000)
        patch.setattr(search, "GOING_THROUGH", 20_000)
        plan = planning.best(whole)
        active = planning.all_active(whole)
    assert_true(plan, whole)
    if active is not None:
        assert_true(active, whole)
        assert active.all_active
        if plan.proof != "found":
            assert plan.busiest_after_loss <= active.busiest_after_loss
    else:
        assert len(whole.vips) < len(whole.directors)


@settings(max_examples=10)
@given(
    st.lists(amounts, min_size=2, max_size=3),
    st.lists(amounts, min_size=1, max_size=4),
)
def test_unequal_plans_that_are_proven_are_the_best(
    sizes: list[Fraction], loads: list[Fraction]
) -> None:
    """Against all plans: every order of directors for every VIP."""
    whole = Site(
        tuple(Director(f"lb{number}", size) for number, size in enumerate(sizes)),
        tuple(Vip(f"vip{number}", load) for number, load in enumerate(loads)),
        1,
        ONE,
    )
    plan = planning.best(whole)
    numbers = range(len(sizes))
    states = [frozenset[int](), *(frozenset([one]) for one in numbers)]
    every = []
    for orders in itertools.product(itertools.permutations(numbers, 2), repeat=len(loads)):
        tops = []
        for lost in states:
            table = [Fraction(0)] * len(sizes)
            for load, order in zip(loads, orders, strict=True):
                table[next(one for one in order if one not in lost)] += load
            tops.append(max(load / size for load, size in zip(table, sizes, strict=True)))
        idle = len(sizes) - len({order[0] for order in orders})
        every.append((max(tops[1:]), idle, tops[0]))
    assert (plan.proof, key(plan)) in [("exact", min(every)), ("search", min(every))]
    active = planning.all_active(whole)
    if active is not None:
        among = min(one for one in every if not one[1])
        assert (active.proof, key(active)) in [("exact", among), ("search", among)]


def key(plan: Candidate) -> tuple[Fraction, int, Fraction]:
    return plan.busiest_after_loss, plan.held.count(0), plan.busiest_up


@given(st.integers(2, 5), st.integers(1, 12), st.integers(1, 4))
@settings(max_examples=30)
def test_orders_are_the_same_each_time_and_complete(directors: int, vips: int, losses: int) -> None:
    names = [f"lb{one}" for one in range(directors)]
    if losses >= directors:
        with pytest.raises(LvsnetError, match="one has to be left"):
            planning.orders(names, vips, losses)
        return
    found = planning.orders(names, vips, losses)
    assert found == planning.orders(names, vips, losses)
    assert [sorted(one) for one in found] == [names] * vips


@pytest.mark.parametrize(
    ("names", "vips", "losses", "why"),
    [
        (["lb01"], 1, 1, "there must be two"),
        (["lb01", "lb01"], 1, 1, "one name each"),
        (["lb01", "lb02"], 0, 1, "1 to 255"),
        (["lb01", "lb02"], 256, 1, "virtual_router_id"),
        (["lb01", "lb02"], 2, 0, "1 to 1"),
        (["lb01", "lb02"], 2, 2, "one has to be left"),
        ([f"lb{one}" for one in range(33)], 2, 1, "33 directors are more than the 32"),
        ([f"lb{one}" for one in range(30)], 2, 15, "ways"),
    ],
)
def test_sites_that_cannot_be_planned(names: list[str], vips: int, losses: int, why: str) -> None:
    with pytest.raises(LvsnetError, match=why):
        planning.orders(names, vips, losses)


def test_priorities_are_distinct_and_descend() -> None:
    assert priorities(["lb02", "lb01", "lb03"]) == {"lb02": 150, "lb01": 100, "lb03": 50}
    for count in range(1, 255):
        names = [str(one) for one in range(count)]
        found = list(priorities(names).values())
        assert found == sorted(set(found), reverse=True)
        assert min(found) >= 1
        assert max(found) <= 254
    with pytest.raises(LvsnetError, match="255 directors"):
        priorities([str(one) for one in range(255)])


def test_the_planner_needs_no_pydantic() -> None:
    code = "import sys; import lvsnet.spread.planning; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
