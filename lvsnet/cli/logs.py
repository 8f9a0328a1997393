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

    place, name, node = addressed(node, lab)
    raise typer.Exit(place.logs(name, node, follow=follow))
