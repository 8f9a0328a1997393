"""``lvsnet labs``."""

from __future__ import annotations

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption


def labs(form: FormatOption = Format.table) -> None:
    """List the example labs that lvsnet carries: name and file.

    `lvsnet deploy NAME` runs one; copy its file to make a lab of your own.
    """
    from lvsnet.resources import example_labs

    examples = example_labs()
    if form is Format.json:
        listed = [{"name": name, "file": str(path)} for name, path in examples.items()]
        formats.document({"examples": listed})
        return
    for name, path in examples.items():
        typer.echo(f"{name}\t{path}")
