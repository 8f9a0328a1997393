"""``lvsnet render``: the files of every machine of a lab, as directories."""

from __future__ import annotations

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabFileArgument, OutputOption


def render(
    lab: LabFileArgument,
    output: OutputOption,
    form: FormatOption = Format.table,
) -> None:
    """Write the files of every machine, ready to copy to real ones: DIR/lb01/etc/..."""
    from lvsnet.cli.files import compiled
    from lvsnet.plan.render import write

    written = write(compiled(lab), output)
    if form is Format.json:
        formats.document({"files": [str(path) for path in written]})
        return
    for path in written:
        typer.echo(path)
