"""From a lab file to a running lab: the file is read while the guest starts."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from lvsnet.guest import kernel, labs, memory, places
from lvsnet.guest.client import Connection
from lvsnet.guest.kernel import Kernel
from lvsnet.image import nodefs
from lvsnet.image.nodefs import Image
from lvsnet.plan.model import Plan
from lvsnet.progress import Report

NAME_LINE = re.compile(rf"^name:[ ]*({places.NAME})[ ]*(#.*)?$", re.MULTILINE | re.ASCII)
LOOKED_AT = 64 * 1024
"""Bytes of a lab file that are looked at for its name before it is read properly."""


@dataclass(frozen=True)
class Choice:
    """Where a lab runs, and why there."""

    runtime: str
    kernel: str
    reason: str


def deploy(file: Path, settle: float, report: Report) -> None:
    """Run the lab that ``file`` describes.

    With ``settle``, wait as many seconds until VIPs are held and real servers listed.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: what is missing or failed; nothing of the lab is left.
    """
    found, image = kernel.find(), nodefs.find()
    guess = guessed_name(file)
    if found is not None and image is not None and guess:
        with _guest(guess, found, image) as connection:
            plan = _compiled(file)
            if plan.lab == guess:
                _run(connection, found, plan, file, settle, report)
                return
    plan = _compiled(file)
    found, image = kernel.ensure(report), nodefs.ensure(report)
    with _guest(plan.lab, found, image) as connection:
        _run(connection, found, plan, file, settle, report)


def guessed_name(file: Path) -> str:
    """What the lab is probably called, without reading YAML; empty when that is not to be seen."""
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        text = stream.read(LOOKED_AT).decode(errors="replace")
    match = NAME_LINE.search(text)
    return match[1] if match else ""


def _compiled(file: Path) -> Plan:
    from lvsnet.lab.load import load
    from lvsnet.plan.compile import compile_lab

    return compile_lab(load(file))


def _guest(lab: str, found: Kernel, image: Image) -> AbstractContextManager[Connection]:
    return labs.starting(lab, labs.machine(found, image, memory.DEFAULT))


def _run(
    connection: Connection, found: Kernel, plan: Plan, file: Path, settle: float, report: Report
) -> None:
    choice = Choice(
        "crun",
        f"guest {found.version}",
        "needs no Docker engine, no privilege and no IPVS in this machine's kernel",
    )
    report(f"{plan.lab}: {choice.runtime}, kernel {choice.kernel}: {choice.reason}")
    if found.note:
        report(found.note)
    description = {
        **asdict(choice),
        "file": str(file.resolve()),
        "vips": [condition.address for condition in plan.held],
    }
    modules = labs.modules(found, plan.kernel)
    labs.deploy(connection, plan, modules, description, settle, report)
    report(f"{plan.lab} runs")
