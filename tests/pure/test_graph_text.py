"""Pictures as text, byte for byte, and as a page.

After a change that is meant, ``LVSNET_UPDATE_GOLDEN=1 pytest tests/pure/test_graph_text.py``
writes the golden files anew; read their diff before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from commands import lvsnet

from lvsnet.compiled import compile_file
from lvsnet.observe import graph
from lvsnet.plan.model import Node, Plan, Segment
from lvsnet.resources import example_labs

GOLDEN = Path(__file__).parent / "golden_graph"
DOCS = Path(__file__).parents[2] / "docs"
LABS = example_labs()
DR = str(LABS["dr"])
"""By its file: by its name it might be a lab that somebody runs here."""
TEXTS = {"dot": graph.dot, "mmd": graph.mermaid}


def plan(lab: str) -> Plan:
    return compile_file(LABS[lab]).plan


@pytest.mark.parametrize("lab", ["dr", "tun"])
@pytest.mark.parametrize("ending", TEXTS)
def test_text_is_as_its_golden_file(lab: str, ending: str) -> None:
    golden = GOLDEN / f"{lab}.{ending}"
    text = TEXTS[ending](plan(lab))
    if os.environ.get("LVSNET_UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("lab", ["dr", "ipv6", "local-director", "nat", "tun", "two-networks"])
def test_the_pictures_in_docs_are_the_program_s(lab: str) -> None:
    kept = DOCS / f"graph-{lab}.svg"
    drawn = graph.svg(plan(lab))
    if os.environ.get("LVSNET_UPDATE_GOLDEN") == "1":
        kept.write_text(drawn)
    assert drawn == kept.read_text()


HOSTILE = """<script>alert(1)</script>"]#;--> \\ {x}"""


def hostile() -> Plan:
    machine = Node(HOSTILE, "host", (), (), (), (), (), (), (), (), (), False, "")
    return Plan(HOSTILE, (Segment(HOSTILE, "b", 1500),), (machine,), (), (), ())


class Page(HTMLParser):
    """The elements of a page, and what is in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script" and data.strip():
            self.scripts.append(data)


def test_names_are_no_part_of_any_language() -> None:
    page = Page(graph.html(hostile()))
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert set(json.loads(page.scripts[0])) == {HOSTILE}
    chart = graph.mermaid(hostile()).split("flowchart")[1]
    assert "<script" not in chart
    assert chart.count('"') == 4
    labelled = graph.dot(hostile())
    assert re.search(r'"node <script>alert\(1\)</script>\\"\]#;--> \\\\ \{x\}"', labelled)


def test_a_page_has_all_paths_and_loads_nothing() -> None:
    page = Page(graph.html(plan("ipv6"), service="web6"))
    shown = [one for tag, one in page.elements if tag == "g" and one.get("class") == "path"]
    assert {one["data-service"] for one in shown} == {"web4", "web6", "inside"}
    assert {one["data-service"] for one in shown if "hidden" not in one} == {"web6"}
    options = [one for tag, one in page.elements if tag == "option"]
    assert [one["value"] for one in options] == ["web4", "web6", "inside", ""]
    assert [one["value"] for one in options if "selected" in one] == ["web6"]
    assert not [one for _, one in page.elements if {"src", "href", "style"} & set(one)]
    (policy,) = (one["content"] for _, one in page.elements if one.get("http-equiv"))
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; "
        r"base-uri 'none'; form-action 'none'",
        str(policy),
    )
    assert "eth1 on front" in str(json.loads(page.scripts[0])["lb01"])


def test_a_topology_without_services_has_a_picture_without_a_path() -> None:
    topology = compile_file(Path(__file__).parent / "topologies/office.clab.yml").plan
    assert 'class="path"' not in graph.svg(topology)
    for draw in (graph.dot, graph.mermaid, graph.html):
        assert all(node.name in draw(topology) for node in topology.nodes)


@pytest.mark.parametrize(
    ("ending", "begins"),
    [
        (".svg", "<svg "),
        (".html", "<!DOCTYPE html>"),
        (".mmd", "---\ntitle:"),
        (".dot", 'digraph "dr" {'),
    ],
)
def test_the_ending_says_the_format(ending: str, begins: str, tmp_path: Path) -> None:
    out = tmp_path / f"lab{ending}"
    done = lvsnet("graph", str(LABS["dr"]), "-o", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.read_text().startswith(begins)


def test_without_a_file_it_is_printed() -> None:
    one = lvsnet("graph", str(LABS["dr"]))
    assert one.stdout == graph.svg(plan("dr"))
    assert lvsnet("graph", str(LABS["dr"]), "-f", "dot").stdout == graph.dot(plan("dr"))
    chosen = lvsnet("graph", str(LABS["ipv6"]), "--service", "inside").stdout
    assert chosen == graph.svg(plan("ipv6"), service="inside")
    assert lvsnet("graph", str(LABS["dr"]), "-o", "-").stdout == graph.svg(plan("dr"))
    without = lvsnet("graph", str(LABS["dr"]), "--path", "none").stdout
    assert without == graph.svg(plan("dr"), service="")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nowhere.yaml"], 2, "nowhere.yaml: no such file"),
        ([DR, "-o", "x.png"], 2, "x.png: its ending says no format"),
        ([DR, "-f", "png"], 2, "'png' is not one of"),
        ([DR, "--service", "mail"], 2, "lab dr has no service mail; there is web"),
        ([DR, "-o", "/dev/null/lab.svg"], 1, "/dev/null/lab.svg: /dev/null is no directory"),
        ([DR, "-f", "svg", "-o", "/dev/full"], 1, "/dev/full: No space left on device"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    arguments: list[str], code: int, told: str, tmp_path: Path
) -> None:
    done = lvsnet("graph", *arguments, folder=tmp_path)
    assert done.returncode == code
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
