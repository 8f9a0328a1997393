"""Each rule has a wrong example, in which it is found where ``# here`` is, and a right one.

``lint/RULE.txt`` has both: ``==== wrong: MACHINE`` begins a machine's keepalived.conf,
``==== wrong: NAME.yaml`` a lab file, ``==== wrong: MACHINE/etc/...`` a file in a machine's
directory. Nothing else that is more than a note is in the right one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lvsnet.lint.gathering import Target, gather
from lvsnet.lint.linting import Choice, Report, lint, severity
from lvsnet.lint.reference import reference
from lvsnet.rules.of_labs import RULES as OF_LABS
from lvsnet.rules.table import RULES, SUBJECTS

FOLDER = Path(__file__).parent / "lint"
ROOT = FOLDER.parents[2]
every_rule = pytest.mark.parametrize("rule", RULES)


def examples(rule: str) -> dict[str, dict[str, str]]:
    """``wrong`` and ``right`` -> the names of files -> their texts."""
    found: dict[str, dict[str, str]] = {"wrong": {}, "right": {}}
    text = (FOLDER / f"{rule}.txt").read_text()
    _, *parts = re.split(r"^==== (wrong|right): (\S+)\n", text, flags=re.MULTILINE)
    for which, name, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        found[which][name] = content
    return found


def linted(texts: dict[str, str], folder: Path) -> Report:
    targets = tuple(
        Target("" if name.endswith(".yaml") else name, name, text, Path(name))
        for name, text in texts.items()
    )
    if any("/" in name for name in texts):
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        targets, unread = gather([str(folder)])
        assert unread == ()
    report = lint(targets, Choice())
    assert not report.unread
    return report


@every_rule
def test_a_rule_is_found_where_it_is_broken_and_nowhere_else(rule: str, tmp_path: Path) -> None:
    wrong = examples(rule)["wrong"]
    meant = {
        (name, number)
        for name, text in wrong.items()
        for number, line in enumerate(text.splitlines(), 1)
        if line.endswith("# here")
    }
    found = {
        (one.place.file.removeprefix(f"{tmp_path}/"), one.place.line)
        for one in linted(wrong, tmp_path).findings
        if one.rule == rule
    }
    assert found == meant
    assert meant


@every_rule
def test_what_is_right_breaks_no_rule(rule: str, tmp_path: Path) -> None:
    findings = linted(examples(rule)["right"], tmp_path).findings
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
    names = [rule.name for subject in SUBJECTS for rule in subject.rules]
    assert len(names) == len(set(names))


def test_a_rule_that_lab_files_have_too_is_the_same_there() -> None:
    both = sorted({*RULES} & {*OF_LABS})
    assert len(both) > 10
    assert all(RULES[name] is OF_LABS[name] for name in both)


def test_the_published_page_is_that_of_the_rules() -> None:
    """``make docs`` writes it anew."""
    assert (ROOT / "docs" / "lint-rules.md").read_text() == reference()


def test_the_readme_knows_how_many_there_are() -> None:
    assert f"[{len(RULES)} rules](docs/lint-rules.md)" in (ROOT / "README.md").read_text()
