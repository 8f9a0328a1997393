"""``lvsnet stop``, ``lvsnet start`` and ``lvsnet restart``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption, NodesArgument
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def stop(nodes: NodesArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Cut the power of nodes: their links go down, then everything in them is killed.

    Of several nodes, one that cannot be stopped does not keep the others from it.
    """

    def one(place: Place, name: str, node: str) -> None:
        place.stop(name, node)

    _each(nodes, lab, form, "stopped", one)


def start(nodes: NodesArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Boot nodes that were stopped: their disks are as they were, their kernel tables are empty.

    Of several nodes, one that cannot be started does not keep the others from it.
    """
    from lvsnet.cli import progress

    report = progress.timed()

    def one(place: Place, name: str, node: str) -> None:
        place.start(name, node, report)

    _each(nodes, lab, form, "started", one)


def restart(nodes: NodesArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Cut the power of nodes that run, and boot them: a reset, one node after the other.

    Their disks are as they were, their kernel tables are empty.
    """
    from lvsnet.cli import progress

    report = progress.timed()

    def one(place: Place, name: str, node: str) -> None:
        if any(seen.name == node and seen.running for seen in place.look(name).nodes):
            place.stop(name, node)
            report(f"{node}: power cut")
        place.start(name, node, report)

    _each(nodes, lab, form, "restarted", one)


def _each(
    nodes: list[str],
    lab: str,
    form: Format,
    done: str,
    act: Callable[[Place, str, str], None],
) -> None:
    from lvsnet.cli.nodes import several

    changed, failures = [], []
    for place, name, node in several(nodes, lab):
        try:
            act(place, name, node)
        except LvsnetError as error:
            failures.append(error)
        else:
            changed.append({"lab": name, "node": node})
    if form is Format.json:
        formats.document({done: changed})
    if failures:
        raise LvsnetError("\nlvsnet: ".join(map(str, failures))) from failures[0]
