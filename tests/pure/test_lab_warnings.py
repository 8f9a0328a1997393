"""Each lab file of lab_warnings/ runs, and gives exactly the warnings beside it.

After a change of messages, ``LVSNET_REWRITE=1 pytest tests/pure/test_lab_warnings.py`` writes them
anew, to be read in the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lvsnet.errors import LabFileError
from lvsnet.keepalived import verdict
from lvsnet.lab.compose import parse
from lvsnet.lab.load import MOST_ERRORS, examine
from lvsnet.rules.of_labs import RULES

PURE = Path(__file__).parent
FOLDER = PURE / "lab_warnings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
LABS = sorted((PURE.parents[1] / "labs").glob("*.yaml"))
MESSAGES = [path.read_text() for path in sorted(PURE.glob("lab_[ew]*/*.txt"))]
TEN = (
    "name: ten\nsegments: {lan: 10.0.0.0/8}\n"
    "nodes: {a: {role: director, interfaces: {lan: 10.0.0.1}}}\n"
)


def warnings(text: str, name: str = "x.yaml") -> list[str]:
    """The warnings of a lab that can run."""
    return [str(warning) for warning in examine(parse(text), Path(name)).warnings]


def problems(text: str) -> list[str]:
    """What is wrong or unwise in a lab."""
    try:
        return warnings(text)
    except LabFileError as error:
        return str(error).splitlines()


def rules_of(messages: str) -> set[str]:
    return set(re.findall(r"\[([a-z0-9-]+)\]$", messages, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_messages(name: str) -> None:
    expected = FOLDER / f"{name}.txt"
    told = warnings((FOLDER / f"{name}.yaml").read_text(), f"{name}.yaml")
    if os.environ.get("LVSNET_REWRITE"):
        expected.write_text("".join(f"{line}\n" for line in told))
    assert told == expected.read_text().splitlines()
    assert all(": warning: " in line for line in told)


def test_every_case_has_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_the_example_labs_have_none(path: Path) -> None:
    assert warnings(path.read_text(), str(path)) == []


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_what_the_example_labs_allow_is_what_they_do(path: Path) -> None:
    text = path.read_text()
    allowed = re.search(r"^allow: \[(.*)\]$", text, re.MULTILINE)
    told = problems(text.replace(allowed[0], "")) if allowed else []
    assert rules_of("\n".join(told)) == (set(allowed[1].split(", ")) if allowed else set())


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_broken_by_a_case(rule: str) -> None:
    lines = [line for text in MESSAGES for line in text.splitlines() if f" [{rule}]" in line]
    assert lines
    warned = RULES[rule].severity == "warning"
    assert all((": warning: " in line) == warned for line in lines)


CASES = [
    path
    for path in sorted(PURE.glob("lab_[ew]*/*.txt"))
    if (said := path.read_text()) and all(rules_of(line) for line in said.splitlines())
]
"""In which nothing is wrong but what a lab can allow itself."""


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_allowed_is_not_told(path: Path) -> None:
    lab = path.with_suffix(".yaml").read_text()
    assert warnings(f"{lab}\nallow: [{', '.join(rules_of(path.read_text()))}]\n") == []


def test_labs_can_allow_what_keepalived_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "RULES", {"said-by-keepalived": "It says so"})
    text = (LABS[0]).read_text()
    assert warnings(f"{text}\nallow: [said-by-keepalived]\n") == []
    with pytest.raises(LabFileError, match="did you mean 'said-by-keepalived'"):
        warnings(f"{text}\nallow: [said-by-keepalivd]\n")


def test_rules_are_told_as_parts_of_sentences() -> None:
    for rule in RULES.values():
        assert not rule.summary.endswith(".")
        assert rule.source


def instances(number: int, further: str) -> str:
    lines = (
        f"  VI_{n}: {{segment: lan, virtual_router_id: {n}, addresses: [10.0.1.{n}],"
        f" priority: {{a: 1}}, {further}}}\n"
        for n in range(1, number + 1)
    )
    return f"{TEN}vrrp:\n{''.join(lines)}"


def test_a_flood_of_warnings_is_cut_off_and_is_no_error() -> None:
    told = warnings(instances(MOST_ERRORS + 5, "authentication: {auth_pass: much_too_long}"))
    assert len(told) == MOST_ERRORS + 1
    assert told[-1] == "x.yaml: warning: further warnings are not shown"


def test_errors_behind_a_flood_of_warnings_are_told() -> None:
    text = instances(MOST_ERRORS + 5, "authentication: {auth_pass: much_too_long}")
    service = "services: {web: {address: 10.0.1.1, port: 80, method: dr, real_servers: [b]}}\n"
    with pytest.raises(LabFileError) as raised:
        warnings(text + service)
    assert [one.message for one in raised.value.problems if not one.warning] == [
        "service web: unknown node 'b'"
    ]
