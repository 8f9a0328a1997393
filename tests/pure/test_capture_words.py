"""Where to capture, as it is written."""

from __future__ import annotations

import pytest

from lvsnet.compiled import compile_file
from lvsnet.errors import LvsnetError
from lvsnet.observe.capture_model import ALL, Tapped
from lvsnet.observe.capture_words import places
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_file(example_labs()["tun"]).plan


def test_nodes_and_segments_are_told_apart(plan: Plan) -> None:
    assert places(["front", "lb01", "front"], plan) == ((Tapped("lb01", ()),), ("front",))
    assert places(["all"], plan) == ((Tapped(ALL, ()),), ())
    assert places(["lb01", "all", "back"], plan) == ((Tapped(ALL, ()),), ("back",))


def test_an_interface_has_its_name_or_its_segments(plan: Plan) -> None:
    for word in ("router:eth2", "router:back"):
        assert places([word], plan) == ((Tapped("router", ("eth2",)),), ())
    both = places(["router:back", "lb01:vrrp.33", "router:front"], plan)
    assert both == ((Tapped("router", ("eth1", "eth2")), Tapped("lb01", ("vrrp.33",))), ())
    assert places(["router:back", "router"], plan) == ((Tapped("router", ()),), ())


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lb1", "lab tun has no node or segment lb1; it has .* and front, back; did you mean lb01"),
        ("frnt", "did you mean front"),
        ("lb1:eth1", "lab tun has no node lb1; it has .*; did you mean lb01:eth1"),
        ("front:eth1", "has no node front; it has client, router, lb01, lb02, nginx01, nginx02"),
        ("lb01:", "lb01: names no interface: write lb01 for all of them, or lb01:eth1"),
    ],
)
def test_what_there_is_not_is_told(plan: Plan, word: str, message: str) -> None:
    with pytest.raises(LvsnetError, match=message):
        places([word], plan)
