"""What a site that was changed can still become when its users have stopped parts of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvsnet.observe.model import Node, Site
from lvsnet.observe.settling import reachable
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs


@pytest.fixture(scope="module")
def plan() -> Plan:
    from lvsnet.compiled import compile_file

    return compile_file(example_labs()["dr"]).plan


def seen(plan: Plan, *off: str, dead: str = "") -> Site:
    nodes = tuple(
        Node(
            node.name,
            node.role,
            node.name not in off,
            (),
            tuple((one.name, node.name not in (*off, dead)) for one in node.daemons),
            (),
        )
        for node in plan.nodes
    )
    return Site(nodes, ())


def test_of_a_whole_site_all_is_awaited(plan: Plan) -> None:
    assert reachable(plan, seen(plan)) == plan


def test_a_stopped_director_leaves_the_vip_to_the_other(plan: Plan) -> None:
    found = reachable(plan, seen(plan, "lb01"))
    assert found.held == plan.held
    assert {one.node for one in found.listed} == {"lb02"}


def test_without_any_director_nothing_is_awaited(plan: Plan) -> None:
    found = reachable(plan, seen(plan, "lb01", "lb02"))
    assert (found.held, found.listed) == ((), ())


def test_a_stopped_real_server_is_in_no_table(plan: Plan) -> None:
    found = reachable(plan, seen(plan, "nginx01"))
    assert {one.real_server for one in found.listed} == {"192.168.10.14:80"}
    assert found.held == plan.held


def test_a_killed_keepalived_may_have_left_its_vip(plan: Plan) -> None:
    found = reachable(plan, seen(plan, dead="lb01"))
    assert found.held == ()
    assert found.listed == tuple(one for one in plan.listed if one.node == "lb02")


def test_an_address_that_moves_is_lost_with_all_its_holders(plan: Plan) -> None:
    listed = (replace(plan.listed[0], real_server="192.168.10.100:80"),)
    moving = replace(plan, listed=listed, held=(replace(plan.held[0], nodes=("nginx01",)),))
    assert reachable(moving, seen(plan, "nginx01")).listed == ()
    assert reachable(moving, seen(plan, "nginx02")).listed == listed
