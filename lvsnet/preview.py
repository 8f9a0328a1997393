"""What `lvsnet deploy` would do, without doing any of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.control.choice import Choice, Wish, choose, look_around
from lvsnet.deployment import planned, without_images
from lvsnet.errors import LvsnetError
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.engine.runtime import Record
    from lvsnet.plan.model import Plan


@dataclass(frozen=True)
class Preview:
    """A deployment that has not begun."""

    file: str
    """Absolute path of the lab file."""
    runtime: str
    """``docker``, ``crun`` or ``containerlab``."""
    kernel: str
    """``host 6.12.3``; ``guest 7.2.7``, or ``guest`` when there is none on this machine yet."""
    reason: str
    before: tuple[str, ...]
    """What deploy has to do, or would end with, before it makes the first node; sentences."""
    plan: Plan


def preview(file: Path, wish: Wish, report: Report) -> Preview:
    """What a deployment of ``file`` would be; starts, makes and downloads nothing.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: deploy would refuse, too: the wish cannot be had, or the lab runs.
    """
    choice = choose(wish, look_around)
    plan = planned(file, wish, report)
    if choice.runtime == "crun":
        plan = without_images(plan, report)
    _runs_nowhere(plan.lab)
    kernel, before = f"host {os.uname().release}", list(_before_on_host(choice))
    if choice.kernel == "guest":
        kernel, before = _guest()
    return Preview(str(file.resolve()), choice.runtime, kernel, choice.reason, tuple(before), plan)


def with_contents(record: Record) -> Record:
    """The record with what its files hold, which labels of containerlab's containers do not keep.

    It is taken from the file that the lab was started from, as that is now.

    Raises:
        LabFileError: that file is wrong by now.
        LvsnetError: it is not there any more, or another lab's.
    """
    if record.about.runtime != "containerlab":
        return record
    from lvsnet.compiled import compile_file

    file, lab = Path(record.about.file), record.plan.lab
    if not file.is_file():
        raise LvsnetError(
            f"lab {lab} was deployed by containerlab, which does not keep what its files hold; "
            f"{file}, which it was started from, is no longer there"
        )
    plan = compile_file(file).plan
    if plan.lab != lab:
        raise LvsnetError(f"{file} is the file of lab {plan.lab} now, not of {lab}")
    return replace(record, plan=plan)


def beside(record: Record, file: Path, wish: Wish, report: Report) -> Plan:
    """The plan of a file for a running lab, which stays where it runs.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: it is another lab's, or an image that it needs is not there.
    """
    plan = planned(file, wish, report)
    if plan.lab != record.plan.lab:
        raise LvsnetError(f"{file} is the file of lab {plan.lab}, not of {record.plan.lab}")
    if record.about.runtime == "crun":
        return without_images(plan, report)
    if record.about.runtime == "docker":
        from lvsnet.docker import engine
        from lvsnet.engine.runtimes import docker_images

        return docker_images.with_images(engine.connect(), plan)
    return plan


def _runs_nowhere(lab: str) -> None:
    from lvsnet.control import labs

    if lab in [name for name, _place in labs.running()]:
        raise LvsnetError(
            f"lab {lab} runs already, so deploy would refuse; `lvsnet deploy --reconfigure "
            f"--dry-run` shows what would change in it, `lvsnet destroy {lab}` ends it"
        )


def _guest() -> tuple[str, list[str]]:
    from lvsnet.guest.kernels import choice
    from lvsnet.image import nodefs

    found = choice.find()
    before = []
    if found is None:
        before.append("the guest kernel is downloaded first, which takes some 15 s")
    if nodefs.find() is None:
        before.append("the node file system is built first, which takes about a minute")
    return (f"guest {found.version}" if found else "guest"), before


def _before_on_host(choice: Choice) -> Iterator[str]:
    if choice.runtime == "crun":
        if shutil.which("crun") is None:
            yield "crun is not installed, so deploy would fail; `lvsnet doctor` says more"
        return
    if why := look_around().no_docker:
        yield f"{why}, so deploy would fail; `lvsnet doctor` says more"
    else:
        yield "images of nodes that the engine does not have are pulled or built first"
