"""A lab's record is in its containers' labels, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsnet.docker import labels
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.plan import codec
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import File, Interface, Node, Plan
from lvsnet.resources import example_labs

ABOUT = About("/labs/dr.yaml", "docker", "host 6.12.3", "a Docker engine answers", 0)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILES = st.builds(
    File, path=st.sampled_from(["/run/a", "/tmp/b", "/etc/hosts", "/etc/motd"]), content=TEXT
)
NODES = st.builds(
    Node,
    name=TEXT,
    interfaces=st.tuples(st.builds(Interface, addresses=st.tuples(TEXT))),
    addresses=st.just(()),
    routes=st.just(()),
    sysctls=st.lists(st.tuples(TEXT, TEXT)).map(tuple),
    files=st.lists(FILES).map(tuple),
    daemons=st.just(()),
    commands=st.lists(st.lists(TEXT).map(tuple)).map(tuple),
    environment=st.lists(st.tuples(TEXT, TEXT)).map(tuple),
    capabilities=st.lists(TEXT).map(tuple),
)
RECORDS = st.builds(
    Record,
    st.builds(About),
    st.builds(Plan, nodes=st.lists(NODES, min_size=1, unique_by=lambda node: node.name).map(tuple)),
)


def dr() -> Record:
    return Record(ABOUT, compile_lab(load(example_labs()["dr"])))


def of(record: Record) -> list[dict[str, str]]:
    return [labels.node_labels(record, node) for node in record.plan.nodes]


def kept(file: File) -> File:
    on_disk = not file.path.startswith(("/run/", "/tmp/")) and file.path != "/etc/hosts"
    return replace(file, content="") if on_disk else file


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS, st.randoms(use_true_random=False))
def test_a_record_comes_back(record: Record, random: Random) -> None:
    found = of(record)
    random.shuffle(found)
    nodes = tuple(
        replace(node, files=tuple(kept(file) for file in node.files)) for node in record.plan.nodes
    )
    assert labels.record_of(found) == replace(record, plan=replace(record.plan, nodes=nodes))


def test_labels_tell_what_a_container_is() -> None:
    record = dr()
    found = labels.node_labels(record, record.plan.nodes[1])
    assert found["lvsnet.lab"] == "dr"
    assert found["lvsnet.node"] == "lb01"
    assert found["lvsnet.role"] == "director"
    assert found["lvsnet.plan"] == codec.digest(record.plan)


def test_labels_stay_small() -> None:
    record = dr()
    assert max(len(value) for found in of(record) for value in found.values()) < 4000


def test_what_is_on_the_disk_does_not_make_them_larger() -> None:
    record = dr()
    node = record.plan.nodes[0]
    with_file = replace(node, files=(*node.files, File("/srv/large", "x" * 1_000_000)))
    assert len(labels.of_node(with_file)[labels.NODE_SPEC]) < 4000


def test_a_lab_of_which_half_is_left_is_told() -> None:
    with pytest.raises(LvsnetError, match=r"lab dr .*no container of lb02, nginx02; `lvsnet destr"):
        labels.record_of([one for one in of(dr()) if not one["lvsnet.node"].endswith("02")])


def test_containers_of_two_deployments_are_no_lab() -> None:
    record = dr()
    other = replace(record, plan=replace(record.plan, kernel=()))
    with pytest.raises(LvsnetError, match="several deployments"):
        labels.record_of([*of(record)[:2], *of(other)[2:]])


@pytest.mark.parametrize("wrong", ["", "?", "e30=", "eJyrrgUAAXUA+Q=="])
def test_somebody_elses_labels_are_told(wrong: str) -> None:
    found = [{**one, "lvsnet.lab.spec": wrong} for one in of(dr())]
    with pytest.raises(LvsnetError, match=r"lvsnet.lab.spec"):
        labels.record_of(found)


def test_no_containers_are_no_lab() -> None:
    with pytest.raises(LvsnetError):
        labels.record_of([])
