"""``lvsnet validate``: check a lab file without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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
    """Check a lab file or a containerlab topology, and compile it, without running anything.

    Tells all errors and warnings at once, each with file, line and column; with errors the exit
    code is 2. The name in brackets is that of a rule, which a lab can have in its `allow`.
    """
    from lvsnet.cli.files import lab_file
    from lvsnet.compiled import compile_file, refuse
    from lvsnet.errors import LabFileError

    path = Path(lab)
    try:
        path = lab_file(lab)
        compiled = compile_file(path)
        if strict:
            refuse(compiled.warnings)
    except LabFileError as error:
        if form is not Format.JSON:
            raise
        told = [replace(one, warning=one.warning and not strict) for one in error.problems]
        typer.echo(_as_json(path, told))
        raise typer.Exit(2) from None
    if form is Format.JSON:
        typer.echo(_as_json(path, compiled.warnings))
        return
    for warning in compiled.warnings:
        typer.echo(warning, err=True)
    typer.echo(f"{path}: {_summary(compiled.plan)}: ok")


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
