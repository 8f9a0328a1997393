"""``lvsnet labs``."""

from __future__ import annotations

import typer


def labs() -> None:
    """List the example labs that lvsnet carries: name and file.

    `lvsnet deploy NAME` runs one; copy its file to make a lab of your own.
    """
    from lvsnet.resources import example_labs

    for name, path in example_labs().items():
        typer.echo(f"{name}\t{path}")
