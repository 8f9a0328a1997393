"""``lvsnet cp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete
from lvsnet.cli.options import LabOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from lvsnet.transfer.operands import InNode
    from lvsnet.transfer.streaming import Machine


def cp(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... DESTINATION",
            help="Paths; NODE:PATH or LAB/NODE:PATH on one side. - is a tar archive.",
            autocompletion=complete.paths_in_nodes,
        ),
    ],
    lab: LabOption = "",
) -> None:
    """Copy files and directories into a node, or out of it.

    As docker cp: into a directory that is there, or under a new name; DIRECTORY/. is what is in a
    directory. Modes and links are kept. In the node root owns the copies, here you do.
    """
    import signal

    from lvsnet.transfer import copy
    from lvsnet.transfer.operands import InNode, Local, Stream, operand

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    if len(paths) < 2:
        raise typer.BadParameter("there must be a source and a destination", param_hint="PATHS")
    *sources, destination = [operand(path) for path in paths]
    match sources, destination:
        case [Stream()], InNode():
            copy.archive_to_node(_machine([destination], lab), destination.path)
        case [InNode() as source], Stream():
            copy.archive_from_node(_machine([source], lab), source.path)
        case _, InNode() if local := [one.path for one in sources if isinstance(one, Local)]:
            _all(len(local), sources)
            copy.to_node(local, _machine([destination], lab), destination.path)
        case _, Local() if inside := [one for one in sources if isinstance(one, InNode)]:
            _all(len(inside), sources)
            there = [one.path for one in inside]
            copy.from_node(_machine(inside, lab), there, destination.path)
        case _, InNode() if any(isinstance(one, InNode) for one in sources):
            raise typer.BadParameter(
                "both sides are in nodes; `lvsnet cp NODE:PATH - | lvsnet cp - NODE:PATH` copies "
                "between them",
                param_hint="PATHS",
            )
        case _:
            raise typer.BadParameter(
                "one side must be in a node, as NODE:PATH, and - can only be all of the other side",
                param_hint="PATHS",
            )


def _all(count: int, sources: Sequence[object]) -> None:
    if count != len(sources):
        raise typer.BadParameter("all sources must be on one side", param_hint="PATHS")


def _machine(operands: list[InNode], lab: str) -> Machine:
    """The one node that operands name."""
    from lvsnet.cli.nodes import addressed
    from lvsnet.transfer.streaming import Machine

    named = {f"{one.lab}/{one.node}" if one.lab else one.node for one in operands}
    if len(named) > 1:
        raise typer.BadParameter("all sources must be in one node", param_hint="PATHS")
    return Machine(*addressed(named.pop(), lab))


def _end(number: int, _stack: FrameType | None) -> None:
    """Take back what was begun, as after Ctrl-C."""
    raise SystemExit(128 + number)
