"""``lvsnet destroy``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, RunningLabArgument
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def destroy(
    lab: RunningLabArgument = "",
    every: Annotated[bool, typer.Option("--all", help="End every lab of yours.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """End a lab and remove everything of it.

    Without a name, the only lab that runs.
    """
    from lvsnet.cli.files import lab_name
    from lvsnet.control import labs

    if every and lab and lab != os.environ.get("LVSNET_LAB"):
        raise typer.BadParameter("give the name of a lab or --all, not both")
    if every:
        ended = [one for one in labs.running() if _is_mine(*one)]
    else:
        ended = [labs.the_lab(lab_name(lab) if lab else "")]
    gone, failures = [], []
    for name, place in ended:
        try:
            place.destroy(name)
        except LvsnetError as error:
            failures.append(error)  # which keeps the other labs from nothing
        else:
            gone.append(name)
            sys.stderr.write(f"{name} is gone\n")
    if not ended:
        sys.stderr.write("no lab runs\n")
    for words in labs.ended():
        sys.stderr.write(f"{words}\n")
    if form is Format.json:
        formats.document({"destroyed": gone})
    if failures:
        raise LvsnetError("\nlvsnet: ".join(map(str, failures))) from failures[0]


def _is_mine(lab: str, place: Place) -> bool:
    """Users of one Docker engine see each other's labs; root's are all of them."""
    user, owner = os.getuid(), place.owner(lab)
    if user not in (0, owner):
        sys.stderr.write(f"{lab} is not yours, but of user {owner}; it goes on\n")
    return user in (0, owner)
