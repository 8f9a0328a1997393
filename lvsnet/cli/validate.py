"""``lvsnet validate``: check a lab file without running anything."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lvsnet.errors import Problem
    from lvsnet.lab.model import Lab


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def validate(
    lab: Annotated[
        str, typer.Argument(help="The lab file, or an example.", metavar="LAB", show_default=False)
    ],
    output: Annotated[
        Format, typer.Option("--format", help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Check a lab file, and compile it, without running anything.

    Tells all errors at once, each with file, line and column; then the exit code is 2.
    """
    from lvsnet.cli.files import lab_file
    from lvsnet.errors import LabFileError
    from lvsnet.lab.load import load
    from lvsnet.plan.compile import compile_lab

    path = Path(lab)
    try:
        path = lab_file(lab)
        loaded = load(path)
        compile_lab(loaded)
    except LabFileError as error:
        if output is Format.TEXT:
            raise
        typer.echo(_as_json(path, error.problems))
        raise typer.Exit(2) from None
    typer.echo(_as_json(path, ()) if output is Format.JSON else f"{path}: {_summary(loaded)}: ok")


def _summary(lab: Lab) -> str:
    vips = sum(len(instance.addresses) for instance in lab.vrrp.values())
    amounts = (
        _amount(len(lab.nodes), "node"),
        _amount(len(lab.segments), "segment"),
        _amount(vips, "VIP"),
        _amount(len(lab.services), "service"),
    )
    return ", ".join((f"lab {lab.name}", *amounts))


def _amount(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _as_json(path: Path, problems: tuple[Problem, ...]) -> str:
    import json

    errors = [
        {"line": problem.line, "column": problem.column, "message": problem.message}
        for problem in problems
    ]
    return json.dumps({"file": str(path), "errors": errors}, indent=2)
