"""The table of all scenarios that `lvsnet test` ends with, and the same for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lvsnet.testing.model import FAILED, NOT_RUN, PASSED, Result, shown

if TYPE_CHECKING:
    from lvsnet.errors import Problem
    from lvsnet.scenario.result import LoadResult, Outcome

WIDE = 200
STYLES = {PASSED: "green", FAILED: "red", NOT_RUN: "dim"}
OTHER_STYLE = "bold red"


def print_table(results: Sequence[Result]) -> None:
    """Write the table to standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("scenario", "variant", "result"):
        table.add_column(title)
    for title in ("lab time", "wall time", "seed"):
        table.add_column(title, justify="right")
    for one in results:
        task = one.task
        style = STYLES.get(one.state, OTHER_STYLE)
        ended = one.outcome
        table.add_row(
            Text(f"{shown(task.source)}::{task.variant.scenario.name}"),
            Text(variant(one)),
            Text(one.state, style=style),
            f"{(ended.ended - ended.begun) / 1e9:.2f} s" if ended is not None else "",
            f"{one.wall:.2f} s" if one.wall else "",
            "" if task.seed is None else str(task.seed),
        )
    # A program that reads the table is to find whole words in it.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)


def variant(result: Result) -> str:
    """``method=nat #2``."""
    task = result.task
    values = [f"{key}={value}" for key, value in task.variant.values]
    return " ".join([*values, *([f"#{task.repeat}"] if task.repeats > 1 else [])])


def document(
    results: Sequence[Result],
    problems: Sequence[Problem],
    seconds: float,
    place: Sequence[str],
    *,
    requests: bool,
) -> dict[str, object]:
    """All of it as JSON can have it; each single request, and what the lab was made of, only when
    they are wanted.

    `lvsnet.report.reading` reads it: another shape is another version.
    """
    from lvsnet.report.reading import VERSION

    states = [one.state for one in results]
    return {
        "version": VERSION,
        "passed": bool(results) and not problems and set(states) == {PASSED},
        "counts": {state: states.count(state) for state in dict.fromkeys(states)},
        "seconds": round(seconds, 3),
        "scenarios": [_plain(one, place, requests=requests) for one in results],
        "problems": [
            {
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "message": one.message,
                "rule": one.rule or None,
            }
            for one in problems
        ],
        "kept": [one.kept for one in results if one.kept],
    }


def _plain(result: Result, place: Sequence[str], *, requests: bool) -> dict[str, object]:
    task, deployed = result.task, result.deployed
    facts: dict[str, object] = {
        "title": task.name,
        "file": shown(task.source),
        "lab_file": shown(task.lab_file),
        "scenario": task.variant.scenario.name,
        "description": task.variant.scenario.description,
        "values": dict(task.variant.values),
        "repeat": task.repeat,
        "result": result.state,
        "error": result.error or None,
        "lab": task.plan.lab,
        "kept": bool(result.kept),
        "clock": result.clock,
        "seed": task.seed,
        "runtime": deployed.runtime if deployed is not None else None,
        "kernel": deployed.kernel if deployed is not None else None,
        "wall_seconds": round(result.wall, 3),
        "again": task.command(result.clock, place),
        "outcome": None if result.outcome is None else _outcome(result.outcome, requests=requests),
    }
    if requests:
        from dataclasses import asdict, replace

        from lvsnet.report import site
        from lvsnet.scenario.model import Send

        acts = [step.act for step in task.variant.scenario.steps]
        targets = [act.load.target for act in acts if isinstance(act, Send)]
        facts["site"] = asdict(site.of_plan(replace(task.plan, lab=task.lab), targets))
    return facts


def _outcome(outcome: Outcome, *, requests: bool) -> dict[str, object]:
    from dataclasses import asdict

    from lvsnet.observe.sample import grouped

    return {
        "passed": outcome.passed,
        "begun": outcome.begun,
        "ended": outcome.ended,
        "steps": [asdict(one) for one in outcome.steps],
        "always": [asdict(one) for one in outcome.always],
        "events": [asdict(one) for one in outcome.events],
        "loads": [_load(one, requests=requests) for one in outcome.loads],
        "initial": [asdict(one) for one in outcome.initial],
        "samples": grouped(outcome.samples),
        "packets": None if outcome.packets is None else [asdict(one) for one in outcome.packets],
    }


def _load(load: LoadResult, *, requests: bool) -> dict[str, object]:
    from dataclasses import asdict

    facts: dict[str, object] = {
        "name": load.name,
        "target": load.target,
        "summary": {**asdict(load.summary), "outage": load.summary.outage},
    }
    if requests:
        facts["requests"] = [asdict(one) for one in load.requests]
    return facts
