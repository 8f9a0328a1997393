"""``lvsnet render``: the files of every machine of a lab, as directories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def render(
    lab: Annotated[
        str,
        typer.Argument(
            help="The lab file, or the name of an example.", metavar="LAB", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="Directory to write into.", metavar="DIR", show_default=False
        ),
    ],
) -> None:
    """Write the files of every machine, ready to copy to real ones: DIR/lb01/etc/..."""
    from lvsnet.cli.files import compiled
    from lvsnet.plan.render import write

    for path in write(compiled(lab), output):
        typer.echo(path)
