"""``lvsnet shell``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from lvsnet.cli.options import LabOption, NodeArgument
from lvsnet.cli.variables import EnvOption, variables

START = (
    "cd ~ 2>/dev/null; stty iutf8 2>/dev/null; "
    'SHELL=$(command -v bash || command -v sh); export SHELL; exec "$SHELL" -l'
)
"""In a new terminal the kernel takes a character for a byte, so without iutf8 (termios(3)) the
erase key would leave half of an umlaut in programs that read lines."""
LOGIN = ("sh", "-c", START)
"""A login shell: bash where the node has it."""


def shell(
    node: NodeArgument,
    command: Annotated[
        list[str] | None, typer.Argument(help="Instead of a login shell, with its arguments.")
    ] = None,
    lab: LabOption = "",
    env: EnvOption = None,
) -> None:
    """Open a shell in a node, or run a command in a terminal of its own there.

    When standard input is no terminal, this is `lvsnet exec`.
    """
    from lvsnet import terminal
    from lvsnet.cli.nodes import addressed, suggesting

    argv = command or []
    if argv[:1] == ["--"]:
        argv = argv[1:]
    environment = variables(env)
    place, name, node = addressed(node, lab)
    with suggesting(place, name, node):
        if os.isatty(0):
            code = place.shell(name, node, argv or LOGIN, {**terminal.environment(), **environment})
        else:
            code = place.attach(name, node, argv or LOGIN, environment)
    raise typer.Exit(code)
