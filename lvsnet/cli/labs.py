"""``lvsnet labs``."""

from __future__ import annotations

import shutil
import textwrap

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption


def labs(form: FormatOption = Format.table) -> None:
    """List the example labs that lvsnet carries, and what each of them shows.

    `lvsnet deploy NAME` runs one; its file has commands to try. Copy it to make a lab of your own.
    """
    from lvsnet.resources import example_labs, head_sentence

    examples = {name: (path, head_sentence(path)) for name, path in example_labs().items()}
    if form is Format.json:
        listed = [
            {"name": name, "file": str(path), "shows": shows}
            for name, (path, shows) in examples.items()
        ]
        formats.document({"examples": listed})
        return
    width = max(map(len, examples)) + 2
    columns = max(shutil.get_terminal_size().columns - 1, 2 * width)
    for name, (_, shows) in examples.items():
        text = textwrap.fill(
            shows,
            columns,
            initial_indent=name.ljust(width),
            subsequent_indent=" " * width,
            break_on_hyphens=False,
        )
        typer.echo(text)
    where = {path.parent for path, _ in examples.values()}
    typer.echo(f"\ntheir files: {', '.join(sorted(map(str, where)))}", err=True)
