"""``lvsnet destroy``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def destroy(
    lab: Annotated[str, typer.Argument(help="The lab's name, or its file.")] = "",
    every: Annotated[bool, typer.Option("--all", help="End every lab of yours.")] = False,
) -> None:
    """End a lab and remove everything of it.

    Without a name, the only lab that runs.
    """
    from lvsnet.cli.files import lab_name
    from lvsnet.control import labs

    if every and lab:
        raise typer.BadParameter("give the name of a lab or --all, not both")
    if every:
        ended = list(labs.running())
    else:
        ended = [labs.the_lab(lab_name(lab) if lab else "")]
    for name, place in ended:
        place.destroy(name)
        sys.stderr.write(f"{name} is gone\n")
    if not ended:
        sys.stderr.write("no lab runs\n")
