"""A guest that boots while the scenarios are still being read, for the first of them.

To import what reads a file takes as long as a guest takes to boot. So the first lab's name is
guessed from the text, as `lvsnet deploy` does; a wrong guess costs a guest that is ended again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.testing import naming

if TYPE_CHECKING:
    from lvsnet.control.choice import Wish
    from lvsnet.testing.model import Task

LOOKED_AT = 64 * 1024
"""Bytes of a file that are looked at."""
_LAB = re.compile(r"""^lab:[ ]*\[?[ ]*["']?([^\s,\]"'#]+)""", re.MULTILINE)
_SCENARIOS = re.compile(r"^scenarios:[ ]*(?:#.*)?\n((?:[ #].*\n|\n)+)", re.MULTILINE)
_NAME = re.compile(r"^([ ]+)([A-Za-z0-9_-]+):[ ]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Guess:
    """What the first task is probably to run in."""

    lab: str
    """The name of the task's lab."""
    file: Path
    """The lab's file."""


def guess(argument: str, repeats: int) -> Guess | None:
    """What ``PATH`` or ``PATH::NAME`` begins with, by its text; None when that is not to be seen.

    ``repeats`` is how often each scenario runs.
    """
    from lvsnet.deployment import guessed_name

    path, _, name = argument.partition("::")
    file = Path(path)
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        text = stream.read(LOOKED_AT).decode(errors="replace")
    found = _block(text, name)
    if found is None:
        return None
    scenario, block = found
    beside = _LAB.search(text)
    lab_file = file if beside is None else file.parent / beside[1]
    lab = guessed_name(lab_file)
    if not lab:
        return None
    variant = 1 if re.search(r"^[ ]+matrix:", block, re.MULTILINE) else None
    return Guess(naming.lab_name(lab, scenario, variant, 1 if repeats > 1 else None), lab_file)


def _block(text: str, name: str) -> tuple[str, str] | None:
    """A scenario's name and its text: that of this name, or the first."""
    section = _SCENARIOS.search(text)
    if section is None:
        return None
    names = list(_NAME.finditer(section[1]))
    names = [one for one in names if one[1] == names[0][1]]
    if not names:
        return None
    for one, following in zip(names, [*names[1:], None], strict=True):
        if name in ("", one[2]):
            end = following.start() if following is not None else len(section[1])
            return one[2], section[1][one.end() : end]
    return None


def begin(argument: str, wish: Wish, repeats: int) -> None:
    """Launch a guest in virtual time for a guess at the first task, if there is one.

    ``wish`` has the seed of the first task. What is still to be fetched is not waited for.

    Raises:
        LvsnetError: the guest kernel that was chosen is not there.
    """
    if wish.clock == "real" or wish.kernel == "host" or wish.runtime not in ("auto", "crun"):
        return
    from lvsnet import deployment
    from lvsnet.guest import launch, places
    from lvsnet.guest.kernels import choice as kernels
    from lvsnet.image import nodefs

    guessed = guess(argument, repeats)
    found, image = kernels.find(), nodefs.find()
    if guessed is None or found is None or image is None or not found.virtual_time:
        return
    if guessed.lab in [place.lab for place in places.running()]:
        return  # whoever deploys it tells
    virtual = deployment.virtual_time(replace(wish, clock="virtual"), found)
    size = deployment.guessed_memory(guessed.file)
    launch.ahead(guessed.lab, deployment.machine(size, found, image, virtual))


def settle(tasks: Sequence[Task], wish: Wish) -> None:
    """End the guest that was launched for a guess, unless it is what the first task needs.

    Raises:
        LvsnetError: as `begin`.
    """
    from lvsnet import deployment
    from lvsnet.guest import launch
    from lvsnet.guest.kernels import choice as kernels
    from lvsnet.image import nodefs

    found, image = kernels.find(), nodefs.find()
    if not tasks or found is None or image is None or not wish.virtual:
        launch.end_unneeded()
        return
    plan = tasks[0].plan
    virtual = deployment.virtual_time(replace(wish, seed=tasks[0].seed), found)
    machine = deployment.machine(plan.memory, found, image, virtual)
    launch.end_unneeded(plan.lab, machine)
