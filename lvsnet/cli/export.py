"""``lvsnet export``: a lab as files for another program that runs machines."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Target(StrEnum):
    CONTAINERLAB = "containerlab"
    VAGRANT = "vagrant"


def export(
    lab: Annotated[
        str,
        typer.Argument(
            help="The lab file, or the name of an example.", metavar="LAB", show_default=False
        ),
    ],
    to: Annotated[
        Target, typer.Option("--to", help="What is to run the machines.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="Directory to write into.", metavar="DIR", show_default=False
        ),
    ],
) -> None:
    """Write a lab as a containerlab topology or a Vagrantfile, with its machines' files beside it.

    Both give the same site, on a machine that does not have lvsnet. DIR/README.md says what to
    type there.
    """
    from lvsnet.cli.files import compiled
    from lvsnet.export.packages import lists
    from lvsnet.export.targets import TARGETS
    from lvsnet.export.writing import write

    for path in write(TARGETS[to.value](compiled(lab), lists()), output):
        typer.echo(path)
