"""Matrices: their variants, where their values belong in a lab, and what they leave as it was."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.lab.compose import parse
from lvsnet.lab.document import Document, Leaf, Loc, Mark, Table, child, place, plain
from lvsnet.lab.topology.values import At, Told, inner
from lvsnet.resources import example_labs
from lvsnet.scenario import matrix

DR = example_labs()["dr"].read_text().partition("\nscenarios:")[0]
MORE = """
  more:
    address: 192.168.10.100
    port: 81
    method: dr
    real_servers: [nginx01]
"""


def document(text: str = DR + MORE) -> Document:
    made = parse(text)
    assert not made.faults
    return made


def root(text: str = DR + MORE) -> Table:
    found = document(text).root
    assert isinstance(found, Table)
    return found


def combinations(text: str) -> tuple[matrix.Combination, ...]:
    told = Told()
    at: At | None = inner(root(f"matrix: {text}"), "matrix", "")
    found = matrix.combinations(at, told)
    assert not told.faults
    return found


def values(text: str) -> list[dict[str, str]]:
    return [matrix.texts(one) for one in combinations(text)]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_every_combination_is_a_variant(sizes: list[int]) -> None:
    axes = {f"k{n}": [str(value) for value in range(size)] for n, size in enumerate(sizes)}
    written = ", ".join(f"{key}: [{', '.join(some)}]" for key, some in axes.items())
    found = values(f"{{{written}}}")
    assert len(found) == math.prod(sizes)
    assert [tuple(one.values()) for one in found] == sorted(tuple(one.values()) for one in found)
    assert all(one[key] in some for one in found for key, some in axes.items())


def test_a_list_has_its_variants_one_by_one() -> None:
    assert values("[{a: 1, b: x}, {b: 1.50, a: yes}]") == [
        {"a": "1", "b": "x"},
        {"b": "1.50", "a": "yes"},
    ]
    assert values("{a: dr, b: [true, [1, 2], {c: d}]}") == [
        {"a": "dr", "b": "true"},
        {"a": "dr", "b": "[1, 2]"},
        {"a": "dr", "b": '{"c": "d"}'},
    ]
    assert matrix.combinations(None, Told()) == ((),)


@pytest.mark.parametrize(
    ("key", "locs"),
    [
        ("method", [("services", "web", "method"), ("services", "more", "method")]),
        ("check.interval", [("services", "web", "check", "interval")]),
        ("advert_int", [("vrrp", "VI_1", "advert_int")]),
        ("priority.lb01", [("vrrp", "VI_1", "priority", "lb01")]),
        ("services.more.method", [("services", "more", "method")]),
        ("services.web.real_servers.1", [("services", "web", "real_servers", 1)]),
        ("timeouts.tcp_fin", [("timeouts", "tcp_fin")]),
        (
            "nodes.lb01.sysctls.net.ipv4.ip_forward",
            [("nodes", "lb01", "sysctls", "net.ipv4.ip_forward")],
        ),
        ("nodes.lb01.files./etc/a.b", [("nodes", "lb01", "files", "/etc/a.b")]),
        ("memory", [("memory",)]),
        ("nonsense", []),
        ("scenarios", []),
    ],
)
def test_where_a_key_belongs(key: str, locs: list[Loc]) -> None:
    assert list(matrix.places(root(), key)) == locs


def test_a_part_that_only_some_have_is_changed_there_alone() -> None:
    lab = root(
        "vrrp:\n"
        "  A: {priority: {lb01: 1, lb02: 2}}\n"
        "  B: {priority: {lb02: 1}}\n"
        "  C: {advert_int: 1s}\n"
    )
    assert matrix.places(lab, "priority.lb01") == (("vrrp", "A", "priority", "lb01"),)
    # Nobody has it: both that could.
    assert [loc[1] for loc in matrix.places(lab, "priority.lb03")] == ["A", "B"]


def test_names_may_have_dots() -> None:
    lab = root(DR.replace("VI_1:", "VI.1:"))
    assert matrix.places(lab, "vrrp.VI.1.advert_int") == (("vrrp", "VI.1", "advert_int"),)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("vrrp.VI_2.advert_int", "this lab has no vrrp.VI_2; did you mean 'VI_1'?"),
        ("nodes.lb03.role", "this lab has no nodes.lb03; did you mean 'lb02'?"),
        ("segments.lan.mtu", "segments.lan is no mapping in this lab"),
        ("services.web.real_servers.x", "is a list of 2; write a number from 0 behind it, not x"),
        ("authentication.auth_pass", "none of this lab's vrrp has authentication"),
    ],
)
def test_where_a_key_has_no_place(key: str, message: str) -> None:
    with pytest.raises(matrix.NoPlaceError, match=message.replace("?", r"\?")):
        matrix.places(root(), key)


def test_without_services_a_method_has_no_place() -> None:
    with pytest.raises(matrix.NoPlaceError, match="this lab has no services"):
        matrix.places(root("name: a\n"), "method")


@pytest.mark.parametrize(
    "loc",
    [
        ("services", "web", "method"),
        ("services", "web", "real_servers", 1),
        ("nodes", "lb01", "sysctls", "net.ipv4.ip_forward"),
        ("timeouts", "tcp"),
        ("nodes", "lb01"),
    ],
)
def test_a_change_is_at_its_place_and_nowhere_else(loc: Loc) -> None:
    before = document()
    again = document()
    mark = Mark(1000, 7)
    after = matrix.changed(before, [(loc, Leaf("new"), mark)])
    assert before == again
    here = after.root
    for part in loc:
        here = child(here, part)
    assert here == Leaf("new")
    assert place(after, loc)[1] == mark
    assert after.root is not None
    assert before.root is not None
    old, new = plain(before.root), plain(after.root)
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert {key for key in new if new[key] != old.get(key)} == {loc[0]}


def test_what_an_alias_shares_is_changed_at_one_place_only() -> None:
    text = "services:\n  a: &a {method: dr, check: {interval: 1s}}\n  b: *a\n"
    changed = matrix.changed(
        document(text), [(("services", "a", "check", "interval"), Leaf("9s"), Mark(1, 1))]
    )
    assert changed.root is not None
    assert plain(changed.root) == {
        "services": {
            "a": {"method": "dr", "check": {"interval": "9s"}},
            "b": {"method": "dr", "check": {"interval": "1s"}},
        }
    }
