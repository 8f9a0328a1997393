"""What the pages show is there: commands, options, labs, nodes, lines of generated files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from commands import lvsnet

from lvsnet.cli import COMMANDS, SECTIONS, Group
from lvsnet.compiled import compile_file
from lvsnet.plan.model import Plan
from lvsnet.plan.render import rendered
from lvsnet.resources import example_labs

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LABS = example_labs()
OF_A_LAB = ("deploy", "validate", "render", "export", "tour")
"""Commands whose first argument is a lab file or an example's name."""
IN_A_NODE = ("exec", "logs", "stop", "start")
ELIDED = "..."
"""A line that stands for lines that are left out."""

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix()
)


@dataclass(frozen=True)
class Fence:
    """A block of code."""

    title: str
    lines: tuple[str, ...]


def fences(page: Path) -> Iterator[Fence]:
    found = re.finditer(r"^(`{3,})(.*)\n((?:.*\n)*?)\1$", page.read_text(), re.MULTILINE)
    for _, info, body in (match.groups() for match in found):
        title = re.search(r'title="([^"]*)"', info)
        yield Fence(title[1] if title else "", tuple(body.splitlines()))


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words behind ``lvsnet`` of each command that a page shows, in a block or in a line."""
    typed = [line[2:] for fence in fences(page) for line in fence.lines if line.startswith("$ ")]
    prose = re.sub(r"^(`{3,}).*\n(?:.*\n)*?\1$", "", page.read_text(), flags=re.MULTILINE)
    inline = [span.replace("\n", " ") for span in re.findall(r"`(lvsnet [^`]+)`", prose)]
    for line in (*typed, *inline):
        for part in re.split(r"\s(?:&&|\|)\s(?=(?:[^']*'[^']*')*[^']*$)", line):
            words = shlex.split(part, comments=True)
            if words and words[0] == "lvsnet":
                yield words[1:]


def labs_of(page: Path) -> list[str]:
    """The labs that a page includes."""
    return re.findall(r'^--8<-- "labs/([a-z0-9-]+)\.yaml"$', page.read_text(), re.MULTILINE)


@cache
def plan(lab: str) -> Plan:
    return compile_file(LABS[lab]).plan


@cache
def usage(command: tuple[str, ...]) -> str:
    done = lvsnet(*command, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


@every_page
def test_every_command_and_option_is_there(page: Path) -> None:
    for name, *arguments in command_lines(page):
        if name.startswith("-"):
            continue
        assert name in COMMANDS, name
        # What stands behind the node belongs to the command that runs there.
        own = before_positional(arguments) if name == "exec" else arguments
        command = (name, *own[:1]) if isinstance(COMMANDS[name], Group) else (name,)
        known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage(command)))
        options = {word.partition("=")[0] for word in own if re.match("--?[a-z]", word)}
        assert options <= known, (name, arguments)


def before_positional(arguments: list[str]) -> list[str]:
    for place, word in enumerate(arguments):
        if not word.startswith("-"):
            return arguments[:place]
    return arguments


@every_page
def test_every_lab_that_is_named_is_there(page: Path) -> None:
    for name, *arguments in command_lines(page):
        first = next((word for word in arguments if not word.startswith("-")), "LAB")
        if name not in OF_A_LAB or not re.match("[a-z]", first):
            continue
        if first.startswith("labs/"):
            assert (DOCS.parent / first).is_file(), first
        elif "." not in first:
            assert first in LABS


@every_page
def test_every_node_that_is_named_is_in_a_lab_of_the_page(page: Path) -> None:
    nodes = {node.name for lab in labs_of(page) for node in plan(lab).nodes}
    for name, *arguments in command_lines(page):
        first = next((word for word in arguments if not word.startswith("-")), "NODE")
        if nodes and name in IN_A_NODE and re.match("[a-z]", first):
            assert first.rpartition("/")[2] in nodes, (name, arguments)


@every_page
def test_every_excerpt_is_in_the_file_that_it_names(page: Path) -> None:
    """Its title is ``LAB: MACHINE/PATH``; a line of three dots stands for others."""
    for fence in fences(page):
        lab, colon, path = fence.title.partition(": ")
        if not colon:
            continue
        content = rendered(plan(lab))[path][0].decode().splitlines()
        assert in_order(fence.lines, content), (fence.title, fence.lines)


def in_order(shown: tuple[str, ...], content: list[str]) -> bool:
    """Whether the runs of lines between the dots stand in ``content`` one after the other."""
    runs: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == ELIDED:
            runs.append([])
        else:
            runs[-1].append(line)
    at = 0
    for run in filter(None, runs):
        places = range(at, len(content) - len(run) + 1)
        found = next((place for place in places if content[place : place + len(run)] == run), None)
        if found is None:
            return False
        at = found + len(run)
    return True


def test_every_lab_is_on_a_page_of_schemes_or_on_that_of_vips() -> None:
    included = {lab for page in (DOCS / "schemes").glob("*.md") for lab in labs_of(page)}
    spread = set(re.findall(r"^\| `(vips-[a-z0-9-]+)` \|", (DOCS / "vips.md").read_text(), re.M))
    assert included | spread == set(LABS)
    assert spread == {lab for lab in LABS if lab.startswith("vips-")}


@pytest.mark.parametrize("page", ["README.md", "docs/quick-start.md", "docs/schemes/index.md"])
def test_every_lab_is_in_each_table_of_labs(page: str) -> None:
    """By its file, or by its name in the first column; those of spread VIPs are on docs/vips.md."""
    rows = re.findall(r"^\| .*", (DOCS.parent / page).read_text(), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"\(labs/([a-z0-9-]+)\.yaml\)", row)}
    named |= {name for row in rows for name in re.findall("`([a-z0-9-]+)`", row.split(" | ")[0])}
    assert {lab for lab in LABS if not lab.startswith("vips-")} <= named


def test_every_command_is_in_the_readme_and_on_the_page_of_commands_where_help_lists_it() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    table = readme[readme.index("## Commands") :].split("\n\n")[1].splitlines()[2:]
    rows = [re.findall("`([a-z]+)`", row) for row in table]
    assert rows == [list(section) for section in SECTIONS.values()]
    page = (DOCS / "commands.md").read_text()
    for heading, section in SECTIONS.items():
        part = page[page.index(f"\n## {heading}\n") + 1 :].partition("\n## ")[0]
        assert re.findall(r"^\| `lvsnet ([a-z]+)", part, re.MULTILINE) == list(section)


def test_what_the_readme_points_at_is_there() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", readme)
    assert len(links) > 50
    for path, anchor in links:
        file = DOCS.parent / (path or "README.md")
        assert file.exists(), path
        if anchor:
            heads = re.findall(r"^#+ (.*)", file.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^a-z0-9]+", "-", head.lower()) for head in heads], anchor


def test_the_broken_labs_are_counted() -> None:
    found = [path for path in (DOCS.parent / "labs" / "broken").iterdir() if path.is_dir()]
    assert f"has {len(found)} faults of real sites" in (DOCS.parent / "README.md").read_text()


def test_excerpts_that_are_not_there_are_found() -> None:
    content = ["a", "b", "c", "d"]
    assert in_order(("a", "  ...", "c", "d"), content)
    assert not in_order(("a", "c"), content)
    assert not in_order(("c", "...", "a"), content)
