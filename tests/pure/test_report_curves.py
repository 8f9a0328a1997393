"""Curves of ActiveConn and InActConn as a picture."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from report_samples import NODES, loaded, request, result, sample, text
from testing_samples import outcome

from lvsnet.errors import LvsnetError
from lvsnet.observe.sample import Sample
from lvsnet.report import curves, reading
from lvsnet.report.model import Run
from lvsnet.testing.model import Result

SVG = "{http://www.w3.org/2000/svg}"
SECOND = 1_000_000_000
SAMPLES = (
    *(sample(0, 1, 0, 0), sample(2, 1, 3, 0), sample(5, 1, 0, 3), sample(9, -1, 0, 0)),
    *(
        replace(one, real_server="192.168.10.14:80")
        for one in (sample(0, 1, 0, 0), sample(3, 1, 1, 4))
    ),
    sample(0, 1, 0, 0, node="lb02"),
)


def counted() -> Result:
    found = replace(
        outcome(), samples=SAMPLES, loads=(loaded([request(n, 0.1, "nginx01") for n in range(4)]),)
    )
    return replace(result(), outcome=found)


def read(*results: Result) -> tuple[Run, ...]:
    return reading.runs(text(*results), "x")


def test_a_director_s_real_servers_are_added_up() -> None:
    (one,) = curves.panels(read(counted()))
    assert one.title == "labs/dr.yaml::director-dies, lb01"
    seconds = [(at / SECOND, count) for at, count in one.active]
    assert seconds == [(0, 0), (2, 3), (3, 4), (5, 1)]
    assert [(at / SECOND, count) for at, count in one.inactive] == [(0, 0), (3, 4), (5, 7), (9, 4)]
    assert (one.most, one.length) == (7, 12 * SECOND)


def places(root: ElementTree.Element, kind: str) -> list[str]:
    return [one.attrib["d"] for one in root.iter(f"{SVG}path") if one.get("class") == kind]


def test_lines_are_where_the_scales_say() -> None:
    root = ElementTree.fromstring(curves.svg(read(counted())))
    *_legend, line = places(root, "inactive")
    # 12 s in 690 points, and 8 connections, four steps of 2, in 150.
    assert line == "M52 208H224.5V133H339.5V76.8H569.5V133H742"
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert [one for one in texts if one in ("0", "2", "4", "6", "8")] == ["0", "2", "4", "6", "8"]
    assert {"0 s", "2 s", "12 s", "web: 4 requests", "InActConn", "ActiveConn"} <= {*texts}
    (bar,) = (one for one in root.iter(f"{SVG}rect") if one.get("class") == "load")
    assert (bar.get("x"), bar.get("width")) == ("52", "178.2")


def test_several_runs_have_one_scale_and_equal_runs_equal_bytes() -> None:
    long = counted()
    assert long.outcome is not None
    long = replace(long, outcome=replace(long.outcome, ended=long.outcome.begun + 600 * SECOND))
    both = curves.svg(read(counted(), long))
    assert both == curves.svg(read(counted(), long))
    root = ElementTree.fromstring(both)
    assert root.get("height") == "540"
    ends = [line.rpartition("H")[2] for line in places(root, "inactive") if "V" in line]
    assert ends == ["65.8", "742"]


def test_a_long_title_keeps_its_end() -> None:
    (run,) = read(counted())
    text = curves.svg([replace(run, title=f"/{'long/' * 40}dr.yaml::spread")])
    (title,) = (
        one.text for one in ElementTree.fromstring(text).iter(f"{SVG}text") if one.get("y") == "22"
    )
    assert title is not None
    assert len(title) == curves.LONGEST
    assert title.startswith("…")
    assert title.endswith("/dr.yaml::spread, lb01")


def test_texts_are_data() -> None:
    hostile = replace(NODES[0], name='<script>"&')
    one = counted()
    assert one.outcome is not None
    samples = tuple(replace(each, node=hostile.name) for each in SAMPLES)
    wild = replace(one, outcome=replace(one.outcome, samples=samples))
    root = ElementTree.fromstring(curves.svg(read(wild)))
    assert '<script>"&' in (root.get("aria-label") or "")
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("samples", [(), SAMPLES[-1:]])
def test_nothing_to_draw_is_told(samples: tuple[Sample, ...]) -> None:
    one = counted()
    assert one.outcome is not None
    with pytest.raises(LvsnetError, match="no curves to draw: no director counted any connection"):
        curves.svg(read(replace(one, outcome=replace(one.outcome, samples=samples))))


@pytest.mark.parametrize(
    ("most", "step"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (25, 5), (26, 10), (1250, 500)]
)
def test_marks_are_at_round_numbers(most: int, step: int) -> None:
    assert curves._nice(most, 5) == step
