"""``lvsnet logs``."""

from __future__ import annotations

from typing import Annotated

import typer


def logs(
    node: Annotated[str, typer.Argument(help="NODE, or LAB/NODE.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    lab: Annotated[str, typer.Option(help="The lab, when several run.")] = "",
) -> None:
    """Show what the daemons of a node said."""
    from lvsnet.cli.nodes import addressed
    from lvsnet.guest import client, session

    name, node = addressed(node, lab)
    with client.connected(name) as connection:
        code = session.run(connection, {"op": "log", "node": node, "follow": follow})
    raise typer.Exit(code)
