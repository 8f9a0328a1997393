"""labs/broken: pairs that differ in one thing, all listed in its README with what they show."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from lvsnet.errors import LabFileError
from lvsnet.lab.compose import parse
from lvsnet.lab.load import examine
from lvsnet.scenario import files

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "labs" / "broken"
README = (BROKEN / "README.md").read_text()
PAIRS = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
ITEMS = set(range(1, 16))
"""Of what goes wrong in real sites."""
WITHOUT_A_LAB = {14}
MOST_CHANGED = 6
"""Lines of a site in which a pair differs: one thing, with what it needs."""

every_pair = pytest.mark.parametrize("pair", PAIRS)


def text(pair: str, which: str) -> str:
    return (BROKEN / pair / f"{which}.yaml").read_text()


def site(pair: str, which: str) -> list[str]:
    """A lab's lines, without comments, its scenario and what it is allowed."""
    lines = text(pair, which).partition("\nscenarios:\n")[0].splitlines()
    return [line for line in lines if line and not line.startswith(("#", "allow:"))]


def test_the_readme_lists_each_directory_in_order() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    assert rows == sorted(rows, key=lambda name: int(name[:2]))
    assert sorted(rows) == PAIRS


def test_each_row_tells_what_is_wrong_what_one_sees_and_how_it_is_mended() -> None:
    rows = re.findall(r"^\| `.*$", README, re.MULTILINE)
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert all(len(row) == 4 and all(row) for row in cells)


def test_each_item_has_a_lab_or_a_paragraph() -> None:
    shown = {int(name[:2]) for name in PAIRS}
    told = {int(number) for number in re.findall(r"^## (\d+): ", README, re.MULTILINE)}
    assert (shown, told) == (ITEMS - WITHOUT_A_LAB, WITHOUT_A_LAB)


def test_the_page_includes_the_list() -> None:
    assert '--8<-- "labs/broken/README.md:list"' in (ROOT / "docs" / "broken.md").read_text()
    assert README.count("--8<-- [start:list]") == README.count("--8<-- [end:list]") == 1


@every_pair
def test_a_pair_has_one_scenario_each_that_can_run(pair: str) -> None:
    found = {}
    for path in sorted((BROKEN / pair).iterdir()):
        (job,) = files.variants(files.collect(path))
        found[path.name] = job.variant.scenario.name
    assert found == {"broken.yaml": "shows", "right.yaml": "works"}


@every_pair
def test_a_pair_differs_in_one_thing(pair: str) -> None:
    assert site(pair, "right")[0] == f"name: {pair[3:]}"
    changed = [
        line
        for line in difflib.ndiff(site(pair, "broken"), site(pair, "right"))
        if line.startswith(("+ ", "- "))
    ]
    assert 0 < len(changed) <= MOST_CHANGED, changed


@every_pair
def test_a_comment_tells_symptom_mending_and_source(pair: str) -> None:
    for which, word in (("broken", "Symptom: "), ("right", "Mended: ")):
        comment = text(pair, which).partition("\nname: ")[0]
        assert f"\n# {word}" in comment
        assert "\n# Source: " in comment


@every_pair
def test_the_right_one_needs_no_leave_and_the_broken_one_all_that_it_has(pair: str) -> None:
    assert "\nallow:" not in text(pair, "right")
    allowed = re.search(r"^allow: \[([a-z-]+)\]\n", text(pair, "broken"), re.MULTILINE)
    if allowed:
        assert allowed[1] in told(text(pair, "broken").replace(allowed[0], ""), BROKEN / pair)
    for which in ("broken", "right"):
        assert told(text(pair, which), BROKEN / pair) == ""


def told(lab: str, folder: Path) -> str:
    """The rules that a lab breaks, whether they are errors or warnings."""
    try:
        found = examine(parse(lab), folder / "lab.yaml").warnings
    except LabFileError as error:
        return str(error)
    return "\n".join(map(str, found))
