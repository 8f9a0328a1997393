"""Which node of which lab a user means."""

from __future__ import annotations

import typer

from lvsnet.guest.client import the_lab


def addressed(node: str, lab: str) -> tuple[str, str]:
    """Lab and node from ``NODE`` or ``LAB/NODE`` and what ``--lab`` says.

    Raises:
        LvsnetError: no lab is named and not exactly one runs.
    """
    prefix, slash, name = node.rpartition("/")
    if slash and lab and prefix != lab:
        raise typer.BadParameter(f"{node} is not in lab {lab}", param_hint="--lab")
    return the_lab(prefix or lab or None), name
