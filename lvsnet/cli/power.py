"""``lvsnet stop`` and ``lvsnet start``."""

from __future__ import annotations

from typing import Annotated

import typer

NodeArgument = Annotated[str, typer.Argument(help="NODE, or LAB/NODE.")]
LabOption = Annotated[str, typer.Option("--lab", help="The lab, when several run.")]


def stop(node: NodeArgument, lab: LabOption = "") -> None:
    """Cut a node's power: its links go down, then everything in it is killed."""
    from lvsnet.cli.nodes import addressed

    place, name, node = addressed(node, lab)
    place.stop(name, node)


def start(node: NodeArgument, lab: LabOption = "") -> None:
    """Boot a node that was stopped: its disk is as it was, its kernel tables are empty."""
    from lvsnet.cli import progress
    from lvsnet.cli.nodes import addressed

    place, name, node = addressed(node, lab)
    place.start(name, node, progress.timed())
