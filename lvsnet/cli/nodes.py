"""Which node of which lab a user means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lvsnet.control.labs import the_lab

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def addressed(node: str, lab: str) -> tuple[Place, str, str]:
    """Place, lab and node from ``NODE`` or ``LAB/NODE`` and what ``--lab`` says.

    Raises:
        LvsnetError: no lab is named and not exactly one runs, or the named one does not.
    """
    prefix, slash, name = node.rpartition("/")
    if slash and lab and prefix != lab:
        raise typer.BadParameter(f"{node} is not in lab {lab}", param_hint="--lab")
    found, place = the_lab(prefix or lab)
    return place, found, name
