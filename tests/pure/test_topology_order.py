"""Nodes begin in the order that they wait for."""

from __future__ import annotations

import pytest

from lvsnet.lab.document import Mark
from lvsnet.lab.topology.order import stages
from lvsnet.lab.topology.values import Text, Told


def ordered(
    waits: dict[str, str], delays: dict[str, int] | None = None, bridges: tuple[str, ...] = ()
) -> dict[str, int]:
    """Stages of nodes, each with the names of those that it waits for."""
    told = Told()
    awaited = {
        node: [Text(name, Mark(1, 1), node) for name in names.split()]
        for node, names in waits.items()
    }
    found = stages(awaited, dict.fromkeys(waits, 0) | (delays or {}), bridges, told)
    assert [fault.message for fault in told.faults] == []
    return found


def test_nodes_that_wait_for_nobody_begin_together() -> None:
    assert ordered({"a": "", "b": ""}) == {"a": 1, "b": 1}


def test_a_node_begins_after_all_that_it_waits_for() -> None:
    assert ordered({"a": "b c", "b": "c", "c": "", "d": ""}) == {"a": 3, "b": 2, "c": 1, "d": 1}


def test_nobody_waits_for_a_bridge() -> None:
    assert ordered({"a": "br", "b": "br a"}, bridges=("br",)) == {"a": 1, "b": 2}


def test_a_delay_is_kept_as_an_order() -> None:
    assert ordered({"a": "", "b": "", "c": ""}, {"a": 10, "c": 2}) == {"a": 3, "b": 1, "c": 2}


def test_a_delay_counts_from_when_a_node_need_not_wait_any_more() -> None:
    # c would begin at 2 s, b at 1 + 2 s.
    assert ordered({"a": "", "b": "a", "c": ""}, {"a": 1, "b": 2, "c": 2}) == {
        "a": 1,
        "c": 2,
        "b": 3,
    }


@pytest.mark.parametrize("waits", [{"a": ["a"]}, {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}])
def test_a_circle_is_told_once(waits: dict[str, list[str]]) -> None:
    told = Told()
    awaited = {
        node: [Text(name, Mark(3, 4), f"{node}.wait-for[0]") for name in names]
        for node, names in waits.items()
    }
    assert stages(awaited, dict.fromkeys(waits, 0), (), told) == {}
    assert len(told.faults) == 1
    assert told.faults[0].mark == Mark(3, 4)
    assert "in a circle: a" in told.faults[0].message
    assert "d" not in told.faults[0].message.partition("circle: ")[2]
