"""What a worker does with its task: deploys the lab, runs the scenario, takes the lab down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.testing.model import Broken, Deployed, Kept, Phase, Ran, Task
from lvsnet.testing.worker import Tell

if TYPE_CHECKING:
    from lvsnet.control.choice import Choice, Wish
    from lvsnet.owned import Owned
    from lvsnet.plan.model import Plan
    from lvsnet.progress import Report

SETTLE = 60.0
"""Seconds until a site must be up, as of `lvsnet deploy`."""
KEEP = ("none", "failed", "all")
"""Whose labs are kept."""


@dataclass(frozen=True)
class Settings:
    """Of all tasks."""

    wish: Wish
    """Without the seed, which is the task's."""
    keep: str = "none"
    """One of `KEEP`."""
    packets: bool = False
    """Whether what passes the wires is captured for the outcome."""


def perform(settings: Settings, task: Task, tell: Tell) -> None:
    """Run a task, and tell how it goes; nothing is left of its lab, unless it is to be kept.

    It is called in the task's worker (`lvsnet.testing.worker.Work`).
    """
    from lvsnet.owned import owned

    def report(line: str) -> None:
        if line:
            tell(Phase(line.removeprefix(f"{task.plan.lab}: ")))

    wish = replace(settings.wish, seed=task.seed)
    try:
        with owned(task.plan, task.lab_file, wish, SETTLE, report) as lab:
            about = lab.record.about
            tell(Deployed(about.runtime, about.kernel, about.clock))
            passed = _run(lab, task, tell, packets=settings.packets)
            if settings.keep == "all" or (settings.keep == "failed" and not passed):
                lab.keep()
                tell(Kept(lab.name))
            else:
                tell(Phase("taken down"))
    except LvsnetError as error:
        tell(Broken(str(error)))


def _run(lab: Owned, task: Task, tell: Tell, *, packets: bool) -> bool:
    """Whether the scenario passed."""
    from lvsnet.control import scenarios

    try:
        scenario = task.variant.scenario
        outcome = scenarios.run(lab.place, lab.name, scenario, tell, packets=packets)
    except LvsnetError as error:
        tell(Broken(str(error)))
        return False
    tell(Ran(outcome))
    return outcome.passed


def wished(wish: Wish, report: Report) -> Wish:
    """The wish with its clock said: virtual where there is such a guest kernel and nothing else is.

    A seed asks for virtual time as well.

    Raises:
        LvsnetError: the wish cannot be had.
    """
    from lvsnet.control.choice import choose, look_around
    from lvsnet.guest.kernels import choice as kernels

    if not wish.clock and wish.seed is not None:
        wish = replace(wish, clock="virtual")
    if wish.clock:
        choose(wish, look_around)
        return wish
    if wish.kernel != "host" and wish.runtime in ("auto", "crun"):
        found = kernels.find()
        if found is None and choose(wish, look_around).kernel == "guest":
            found = kernels.ensure(report)
        if found is not None and found.virtual_time:
            return replace(wish, clock="virtual")
    return replace(wish, clock="real")


def prepare(choice: Choice, plans: tuple[Plan, ...], report: Report) -> None:
    """Get and build what every lab needs, once, before several workers want it.

    Raises:
        LvsnetError: it cannot be had.
    """
    if choice.kernel == "guest":
        from lvsnet.guest.kernels import choice as kernels
        from lvsnet.image import nodefs

        kernels.ensure(report)
        nodefs.ensure(report)
    elif choice.runtime == "crun":
        from lvsnet.image import tree

        tree.ensure(report)
    else:
        from lvsnet.docker import engine, images

        nodes = [node for plan in plans for node in plan.nodes]
        images.ensure(engine.connect(), nodes, report)


def work(settings: Settings) -> partial[None]:
    """What to run a worker with."""
    return partial(perform, settings)
