"""Environment variables that a command line sets for a command in a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", "-e", metavar="NAME=VALUE", help="May be repeated."),
]


def variables(settings: Sequence[str] | None) -> dict[str, str]:
    """Name -> value of what ``--env`` says.

    Raises:
        typer.BadParameter: one is not NAME=VALUE.
    """
    found = {}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{setting!r} is not NAME=VALUE", param_hint="--env")
        found[name] = value
    return found
