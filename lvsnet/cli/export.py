"""``lvsnet export``: a lab as files for another program that runs machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabFileArgument, OutputOption


class Target(StrEnum):
    CONTAINERLAB = "containerlab"
    VAGRANT = "vagrant"


def export(
    lab: LabFileArgument,
    to: Annotated[
        Target, typer.Option("--to", help="What is to run the machines.", show_default=False)
    ],
    output: OutputOption,
    form: FormatOption = Format.table,
) -> None:
    """Write a lab as a containerlab topology or a Vagrantfile, with its machines' files beside it.

    Both give the same site, on a machine that does not have lvsnet. DIR/README.md says what to
    type there.
    """
    from lvsnet.cli.files import compiled
    from lvsnet.export.packages import lists
    from lvsnet.export.targets import TARGETS
    from lvsnet.export.writing import write

    written = write(TARGETS[to.value](compiled(lab), lists()), output)
    if form is Format.json:
        formats.document({"files": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(path)
