"""Findings for people: where, what, the line that is meant, and for each rule how to mend it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Iterator

from lvsnet.lint.linting import Report, rule_named, severity
from lvsnet.lint.model import Finding, Place
from lvsnet.rules.rule import SEVERITIES, Severity

_WIDEST = 96
"""Characters of a line that is shown."""


def text(report: Report, shown: Collection[Severity]) -> Iterator[str]:
    """The lines of a report, with findings of these severities."""
    told: set[str] = set()
    for finding in report.findings:
        if severity(finding) in shown:
            yield from _finding(finding, report, told)
    if report.files or not report.unread:
        yield summary(report, shown)


def summary(report: Report, shown: Collection[Severity]) -> str:
    """``1 error, 2 warnings in 2 files; 1 note is not shown (--severity note)``"""
    counts = Counter(severity(finding) for finding in report.findings)
    parts = [_amount(counts[one], one) for one in SEVERITIES if one in shown and counts[one]]
    found = ", ".join(parts) or "nothing found"
    line = f"{found} in {_amount(len(report.files), 'file')}"
    if report.cut:
        line += f", and {report.cut} more of the same rules"
    rest = [one for one in SEVERITIES if one not in shown and counts[one]]
    if rest:
        hidden = ", ".join(_amount(counts[one], one) for one in rest)
        line += f"; not shown: {hidden} (--severity {rest[-1]})"
    if report.unread:
        line += f"; {_amount(len({one.file for one in report.unread}), 'file')} not read"
    return line


def _finding(finding: Finding, report: Report, told: set[str]) -> Iterator[str]:
    rule = rule_named(finding.rule)
    yield f"{finding.place}: {rule.severity}: {finding.message} [{rule.name}]"
    yield from _excerpt(finding.place, report)
    for related in finding.related:
        yield f"  {related.place}: {related.message}"
        yield from _excerpt(related.place, report)
    if rule.name not in told:
        told.add(rule.name)
        yield from _wrapped("why:  ", f"{rule.summary} ({rule.source})")
        yield from _wrapped("mend: ", rule.mend)
    yield ""


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, 100, initial_indent=f"  {head}", subsequent_indent=" " * 8, break_on_hyphens=False
    )


def _excerpt(place: Place, report: Report) -> Iterator[str]:
    line = report.line(place).expandtabs(1)
    bare = "".join(one if one.isprintable() else "?" for one in line)
    if bare:
        yield f"    | {bare[:_WIDEST]}{'...' if len(bare) > _WIDEST else ''}"


def _amount(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
