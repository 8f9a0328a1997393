"""Results as JUnit's XML, as far as GitHub's and GitLab's readers of it go.

The form is that of https://github.com/testmoapp/junitxml, which both follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lvsnet.testing.model import ERROR, FAILED, NOT_RUN, Result, shown

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from lvsnet.errors import Problem

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, 2.2, has no character for."""


def document(
    results: Sequence[Result],
    problems: Sequence[Problem],
    seconds: float,
    texts: Mapping[str, str],
) -> bytes:
    """The whole file. ``texts``: what is said of a task that has not passed, by its lab's name."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    counts = _counts(results, problems, seconds)
    root = Element("testsuites", {"name": "lvsnet test", **counts})
    for source in dict.fromkeys(one.task.source for one in results):
        of_file = [one for one in results if one.task.source == source]
        counts = _counts(of_file, (), sum(one.wall for one in of_file))
        suite = SubElement(root, "testsuite", {"name": _text(shown(source)), **counts})
        for one in of_file:
            _case(suite, one, texts)
    for file in dict.fromkeys(one.file for one in problems):
        wrong = [one for one in problems if one.file == file]
        counts = _counts((), wrong, 0.0)
        suite = SubElement(root, "testsuite", {"name": _text(file), **counts})
        for problem in wrong:
            case = SubElement(
                suite, "testcase", name="reading", classname=_text(file), time="0.000"
            )
            SubElement(case, "error", message=_text(problem.message)).text = _text(str(problem))
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _case(suite: Element, result: Result, texts: Mapping[str, str]) -> None:
    from xml.etree.ElementTree import SubElement

    task = result.task
    source = _text(shown(task.source))
    label = task.name.removeprefix(f"{shown(task.source)}::")
    case = SubElement(
        suite, "testcase",
        name=_text(label), classname=source, file=source, time=f"{result.wall:.3f}",
    )  # fmt: skip
    properties = SubElement(case, "properties")
    for name, value in _properties(result):
        SubElement(properties, "property", name=name, value=_text(value))
    text = _text(texts.get(task.plan.lab, ""))
    if result.state == FAILED:
        said = SubElement(case, "failure", message=_text(_headline(result)), type="failed")
        said.text = text
    elif result.state == ERROR:
        said = SubElement(case, "error", message=_text(_headline(result)), type="error")
        said.text = text
    elif result.state == NOT_RUN:
        SubElement(case, "skipped", message="not run")


def _properties(result: Result) -> list[tuple[str, str]]:
    found = [("lab", result.task.plan.lab), ("clock", result.clock)]
    if result.task.seed is not None:
        found.append(("seed", str(result.task.seed)))
    if result.deployed is not None:
        found += [("runtime", result.deployed.runtime), ("kernel", result.deployed.kernel)]
    if result.outcome is not None:
        seconds = (result.outcome.ended - result.outcome.begun) / 1e9
        found.append(("lab_time", f"{seconds:.3f}"))
    return [*found, *result.task.variant.values]


def _headline(result: Result) -> str:
    from lvsnet.testing import timeline

    if result.error:
        return result.error.splitlines()[0]
    failed = timeline.failure(result.outcome) if result.outcome is not None else None
    if failed is None:
        return result.state
    seen = f": {failed.seen}" if failed.seen else ""
    return f"{failed.text}{seen}"


def _counts(
    results: Sequence[Result], problems: Sequence[Problem], seconds: float
) -> dict[str, str]:
    states = [one.state for one in results]
    return {
        "tests": str(len(states) + len(problems)),
        "failures": str(states.count(FAILED)),
        "errors": str(states.count(ERROR) + len(problems)),
        "skipped": str(states.count(NOT_RUN)),
        "time": f"{seconds:.3f}",
    }


def _text(text: str) -> str:
    """With escapes, as Python writes them, for what XML cannot have: ``\\x1b``."""
    return _NOT_XML.sub(lambda found: ascii(found[0])[1:-1], text)
