"""What daemons' own programs say of configurations that a user wrote, before a daemon starts.

Only imported when a plan has such tests: in a guest every import is time that a deploy waits for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.keepalived import verdict
from lvsnet.keepalived.verdict import Remark, Verdict
from lvsnet.plan.model import ConfigurationTest, Node, Plan
from lvsnet.progress import Report

DEADLINE = 10.0
"""Seconds that a test may take; keepalived's takes 0.1 s."""
NO_PROGRAM = 127
"""Exit code when the node has not got the program (env(1), POSIX's Shell 2.8.2)."""


Run = Callable[[str, str, Sequence[str], float], tuple[int, str]]
"""``Runtime.run``."""


@dataclass(frozen=True)
class Judge:
    """Who reads what a program says of a configuration."""

    subject: str
    """What the configuration is called in messages."""
    judge: Callable[[int, str], Verdict]
    """From exit code and output."""
    why_endless: Callable[[str], str]
    """Why the program may not come to an end over this configuration; empty if that is unknown."""


def _why_endless(configuration: str) -> str:
    from lvsnet.keepalived.endless import why_endless  # which brings a reader of configurations

    return why_endless(configuration)


JUDGES: Mapping[str, Judge] = {
    "keepalived": Judge("keepalived.conf", verdict.judge, _why_endless),
}
"""By the name that a plan has in ``ConfigurationTest.judge``."""


def examine(plan: Plan, nodes: Sequence[Node], run: Run, report: Report) -> None:
    """Run the tests of these nodes' daemons in the nodes, and report what is only unwise.

    Raises:
        LvsnetError: what is wrong on all of the nodes, a line each, and the way out; with
            ``plan.strict`` what is unwise, too.
    """
    refused: list[str] = []
    rules: set[str] = set()
    for node, test in _tests(nodes):
        judge = JUDGES[test.judge]
        found = _judged(plan.lab, node, test, judge, run)
        where = f"{node.name}: {judge.subject}: "
        errors, warnings = _not_allowed(found.errors, plan), _not_allowed(found.warnings, plan)
        told = [f"{where}warning: {_shown(remark)}" for remark in warnings]
        if plan.strict:
            refused += told
            rules |= {remark.rule for remark in warnings}
        else:
            for line in told:
                report(line)
        refused += [where + _shown(remark) for remark in errors]
        rules |= {remark.rule for remark in errors}
    if refused:
        raise LvsnetError("\n".join([*refused, *_way_out(rules - {""})]))


def _tests(nodes: Sequence[Node]) -> list[tuple[Node, ConfigurationTest]]:
    return [(node, test) for node in nodes for daemon in node.daemons for test in daemon.tests]


def _judged(lab: str, node: Node, test: ConfigurationTest, judge: Judge, run: Run) -> Verdict:
    begun = time.monotonic()
    try:
        code, output = run(lab, node.name, test.argv, DEADLINE)
    except LvsnetError as error:
        if time.monotonic() - begun < DEADLINE:
            raise
        raise LvsnetError(_endless(node, test, judge)) from error
    if code == NO_PROGRAM:
        raise LvsnetError(_missing(node, test))
    return judge.judge(code, output)


def _endless(node: Node, test: ConfigurationTest, judge: Judge) -> str:
    shown = " ".join(test.argv[:2])
    message = f"{node.name}: {judge.subject}: {shown} did not end within {DEADLINE:.0f} s"
    reasons = filter(None, (judge.why_endless(file.content) for file in node.files))
    return f"{message}: {next(reasons, 'why is not known; the daemon may hang, too')}"


def _missing(node: Node, test: ConfigurationTest) -> str:
    where = f"its image {node.image}" if node.image else "its file system"
    return (
        f"{node.name}: there is no program {test.argv[0]} in {where}, and the node has a "
        "configuration for it; use an image that has it, or take the configuration out"
    )


def _not_allowed(remarks: Sequence[Remark], plan: Plan) -> list[Remark]:
    return [remark for remark in remarks if not remark.rule or remark.rule not in plan.allow]


def _shown(remark: Remark) -> str:
    return f"{remark.text} [{remark.rule}]" if remark.rule else remark.text


def _way_out(rules: set[str]) -> list[str]:
    if not rules:
        return []
    allowed = ", ".join(sorted(rules))
    return [f"What has a name here runs all the same with `allow: [{allowed}]` in the lab file."]
