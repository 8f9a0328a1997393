"""Which nodes of which lab a user means."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from lvsnet.control.labs import the_lab
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def addressed(node: str, lab: str) -> tuple[Place, str, str]:
    """Place, lab and node from ``NODE`` or ``LAB/NODE`` and what ``--lab`` says.

    What a variable says instead of ``--lab`` gives way to ``LAB/NODE``.

    Raises:
        LvsnetError: no lab is named and not exactly one runs, or the named one does not.
    """
    prefix, slash, name = node.rpartition("/")
    if slash and lab and prefix != lab and not _from_variable(lab):
        raise typer.BadParameter(f"{node} is not in lab {lab}", param_hint="--lab")
    found, place = the_lab(prefix or lab)
    return place, found, name


def several(nodes: Sequence[str], lab: str) -> list[tuple[Place, str, str]]:
    """As `addressed` for each, none twice.

    Raises:
        LvsnetError: also when one of them does not exist.
    """
    found: dict[tuple[str, str], Place] = {}
    for given in nodes:
        place, name, node = addressed(given, lab)
        if (name, node) not in found:
            known(node, name, place.nodes(name))
            found[name, node] = place
    return [(place, name, node) for (name, node), place in found.items()]


@contextmanager
def suggesting(place: Place, lab: str, node: str) -> Iterator[None]:
    """What fails in here because there is no such node says which one may have been meant.

    The nodes are asked for only then, so what goes well takes no longer.
    """
    try:
        yield
    except LvsnetError:
        try:
            nodes = place.nodes(lab)
        except LvsnetError:
            nodes = [node]  # of a lab that goes away, the first message says more
        known(node, lab, nodes)
        raise


def known(node: str, lab: str, nodes: Sequence[str]) -> None:
    """Raise when a lab has no such node: which it has, and which may have been meant.

    Raises:
        LvsnetError: it has none.
    """
    if node in nodes:
        return
    from lvsnet.lab.suggest import nearest

    near = nearest(node, nodes)
    hint = f"; did you mean {near}?" if near else ""
    raise LvsnetError(f"lab {lab} has no node {node}; it has {', '.join(nodes)}{hint}")


def _from_variable(lab: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``LVSNET_LAB``, or a command's own such as ``LVSNET_EXEC_LAB``, names this lab."""
    return any(
        value == lab
        for name, value in environment.items()
        if name.startswith("LVSNET_") and name.endswith("_LAB")
    )
