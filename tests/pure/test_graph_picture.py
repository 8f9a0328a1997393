"""Pictures of labs: everything in them has a place of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import compiled

from lvsnet.compiled import compile_file
from lvsnet.observe import graph
from lvsnet.observe.graph import drawing, measure
from lvsnet.observe.graph.picture import Picture, PlacedBar, PlacedBox, Point
from lvsnet.observe.graph.scene import scene
from lvsnet.observe.graph.sizes import (
    LINE_SIZE,
    LONGEST_LINE,
    LONGEST_NAME,
    NAME_SIZE,
    PAD,
    ROLE_SIZE,
)
from lvsnet.plan.model import Interface, Node, Plan, Segment
from lvsnet.resources import example_labs

ROOT = Path(__file__).parents[2]
LABS = [
    *example_labs().values(),
    *sorted((ROOT / "tests/e2e/labs").glob("*.yaml")),
    *sorted((ROOT / "tests/pure/labs").glob("*.yaml")),
    *sorted((ROOT / "labs/broken").glob("*/broken.yaml")),
    *sorted((ROOT / "tests/pure/topologies").glob("*.clab.yml")),
]

labs = pytest.mark.parametrize("lab", LABS, ids=lambda path: f"{path.parent.name}-{path.stem}")


def plan_of(lab: Path) -> Plan:
    return compile_file(lab).plan


def picture_of(plan: Plan) -> Picture:
    return drawing.picture(scene(plan))


@labs
def test_in_the_picture_of_every_lab_everything_has_its_place(lab: Path) -> None:
    plan = plan_of(lab)
    picture = picture_of(plan)
    assert {one.box.name for one in picture.boxes} == {node.name for node in plan.nodes}
    assert {one.bar.name for one in picture.bars} == {one.name for one in plan.segments}
    check(picture)
    ElementTree.fromstring(graph.svg(plan))


def check(picture: Picture) -> None:
    things: list[PlacedBox | PlacedBar] = [*picture.boxes, *picture.bars]
    for one, other in combinations(things, 2):
        assert not overlap(one, other), (name(one), name(other))
    for box in picture.boxes:
        words_fit(box)
    boxes = {one.box.name: one for one in picture.boxes}
    for link in picture.links:
        assert on_edge(boxes[link.link.node], link.points[0]), link
        assert clear(picture, link.points), link
    for path in picture.paths:
        for arrow in path.arrows:
            assert on_edge(boxes[arrow.source], arrow.points[0]), arrow
            assert on_edge(boxes[arrow.target], arrow.points[-1]), arrow
            assert clear(picture, arrow.points), arrow


def name(one: PlacedBox | PlacedBar) -> str:
    return one.box.name if isinstance(one, PlacedBox) else one.bar.name


def overlap(one: PlacedBox | PlacedBar, other: PlacedBox | PlacedBar) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def words_fit(placed: PlacedBox) -> None:
    free = placed.width - 2 * PAD
    box = placed.box
    head = measure.sans(measure.cut(box.name, LONGEST_NAME), NAME_SIZE)
    assert head + measure.sans(box.role, ROLE_SIZE) <= free
    for line in box.lines:
        words = measure.mono(measure.cut(line.text, LONGEST_LINE), LINE_SIZE)
        assert words + measure.mono(line.aside, LINE_SIZE) <= free, line


def on_edge(box: PlacedBox, point: Point) -> bool:
    x, y = point
    beside = box.x <= x <= box.x + box.width and (
        abs(y - box.y) < 0.3 or abs(y - box.y - box.height) < 0.3
    )
    return beside or (abs(x - box.x) < 0.3 and box.y <= y <= box.y + box.height)


def clear(picture: Picture, points: tuple[Point, ...]) -> bool:
    """Whether a line runs across no box."""
    return not any(
        max(x1, x2) > box.x + 0.5
        and min(x1, x2) < box.x + box.width - 0.5
        and max(y1, y2) > box.y + 0.5
        and min(y1, y2) < box.y + box.height - 0.5
        for (x1, y1), (x2, y2) in pairwise(points)
        for box in picture.boxes
    )


TWENTY = """
name: twenty
segments: {lan: 192.168.10.0/24}
nodes:
  client: {role: client, interfaces: {lan: 192.168.10.10}}
  lb01: {role: director, interfaces: {lan: 192.168.10.11}}
  lb02: {role: director, interfaces: {lan: 192.168.10.12}}
"""


def twenty() -> Plan:
    text = TWENTY
    for n in range(1, 21):
        text += f"  web{n:02}: {{role: realserver, interfaces: {{lan: 192.168.10.{n + 20}}}}}\n"
    vrrp = "{lan: {segment: lan, virtual_router_id: 1, addresses: [192.168.10.100], priority: "
    text += f"vrrp: {vrrp}{{lb01: 150, lb02: 100}}}}}}\n"
    webs = ", ".join(f"web{n:02}" for n in range(1, 21))
    text += "services: {web: {address: 192.168.10.100, port: 80, method: dr, scheduler: rr, "
    return compiled(f"{text}real_servers: [{webs}]}}}}\n")


def test_many_real_servers_stand_in_rows() -> None:
    picture = picture_of(twenty())
    check(picture)
    web = [one for one in picture.boxes if one.box.role == "realserver"]
    rows = sorted({one.y for one in web})
    assert len(rows) == 3
    first = sorted((one for one in web if one.y == rows[0]), key=lambda one: one.x)
    assert [one.box.name for one in first] == [f"web{n:02}" for n in range(1, 8)]
    # Each gets a request and answers it.
    ends = {arrow.target for arrow in picture.paths[0].arrows}
    begins = {arrow.source for arrow in picture.paths[0].arrows}
    names = {one.box.name for one in web}
    assert names < ends
    assert names < begins


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(0, 5))
    segments = [f"s{n}" for n in range(count)]
    roles = st.sampled_from(["client", "director", "realserver", "router", "host"])
    nodes = []
    for n in range(draw(st.integers(0, 12))):
        wired = draw(st.lists(st.sampled_from(segments), unique=True)) if segments else []
        nodes.append(node(f"n{n}", draw(roles), wired))
    bridges = tuple(Segment(one, f"br-{one}", 1500) for one in segments)
    return Plan("any", bridges, tuple(nodes), (), (), ())


def node(called: str, role: str, wired: list[str]) -> Node:
    interfaces = tuple(
        Interface(f"eth{n}", segment, f"{called}-eth{n}", "02:00:00:00:00:01", (), 1500)
        for n, segment in enumerate(wired, 1)
    )
    return Node(called, role, interfaces, (), (), (), (), (), (), (), (), False, "")


@given(plans())
@settings(max_examples=40, deadline=None)
def test_whatever_is_wired_with_whatever_nothing_lies_on_anything(plan: Plan) -> None:
    check(picture_of(plan))


_PROGRAM = """
import sys
from pathlib import Path
from lvsnet.compiled import compile_file
from lvsnet.observe import graph
sys.stdout.write(graph.svg(compile_file(Path(sys.argv[1])).plan))
"""


def test_another_process_draws_the_same_bytes() -> None:
    lab = ROOT / "labs/two-networks.yaml"
    drawn = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, lab],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1")
    }
    assert drawn == {graph.svg(plan_of(lab)).encode()}


def texts(document: str) -> Iterator[str]:
    yield from (one.text or "" for one in ElementTree.fromstring(document).iter())


def test_names_are_text_and_nothing_else() -> None:
    plan = Plan("<b>&", (), (node("<script>", "host", []),), (), (), ())
    drawn = graph.svg(plan)
    assert "<script" not in drawn
    assert {"<b>&", "<script>"} <= set(texts(drawn))
