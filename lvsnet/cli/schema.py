"""``lvsnet schema``: the JSON Schema of lab files."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the lab file's JSON Schema, for editors and other programs.

    An editor with a YAML language server uses it for a lab that starts with the line
    `# yaml-language-server: $schema=lab.schema.json`.
    """
    from lvsnet.lab.schema import schema_text

    typer.echo(schema_text(), nl=False)
