"""Any spread is a lab that keeps what the plan promises; any wrong one is an error with a place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from ipaddress import IPv4Address
from itertools import combinations
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Node, Plain, plain
from lvsnet.lab.load import examine
from lvsnet.lab.model import Lab
from lvsnet.lab.scalars import Integer
from lvsnet.spread import planning
from lvsnet.spread.model import Director, Site, Vip

LABS = sorted((Path(__file__).parent / "labs").glob("spread*.yaml"))
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Drawn:
    """A spread, and what others have in its segment, 10.9.8.0/24."""

    vips: int
    over: tuple[str, ...]
    losses: int
    first: int
    ids: tuple[int, ...]
    lasts: tuple[int, ...]
    """The last bytes of the addresses of the instances with these ids."""

    @property
    def text(self) -> str:
        nodes = "".join(
            f"  {name}: {{role: director, interfaces: {{lan: 10.9.8.{number}}}}}\n"
            for number, name in enumerate(self.over, 1)
        )
        others = "".join(
            f"  VI_{one}: {{segment: lan, virtual_router_id: {one}, addresses: [10.9.8.{last}],"
            f" priority: {{{self.over[0]}: 1}}}}\n"
            for one, last in zip(self.ids, self.lasts, strict=True)
        )
        return (
            f"name: x\nsegments: {{lan: 10.9.8.0/24}}\nnodes:\n{nodes}vrrp:\n{others}"
            f"  spread: {{addresses: {self.vips}, over: [{', '.join(self.over)}],"
            f" losses: {self.losses}, virtual_router_id: {self.first}}}\n"
        )


@st.composite
def spreads(draw: st.DrawFn) -> Drawn:
    count = draw(st.integers(2, 6))
    first = draw(st.integers(1, 237))
    others = draw(st.integers(0, 4))
    ids = st.integers(max(1, first - 9), first + 14).filter(lambda one: one != first)
    return Drawn(
        draw(st.integers(1, 14)),
        tuple(draw(st.permutations([f"lb{number:02}" for number in range(1, count + 1)]))),
        draw(st.integers(0, count - 1)),
        first,
        tuple(draw(st.lists(ids, min_size=others, max_size=others, unique=True))),
        tuple(draw(st.lists(st.integers(235, 254), min_size=others, max_size=others, unique=True))),
    )


def examined(text: str) -> Lab:
    return examine(parse(text), Path("x.yaml")).lab


def busiest(found: Iterable[Sequence[str]], lost: Iterable[str] = ()) -> int:
    """The most VIPs that one machine holds while others are lost."""
    gone = set(lost)
    return max(Counter(next(n for n in order if n not in gone) for order in found).values())


@MODEST
@given(spreads())
def test_ids_and_addresses_are_free_ones(drawn: Drawn) -> None:
    made = examined(drawn.text).vrrp
    spread = [one for name, one in made.items() if name.startswith("SPREAD_")]
    assert list(made)[-drawn.vips :] == [f"SPREAD_{n}" for n in range(1, drawn.vips + 1)]
    free_ids = [one for one in range(drawn.first, 256) if one not in drawn.ids]
    assert [one.virtual_router_id for one in spread] == free_ids[: drawn.vips]
    highest = [IPv4Address(f"10.9.8.{n}") for n in range(254, 0, -1) if n not in drawn.lasts]
    addresses = [address.ip for one in spread for address in one.addresses]
    assert addresses == highest[: drawn.vips][::-1]


@MODEST
@given(spreads())
def test_no_loss_leaves_a_director_with_more_than_the_plan_says(drawn: Drawn) -> None:
    made = examined(drawn.text).vrrp
    found = [
        tuple(sorted(drawn.over, key=lambda node: -one.priority[node]))
        for name, one in made.items()
        if name.startswith("SPREAD_")
    ]
    assert all(one.priority.keys() == set(drawn.over) for one in [*made.values()][-drawn.vips :])
    after = max(busiest(found, lost) for lost in combinations(drawn.over, drawn.losses))
    if drawn.losses < 2:
        # Also with none planned for, and with all up when one is.
        assert busiest(found) == -(-drawn.vips // len(drawn.over))
        assert after == -(-drawn.vips // (len(drawn.over) - drawn.losses))
    else:
        one = Fraction(1)
        directors = tuple(Director(name, one) for name in drawn.over)
        vips = tuple(Vip(str(number), one) for number in range(drawn.vips))
        site = Site(directors, vips, drawn.losses, one)
        assert after == planning.best(site).busiest_after_loss


def places(value: Plain, at: Place = ()) -> list[Place]:
    inner: Iterable[tuple[str | int, Plain]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [place for key, one in inner for place in ((*at, key), *places(one, (*at, key)))]


@cache
def read(lab: Path) -> Node:
    root = parse(lab.read_text()).root
    assert root is not None
    return root


def whole(lab: Path) -> dict[str, Plain]:
    """The lab's values, for one who changes them."""
    value = plain(read(lab))
    assert isinstance(value, dict)
    return value


PLACES = {lab: places(whole(lab)) for lab in LABS}
WRONG: list[Plain] = [
    *(None, True, "", "spread", "lan", "lb01", "nginx01", "192.168.10.300", [], {}),
    *(Integer(one, str(one)) for one in (-1, 0, 7, 300)),
    ["lb01"],
    ["lb01", "lb09"],
    ["192.168.10.9", "192.168.10.9/24"],
    ["192.168.10.9", "fd00:10::9"],
    [["192.168.10.9", "fd00:10::9"], ["fe80::1", "fd00:10::8/64"], "fd00:10::7", []],
    [["fd00:10::9", "fd00:10::8"], ["fe80::1"], ["192.168.10.9", ["fd00:10::7"]]],
    ["inet6", "inet"],
    "inet6",
    "fd00:10::/126",
]
Change = tuple[Place, Plain, bool]


def changes(lab: Path) -> st.SearchStrategy[tuple[Path, list[Change]]]:
    one = st.tuples(st.sampled_from(PLACES[lab]), st.sampled_from(WRONG), st.booleans())
    return st.tuples(st.just(lab), st.lists(one, min_size=1, max_size=4))


@settings(MODEST, max_examples=150)
@given(st.sampled_from(LABS).flatmap(changes))
def test_any_change_of_a_lab_with_a_spread(drawn: tuple[Path, list[Change]]) -> None:
    """What is written is there, or there is an error with a place in the file."""
    lab, found = drawn
    data = whole(lab)
    for place, value, taken_out in found:
        change(data, place, value, taken_out=taken_out)
    text = json.dumps(data, indent=1)
    made, problems = outcome(text)
    if made is None:
        assert any(not problem.warning for problem in problems)
    else:
        vrrp = data.get("vrrp", {})
        assert isinstance(vrrp, dict)
        assert ("spread" in vrrp) == ("SPREAD_1" in made.vrrp)
    lines = text.splitlines()
    for problem in problems:
        assert "\n" not in str(problem)
        assert problem.line is None or 1 <= problem.line <= len(lines)


def outcome(text: str) -> tuple[Lab | None, tuple[Problem, ...]]:
    try:
        found = examine(parse(text), Path("x.yaml"))
    except LabFileError as error:
        return None, error.problems
    return found.lab, found.warnings


def change(data: dict[str, Plain], place: Place, value: Plain, *, taken_out: bool) -> None:
    here: Plain = data
    for part in place[:-1]:
        if isinstance(here, dict) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return
    last = place[-1]
    if isinstance(here, dict) and last in here:
        del here[str(last)]
        if not taken_out:
            here[str(last)] = value
    elif isinstance(here, list) and isinstance(last, int) and last < len(here):
        here[last : last + 1] = [] if taken_out else [value]
