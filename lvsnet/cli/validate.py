"""``lvsnet validate``: check a lab file, and scenarios, without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli.deploy import StrictOption
from lvsnet.cli.options import LabFileArgument

if TYPE_CHECKING:
    from lvsnet.errors import Problem
    from lvsnet.plan.model import Plan


class Format(StrEnum):
    """``table`` is what other commands call what is for people."""

    TEXT = "text"
    TABLE = "table"
    JSON = "json"


def validate(
    lab: LabFileArgument,
    form: Annotated[
        Format,
        typer.Option("--format", "-f", envvar="LVSNET_FORMAT", help="For people or for programs."),
    ] = Format.TEXT,
    strict: StrictOption = False,
) -> None:
    """Check a lab file, a containerlab topology or a file of scenarios, without running anything.

    Tells all errors and warnings at once, each with file, line and column; with errors the exit
    code is 2. The name in brackets is that of a rule, which a lab can have in its `allow`.
    Scenarios are read for every variant of their matrices, and compared with their labs.
    """
    from lvsnet.cli.files import lab_file
    from lvsnet.compiled import refuse
    from lvsnet.errors import LabFileError

    path = Path(lab)
    try:
        path = lab_file(lab)
        checked = _checked(path)
        if strict:
            refuse(checked.warnings)
    except LabFileError as error:
        if form is not Format.JSON:
            raise
        told = [replace(one, warning=one.warning and not strict) for one in error.problems]
        typer.echo(_as_json(path, told))
        raise typer.Exit(2) from None
    if form is Format.JSON:
        typer.echo(_as_json(path, checked.warnings))
        return
    for warning in checked.warnings:
        typer.echo(warning, err=True)
    typer.echo(f"{path}: {checked.summary}: ok")


@dataclass(frozen=True)
class _Checked:
    """A file in which nothing is wrong."""

    summary: str
    warnings: tuple[Problem, ...]


def _checked(path: Path) -> _Checked:
    """Compile a file's lab and read its scenarios, as far as it has either.

    Raises:
        LabFileError: with all that is wrong with both, and what is unwise.
    """
    from lvsnet.compiled import compile_file
    from lvsnet.errors import LabFileError

    if not _has_scenarios(path):
        compiled = compile_file(path)
        return _Checked(_summary(compiled.plan), compiled.warnings)
    from lvsnet.scenario import files

    source = files.collect(path)
    told: tuple[Problem, ...] = ()
    lab = None
    try:
        if not source.is_beside:
            lab = compile_file(path)
            told = lab.warnings
    except LabFileError as error:
        told = error.problems
    try:
        jobs = files.variants(source)
    except LabFileError as error:
        raise LabFileError(files.in_order((*told, *error.problems), str(path))) from None
    names = {job.variant.scenario.name for job in jobs}
    labs = "" if lab is None else f"{_summary(lab.plan)}, "
    scenarios = _amount(len(names), "scenario")
    variants = f", {_amount(len(jobs), 'variant')}" if len(jobs) != len(names) else ""
    of = "" if lab else f" of lab {', '.join(sorted({job.plan.lab for job in jobs}))}"
    return _Checked(f"{labs}{scenarios}{variants}{of}", told)


def _has_scenarios(path: Path) -> bool:
    """By a quick look, since most labs have none and reading them takes time."""
    from lvsnet.lab.source import read_text

    return "scenarios" in read_text(path)


def _summary(plan: Plan) -> str:
    """What there is of each kind; a containerlab topology has no VIPs and services."""
    vips = {held.address for held in plan.held}
    services = {(listed.protocol, listed.service) for listed in plan.listed}
    amounts = (
        (plan.nodes, "node"),
        (plan.segments, "segment"),
        (vips, "VIP"),
        (services, "service"),
    )
    shown = (_amount(len(things), thing) for things, thing in amounts if things)
    return ", ".join((f"lab {plan.lab}", *shown))


def _amount(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _as_json(path: Path, problems: Iterable[Problem]) -> str:
    import json

    told: dict[str, list[dict[str, str | int | None]]] = {"error": [], "warning": []}
    for problem in problems:
        severity = "warning" if problem.warning else "error"
        told[severity].append(
            {
                "line": problem.line,
                "column": problem.column,
                "severity": severity,
                "message": problem.message,
                "rule": problem.rule or None,
            }
        )
    found = {"file": str(path), "errors": told["error"], "warnings": told["warning"]}
    return json.dumps(found, indent=2)
