"""``lvsnet exec``."""

from __future__ import annotations

from typing import Annotated

import typer


def exec_(
    node: Annotated[str, typer.Argument(help="NODE, or LAB/NODE.")],
    command: Annotated[list[str], typer.Argument(help="The command and its arguments.")],
    lab: Annotated[str, typer.Option(help="The lab, when several run.")] = "",
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="May be repeated.")
    ] = None,
) -> None:
    """Run a command in a node.

    Standard input, output and error, signals and the exit code are passed through.
    """
    from lvsnet.cli.nodes import addressed

    if command[0] == "--" and len(command) > 1:
        command = command[1:]
    environment = {}
    for setting in env or []:
        name, equals, value = setting.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{setting!r} is not NAME=VALUE", param_hint="--env")
        environment[name] = value
    place, name, node = addressed(node, lab)
    raise typer.Exit(place.attach(name, node, command, environment))
