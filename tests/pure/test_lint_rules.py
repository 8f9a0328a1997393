"""Each rule has a wrong example, in which it is found where ``# here`` is, and a right one.

``lint/RULE.txt`` has both: ``==== wrong: MACHINE`` begins a machine's keepalived.conf,
``==== wrong: NAME.yaml`` a lab file. Nothing else that is more than a note is in the right one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lvsnet.lab import rules
from lvsnet.lint.gathering import Target
from lvsnet.lint.linting import Choice, Report, lint, severity
from lvsnet.lint.reference import reference
from lvsnet.lint.table import FAMILIES, RULES

FOLDER = Path(__file__).parent / "lint"
ROOT = FOLDER.parents[2]
every_rule = pytest.mark.parametrize("rule", RULES)


def examples(rule: str) -> dict[str, tuple[Target, ...]]:
    """``wrong`` and ``right`` -> the files."""
    found: dict[str, tuple[Target, ...]] = {}
    text = (FOLDER / f"{rule}.txt").read_text()
    _, *parts = re.split(r"^==== (wrong|right): (\S+)\n", text, flags=re.MULTILINE)
    for which, name, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        machine = "" if name.endswith(".yaml") else name
        target = Target(machine, name, content, Path(name))
        found[which] = (*found.get(which, ()), target)
    return found


def linted(targets: tuple[Target, ...]) -> Report:
    report = lint(targets, Choice())
    assert not report.unread
    return report


@every_rule
def test_a_rule_is_found_where_it_is_broken_and_nowhere_else(rule: str) -> None:
    wrong = examples(rule)["wrong"]
    meant = {
        (target.file, number)
        for target in wrong
        for number, line in enumerate(target.text.splitlines(), 1)
        if line.endswith("# here")
    }
    found = {(one.place.file, one.place.line) for one in linted(wrong).findings if one.rule == rule}
    assert found == meant
    assert meant


@every_rule
def test_what_is_right_breaks_no_rule(rule: str) -> None:
    findings = linted(examples(rule)["right"]).findings
    assert [one for one in findings if one.rule == rule or severity(one) != "note"] == []


def test_every_file_is_of_a_rule() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(RULES)


def test_rules_are_told_as_parts_of_sentences() -> None:
    for rule in RULES.values():
        assert rule.summary
        assert rule.source
        assert rule.mend
        assert not rule.summary.endswith(".")
        assert not rule.mend.endswith(".")
        assert not rule.shown_by or (ROOT / "labs" / "broken" / rule.shown_by).is_dir()


def test_no_two_rules_have_one_name() -> None:
    names = [rule.name for family in FAMILIES for rule in family.rules]
    assert len(names) == len(set(names))


def test_a_rule_that_lab_files_have_too_is_as_bad_there() -> None:
    both = sorted({*RULES} & {*rules.RULES})
    assert len(both) > 10
    assert [RULES[name].severity for name in both] == [rules.RULES[name].severity for name in both]


def test_the_published_page_is_that_of_the_rules() -> None:
    """``make docs`` writes it anew."""
    assert (ROOT / "docs" / "lint-rules.md").read_text() == reference()


def test_the_readme_knows_how_many_there_are() -> None:
    assert f"[{len(RULES)} rules](docs/lint-rules.md)" in (ROOT / "README.md").read_text()
