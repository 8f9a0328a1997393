"""A lab that runs as long as somebody uses it, and ends with the process that deployed it.

Tests own labs: whatever becomes of one, nothing is left of its lab.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet import deployment
from lvsnet.control import labs
from lvsnet.control.choice import Choice, Wish, choose, look_around
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.engine.runtime import Record
    from lvsnet.plan.model import Plan

PLACES = {"crun": "host", "docker": "docker", "containerlab": "docker"}
"""Runtime, on this machine's kernel -> key of `lvsnet.control.labs.PLACES`."""


@dataclass(frozen=True)
class Owned:
    """A lab that runs."""

    record: Record
    place: Place
    keep: Callable[[], None]
    """From then on the lab outlives its owner, as one of `lvsnet deploy`."""

    @property
    def name(self) -> str:
        return self.record.plan.lab


@contextmanager
def owned(plan: Plan, file: Path, wish: Wish, settle: float, report: Report) -> Iterator[Owned]:
    """Run a plan as long as the ``with``; ``file`` is where it comes from.

    With ``settle``, wait as many seconds until the site is up. When the ``with`` ends, or this
    process does in whatever way, the lab ends, unless it was kept. May fork: no thread may run in
    this process.

    Raises:
        LvsnetError: what is missing or failed; nothing of the lab is left.
    """
    choice = choose(wish, look_around)
    plan = deployment.as_wished(plan, wish)
    where = _in_guest if choice.kernel == "guest" else _on_this_machine
    with where(plan, file, wish, choice, settle, report) as lab:
        yield lab


@contextmanager
def _in_guest(
    plan: Plan, file: Path, wish: Wish, choice: Choice, settle: float, report: Report
) -> Iterator[Owned]:
    from lvsnet.guest import labs as place
    from lvsnet.guest import starting
    from lvsnet.guest.kernels import choice as kernels
    from lvsnet.image import nodefs

    deployment.runs_nowhere(plan.lab, "guest")  # its supervisor tells whether it runs there
    found = kernels.ensure(report)
    virtual = deployment.virtual_time(wish, found)
    image = nodefs.ensure(report)
    about = deployment.about_guest(file, choice, found, virtual)
    with deployment.guest(plan.lab, plan.memory, found, image, virtual) as connection:
        record = deployment.run_in_guest(connection, found, plan, about, settle, report)
        yield Owned(record, place, partial(starting.keep, connection))


@contextmanager
def _on_this_machine(
    plan: Plan, file: Path, _wish: Wish, choice: Choice, settle: float, report: Report
) -> Iterator[Owned]:
    from lvsnet.engine.runtime import Record
    from lvsnet.host.guard import guarded

    deployment.runs_nowhere(plan.lab)
    place = labs.PLACES[PLACES[choice.runtime]]()
    about = deployment.about_lab(file, choice, f"host {os.uname().release}")
    deployment.BY[choice.runtime](Record(about, plan), settle, report)
    with guarded(partial(_end, plan.lab, place)) as keep:
        yield Owned(place.record(plan.lab), place, keep)


def _end(lab: str, place: Place) -> None:
    """Somebody may have destroyed it meanwhile."""
    if lab in place.running():
        place.destroy(lab)
