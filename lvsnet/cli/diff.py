"""``lvsnet diff``: what a redeploy would change, and what was changed by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabBesideFileArgument
from lvsnet.errors import LabFileError, LvsnetError
from lvsnet.progress import on_stderr

if TYPE_CHECKING:
    from lvsnet.comparison import Comparison
    from lvsnet.control.choice import Wish

DIFFERENT = 1
TROUBLE = 2


def diff(
    lab: LabBesideFileArgument = "",
    privileged: Annotated[
        bool, typer.Option("--privileged", help="As if redeploy were told so, too.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Compare a running lab with its file, and its nodes with what lvsnet made of them.

    Tells what `lvsnet redeploy` would change, with the files line by line, and then what was
    changed by hand: files, addresses, dead daemons, stopped nodes. Without LAB, the only lab that
    runs. Changes nothing.

    Exit code 0: no difference. 1: there are differences. 2: trouble.
    """
    from lvsnet.control.choice import Wish

    try:
        found = found_beside(lab, Wish(privileged=privileged))
    except LabFileError:
        raise  # which ends with 2 by itself
    except LvsnetError as error:
        typer.echo(f"lvsnet: {error}", err=True)
        raise typer.Exit(TROUBLE) from error
    show(found, form)
    if not found.same:
        raise typer.Exit(DIFFERENT)


def found_beside(lab: str, wish: Wish) -> Comparison:
    """The comparison of a lab that runs, given by its name or a file of it, with the file.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: the lab does not run, or does not answer; or it was started from no file.
    """
    from lvsnet import preview
    from lvsnet.cli.files import lab_name
    from lvsnet.comparison import compared
    from lvsnet.control.labs import the_lab

    named = lab_name(lab) if lab else ""
    name, place = the_lab(named)
    record = place.record(name)
    file = Path(lab if lab and lab != named else record.about.file)
    if not file.is_file():
        came = f"was started from {file}, which is no longer there" if str(file) != "." else ""
        raise LvsnetError(
            f"lab {name} {came or 'was started from no file'}; `lvsnet diff FILE` compares it "
            "with another file"
        )
    record = preview.with_contents(record)
    plan = preview.beside(record, file, wish, on_stderr)
    return compared(place, record, plan, str(file))


def show(found: Comparison, form: Format) -> None:
    """Print a comparison; that there is no difference goes to standard error."""
    from lvsnet import comparison_text

    if form is Format.json:
        formats.document(comparison_text.document(found))
        return
    terminal = sys.stdout.isatty()
    coloured = terminal and "NO_COLOR" not in os.environ
    for line in comparison_text.lines(found):
        text = comparison_text.harmless(line.text) if terminal else line.text
        typer.echo(comparison_text.painted(text, line.colour) if coloured else text)
    if found.same:
        typer.echo(f"lab {found.lab} is as {found.file} says", err=True)
