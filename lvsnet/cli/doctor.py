"""``lvsnet doctor``: what this machine can run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption

if TYPE_CHECKING:
    from lvsnet.doctor import Check


COLOURS = {"ok": "green", "missing": "red", "note": "yellow"}


def doctor(form: FormatOption = Format.table) -> None:
    """Say what this machine can run, what is missing and how to get it.

    Ends with exit code 0 when labs can run here, and with 1 otherwise.
    """
    from lvsnet.doctor import checks, install_command, ready

    found = checks()
    command = install_command(found)
    if form is Format.json:
        report = {
            "ready": ready(found),
            "install": command or None,
            "checks": [asdict(check) for check in found],
        }
        formats.document(report)
    else:
        _print(found)
        if ready(found):
            typer.echo("Labs run here.")
        elif command:
            typer.echo(f"To run labs here:\n  {command}")
        else:
            typer.echo("Labs cannot run here until what is missing is mended.")
    raise typer.Exit(0 if ready(found) else 1)


def _print(found: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in found:
        lines = "\n".join(filter(None, (check.detail, check.remedy)))
        table.add_row(Text(check.state, style=COLOURS[check.state]), check.name, Text(lines))
    Console().print(table)
