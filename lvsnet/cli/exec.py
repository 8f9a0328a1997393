"""``lvsnet exec``."""

from __future__ import annotations

from typing import Annotated

import typer

from lvsnet.cli.options import LabOption, NodeArgument
from lvsnet.cli.variables import EnvOption, variables


def exec_(
    node: NodeArgument,
    command: Annotated[list[str], typer.Argument(help="The command and its arguments.")],
    lab: LabOption = "",
    env: EnvOption = None,
) -> None:
    """Run a command in a node.

    Standard input, output and error, signals and the exit code are passed through.
    """
    from lvsnet.cli.nodes import addressed, suggesting

    if command[0] == "--" and len(command) > 1:
        command = command[1:]
    environment = variables(env)
    place, name, node = addressed(node, lab)
    with suggesting(place, name, node):
        raise typer.Exit(place.attach(name, node, command, environment))
