"""Findings for programs: one JSON document of lvsnet's own, or SARIF 2.1.0 for code review.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from lvsnet import __version__
from lvsnet.lint.linting import Report, rule_named, severity
from lvsnet.lint.model import Finding, Place
from lvsnet.rules.rule import Rule, Severity

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "note"}


def as_json(report: Report, shown: Collection[Severity]) -> dict[str, Value]:
    """``{"files": [...], "findings": [...], "cut": 0, "unread": [...]}``"""
    findings = [one for one in report.findings if severity(one) in shown]
    return _readable({
        "files": list(report.files),
        "findings": [_finding(one) for one in findings],
        "cut": report.cut,
        "unread": [
            {"file": one.file, "line": one.line, "column": one.column, "message": one.message}
            for one in report.unread
        ],
    })  # fmt: skip


def _readable(values: dict[str, Value]) -> dict[str, Value]:
    """With a question mark for each byte of a file that is no UTF-8: other programs read this."""
    return {key: _read(value) for key, value in values.items()}


def _read(value: Value) -> Value:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_read(one) for one in value]
    return _readable(value) if isinstance(value, dict) else value


def _finding(finding: Finding) -> dict[str, Value]:
    rule = rule_named(finding.rule)
    return {
        **_place(finding.place),
        "severity": rule.severity,
        "rule": rule.name,
        "message": finding.message,
        "reason": rule.summary,
        "source": rule.source,
        "mend": rule.mend,
        "related": [{**_place(one.place), "message": one.message} for one in finding.related],
    }


def _place(place: Place) -> dict[str, Value]:
    return {"file": place.file, "line": place.line, "column": place.column}


def as_sarif(report: Report, shown: Collection[Severity]) -> dict[str, Value]:
    """A SARIF log of one run; paths are relative to where the command runs (3.4.4)."""
    findings = [one for one in report.findings if severity(one) in shown]
    names = sorted({one.rule for one in findings})
    return _readable({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "lvsnet lint",
                        "version": __version__,
                        "rules": [_descriptor(rule_named(name)) for name in names],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not report.unread,
                        "toolExecutionNotifications": [
                            _notification(one.file, one.line, one.column, one.message)
                            for one in report.unread
                        ],
                    }
                ],
                "results": [_result(one, names, report) for one in findings],
            }
        ],
    })  # fmt: skip


def _descriptor(rule: Rule) -> Value:
    return {
        "id": rule.name,
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": f"{rule.summary}. Laid down in: {rule.source}."},
        "help": {"text": f"{rule.mend}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, names: list[str], report: Report) -> Value:
    result: dict[str, Value] = {
        "ruleId": finding.rule,
        "ruleIndex": names.index(finding.rule),
        "level": _LEVELS[severity(finding)],
        "message": {"text": f"{finding.message}."},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"lvsnet/v1": _fingerprint(finding, report)},
    }
    if finding.related:
        result["relatedLocations"] = [
            {**_location(one.place), "id": number, "message": {"text": one.message}}
            for number, one in enumerate(finding.related)
        ]
    return result


def _location(place: Place) -> dict[str, Value]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(place.file)},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }


def _notification(file: str, line: int | None, column: int | None, message: str) -> Value:
    physical: dict[str, Value] = {"artifactLocation": {"uri": uri(file)}}
    if line is not None:
        physical["region"] = {"startLine": line, "startColumn": column or 1}
    return {
        "level": "error",
        "message": {"text": message},
        "locations": [{"physicalLocation": physical}],
    }


def uri(file: str) -> str:
    """A relative reference where the file lies below the working directory (RFC 3986, 4.2)."""
    path = Path(file)
    if not path.is_absolute():
        return _quoted(Path(os.path.normpath(file)))
    try:
        return _quoted(path.relative_to(Path.cwd()))
    except ValueError:
        return f"file://{_quoted(path)}"


def _quoted(path: Path) -> str:
    return quote(path.as_posix(), errors="surrogateescape")


def _fingerprint(finding: Finding, report: Report) -> str:
    """The same when lines move: of the rule, the file, the line's own text and the message."""
    line = report.line(finding.place)
    whole = "\0".join((finding.rule, uri(finding.place.file), line, finding.message))
    return hashlib.sha256(whole.encode(errors="surrogateescape")).hexdigest()[:32]
