"""From files to what is found in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from lvsnet.errors import LabFileError, Problem
from lvsnet.keepalived.expanding import Allowance, Remark
from lvsnet.lint import allowing, from_ipvsadm, from_tree
from lvsnet.lint.from_conf import machine
from lvsnet.lint.gathering import Target
from lvsnet.lint.model import Finding, Place
from lvsnet.lint.reading import Configuration, allowance, around, read
from lvsnet.lint.site import Machine, Site
from lvsnet.lint.table import judge
from lvsnet.lint.written import Written
from lvsnet.rules.keywords import INCLUDE
from lvsnet.rules.of_labs import RULES as OF_LABS
from lvsnet.rules.rule import SEVERITIES, Rule, Severity
from lvsnet.rules.table import LAB_FILE, RULES

_SECRET = re.compile(r"\b((?:auth_pass|password)\b[\s:]*)\S+")
MOST_OF_A_RULE = 200
"""That are told of one file."""
CHOSEN = frozenset({"real-server-unchecked"})
"""What somebody says of a lab by writing nothing. What its own rules tell, others need not."""


@dataclass
class Report:
    """What was found, in the order of files and lines."""

    files: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unread: list[Problem] = field(default_factory=list)
    """What could not be read."""
    texts: dict[str, str] = field(default_factory=dict)
    """File -> its text, for excerpts."""

    cut: int = 0
    """How many findings are left out, since a file has so many of their rule."""

    def line(self, place: Place) -> str:
        """The line at a place, without the space around it and what is secret in it."""
        lines = self.texts.get(place.file, "").split("\n")
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        return _SECRET.sub(r"\1...", line.strip())


@dataclass(frozen=True)
class Choice:
    """Which rules are looked at."""

    only: Collection[str] = ()
    """Empty for all."""
    ignored: Collection[str] = ()

    def has(self, rule: str) -> bool:
        return (not self.only or rule in self.only) and rule not in self.ignored


def rule_named(name: str) -> Rule:
    """A rule of the linter's, or of lab files'.

    Raises KeyError for none.
    """
    return RULES[name] if name in RULES else OF_LABS[name]


def names() -> tuple[str, ...]:
    """Of all rules."""
    return tuple(dict.fromkeys((*RULES, *OF_LABS)))


def severity(finding: Finding) -> Severity:
    return rule_named(finding.rule).severity


def at_least(least: Severity) -> tuple[Severity, ...]:
    return SEVERITIES[: SEVERITIES.index(least) + 1]


def lint(targets: Sequence[Target], choice: Choice, *, alone: bool = False) -> Report:
    """Look at files: keepalived.conf files together as one site, or each ``alone``; labs alone."""
    report = Report()
    allowed = allowance()
    confs = [target for target in targets if not target.is_lab]
    for group in [[one] for one in confs] if alone else [confs]:
        if group:
            _configurations(group, report, allowed)
    for target in targets:
        if target.is_lab:
            _lab(target, report, allowed)
    order = {file: number for number, file in enumerate(report.files)}
    report.findings = sorted(
        dict.fromkeys(one for one in report.findings if choice.has(one.rule)),
        key=lambda one: (order.get(one.place.file, len(order)), one.place, one.rule, one.message),
    )
    _cut(report)
    return report


def _cut(report: Report) -> None:
    """Leave out what breaks one rule in one file again and again."""
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for one in report.findings:
        counts[one.rule, one.place.file] += 1
        if counts[one.rule, one.place.file] <= MOST_OF_A_RULE:
            kept.append(one)
    report.cut = len(report.findings) - len(kept)
    report.findings = kept


def _configurations(targets: Sequence[Target], report: Report, allowed: Allowance) -> None:
    machines: list[Machine] = []
    names: list[str] = []
    for target in targets:
        if target.file not in report.files:
            report.files.append(target.file)
        report.texts[target.file] = target.text
        try:
            found = _read(target, allowed)
            host, texts = from_tree.host(target.root) if target.root else (None, {})
        except LabFileError as error:
            report.unread += error.problems
            continue
        report.texts.update(found.texts | texts)
        report.findings += [_of_include(one) for one in found.remarks]
        made = machine(target.machine, target.file, found.statements, host)
        machines.append(from_ipvsadm.added(made, host.commands) if host else made)
        names += [*found.texts, *texts]
    _judge(Site(tuple(machines)), dict.fromkeys(names), report)


def _read(target: Target, allowed: Allowance) -> Configuration:
    """Its keepalived.conf; nothing of a machine that has none."""
    if target.root == target.path:
        return Configuration((), (), {})
    return read(str(target.path), around(target.path, target.text), target.machine, allowed)


def _judge(site: Site, files: Iterable[str], report: Report, allow: Collection[str] = ()) -> None:
    written: list[Written] = [one for machine in site.machines for one in machine.statements]
    texts = {file: report.texts[file] for file in files}
    allowed, unknown = allowing.read(texts, written, names())
    found = [*judge(site), *unknown]
    report.findings += [one for one in found if one.rule not in allow and not allowed.holds(one)]


def _lab(target: Target, report: Report, allowed: Allowance) -> None:
    from lvsnet.compiled import is_topology
    from lvsnet.lint import from_lab

    report.files.append(target.file)
    report.texts[target.file] = target.text
    if is_topology(target.text):
        return
    try:
        seen = from_lab.read(target.text, target.path, allowed)
    except LabFileError as error:
        report.unread += error.problems
        return
    report.texts.update(seen.texts)
    site = seen.site or Site(())
    before = len(report.findings)
    _judge(site, [target.file, *seen.texts], report, seen.allow)
    report.findings[before:] = [
        one
        for one in report.findings[before:]
        if not (one.place in seen.generated and (one.rule in OF_LABS or one.rule in CHOSEN))
    ]
    report.findings += [_of_include(one) for one in seen.remarks]
    report.findings += [_finding(one) for one in seen.problems if one.line or not one.warning]


def _finding(problem: Problem) -> Finding:
    place = Place(problem.file, problem.line or 1, problem.column or 1)
    return Finding(problem.rule or LAB_FILE.name, place, problem.message)


def _of_include(remark: Remark) -> Finding:
    return Finding(INCLUDE.name, Place(remark.file, remark.line), remark.message)
