"""``lvsnet schema``: the JSON Schemas of lab files and of scenarios beside them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """What a schema is of."""

    LAB = "lab"
    SCENARIOS = "scenarios"


def schema(
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="[lab|scenarios]", help="Of lab files, or of scenarios beside them."
        ),
    ] = Kind.LAB,
) -> None:
    """Print the lab file's JSON Schema, for editors and other programs.

    An editor with a YAML language server uses it for a lab that starts with the line
    `# yaml-language-server: $schema=lab.schema.json`.
    """
    if kind is Kind.SCENARIOS:
        from lvsnet.scenario.schema import file_schema_text

        typer.echo(file_schema_text(), nl=False)
        return
    from lvsnet.lab_schema import schema_text

    typer.echo(schema_text(), nl=False)
