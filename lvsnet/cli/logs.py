"""``lvsnet logs``."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from lvsnet.cli.formats import Format
from lvsnet.cli.options import LabOption, LongFormatOption, NodeArgument


def logs(
    node: NodeArgument,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    lab: LabOption = "",
    form: LongFormatOption = Format.table,
) -> None:
    """Show what the daemons of a node said.

    For programs, each line is a JSON object with "lab", "node" and "line".
    """
    from lvsnet.cli.nodes import addressed, suggesting

    place, name, node = addressed(node, lab)
    if form is Format.json:
        from lvsnet.cli import lines

        lines.wrap({"lab": name, "node": node})
    from lvsnet.cli import reader

    with suggesting(place, name, node), reader.awaited() if follow else nullcontext():
        raise typer.Exit(place.logs(name, node, follow=follow))
