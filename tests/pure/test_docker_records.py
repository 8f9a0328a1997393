"""A lab's record is in a signed file of each of its containers, whatever broke off between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.docker import labels, records
from lvsnet.docker.api import Container
from lvsnet.docker.records import Found, Kept
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.resources import example_labs

ABOUT = About("/labs/dr.yaml", "docker", "host 6.12.3", "a Docker engine answers", 0)
KEY = "ab" * 16
OLD = Record(ABOUT, compile_lab(load(example_labs()["dr"])))
NAMES = [node.name for node in OLD.plan.nodes]
NEW = replace(
    OLD,
    plan=replace(
        OLD.plan,
        nodes=tuple(replace(node, environment=(("A", node.name),)) for node in OLD.plan.nodes),
    ),
)


def found(name: str, record: Record | None, generation: int = 1, away: Sequence[str] = ()) -> Found:
    """A container that was made for ``OLD``, and what its file says."""
    [node] = [node for node in OLD.plan.nodes if node.name == name]
    tags = {**labels.node_labels(OLD, node), records.KEY: KEY}
    kept = Kept(name, generation, record, tuple(away)) if record else None
    return Found(Container(f"id-{name}", f"lvsnet-dr-{name}", "image", True, tags), kept)


def without(record: Record, *names: str) -> Record:
    nodes = tuple(node for node in record.plan.nodes if node.name not in names)
    return replace(record, plan=replace(record.plan, nodes=nodes))


@settings(deadline=None, max_examples=30)
@given(st.randoms(use_true_random=False))
def test_a_record_comes_back_from_files_in_any_order(random: Random) -> None:
    files = [found(name, OLD) for name in NAMES]
    random.shuffle(files)
    assert records.record_of(files) == OLD


def test_a_file_is_read_as_it_was_written_and_in_its_own_node_only() -> None:
    kept = Kept("lb01", 7, OLD, ("client",))
    content = records.encode(kept, KEY)
    assert records.decode(content, KEY, "lb01") == kept
    assert records.decode(content, KEY, "lb02") is None
    assert records.decode(content, "cd" * 16, "lb01") is None


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_file_that_is_torn_or_changed_is_none(data: st.DataObject) -> None:
    content = records.encode(Kept("lb01", 7, OLD, ()), KEY)
    place = data.draw(st.integers(0, len(content) - 1))
    assert records.decode(content[:place], KEY, "lb01") is None
    other = bytes([content[place] ^ data.draw(st.integers(1, 255))])
    assert records.decode(content[:place] + other + content[place + 1 :], KEY, "lb01") is None


def test_a_node_without_its_file_is_one_that_nobody_knows() -> None:
    record = records.record_of([found(name, None if name == "lb01" else OLD) for name in NAMES])
    assert record.unsettled == ("lb01",)
    assert [node.name for node in record.plan.nodes] == NAMES
    record = records.record_of([found(name, None) for name in NAMES])
    assert record.unsettled == tuple(NAMES)


@pytest.mark.parametrize("count", range(1, len(NAMES)))
def test_writing_that_broke_off_leaves_each_node_as_its_own_file_says(count: int) -> None:
    begun = replace(NEW, unsettled=("lb01", "lb02"))
    files = [found(name, begun, 2) for name in NAMES[:count]]
    files += [found(name, OLD, 1) for name in NAMES[count:]]
    record = records.record_of(files)
    assert record.unsettled == ("lb01", "lb02")
    assert record.plan.nodes == (*NEW.plan.nodes[:count], *OLD.plan.nodes[count:])
    # At the end: those whose file is not yet written are still unsettled.
    files = [found(name, NEW, 3) for name in NAMES[:count]]
    files += [found(name, begun, 2) for name in NAMES[count:]]
    record = records.record_of(files)
    assert record.plan == NEW.plan
    assert set(record.unsettled) == {"lb01", "lb02"} & set(NAMES[count:])


def test_a_node_that_was_to_go_or_to_come_when_it_broke_off() -> None:
    left = replace(without(NEW, "nginx02"), unsettled=("nginx02", "nginx01"))
    kept = [found(name, left, 2) for name in NAMES if name not in ("nginx01", "nginx02")]
    gone = found("nginx02", replace(OLD, unsettled=("nginx02",)), 1)
    record = records.record_of([gone, *kept])
    assert [node.name for node in record.plan.nodes] == NAMES
    assert record.plan.nodes[-1] == OLD.plan.nodes[-1]
    assert record.unsettled == ("nginx01", "nginx02")


def test_a_node_without_a_disk_is_in_the_record_and_one_that_was_lost_is_told() -> None:
    others = [name for name in NAMES if name != "lb01"]
    assert records.record_of([found(name, NEW, 2, ["lb01"]) for name in others]) == NEW
    with pytest.raises(LvsnetError, match="only half there: there is no container of lb01"):
        records.record_of([found(name, NEW, 2) for name in others])


def test_a_container_that_only_holds_the_record_is_no_node() -> None:
    holder = found("lb01", NEW, 2, NAMES)
    assert holder.hollow
    assert records.record_of([holder]) == NEW
    # Its node is not in the plan any more, and the others are still to come.
    rest = without(NEW, "lb01")
    names = [name for name in NAMES if name != "lb01"]
    assert records.record_of([found("lb01", rest, 3, NAMES)]) == rest
    assert records.record_of([found(name, rest, 3) for name in names] + [holder]) == rest


def test_containers_of_several_deployments_are_no_lab() -> None:
    files = [found(name, OLD) for name in NAMES]
    other = {**files[0].container.labels, records.KEY: "cd" * 16}
    files[0] = replace(files[0], container=replace(files[0].container, labels=other))
    with pytest.raises(LvsnetError, match="several deployments"):
        records.record_of(files)


def test_containerlabs_containers_have_labels_only() -> None:
    def bare(one: Found) -> Found:
        tags = {key: text for key, text in one.container.labels.items() if key != records.KEY}
        return replace(one, container=replace(one.container, labels=tags))

    files = [bare(found(name, None)) for name in NAMES]
    assert records.look([one.container for one in files]) == files
    record = records.record_of(files)
    assert (record.about, record.unsettled) == (ABOUT, ())
    assert records.nodes_of([one.container for one in files]) == NAMES
    with pytest.raises(LvsnetError, match="an earlier version of lvsnet deployed it"):
        records.key_of("dr", [one.container for one in files])
