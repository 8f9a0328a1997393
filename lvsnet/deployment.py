"""From a lab file to a running lab, wherever it is to run."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.control.choice import Choice, Wish, choose, look_around
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.guest.places import NAME
from lvsnet.plan.model import Plan
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.guest.client import Connection
    from lvsnet.guest.kernel import Kernel
    from lvsnet.image.nodefs import Image

NAME_LINE = re.compile(rf"^name:[ ]*({NAME})[ ]*(#.*)?$", re.MULTILINE | re.ASCII)
LOOKED_AT = 64 * 1024
"""Bytes of a lab file that are looked at for its name before it is read properly."""


def deploy(file: Path, wish: Wish, settle: float, report: Report) -> None:
    """Run the lab that ``file`` describes.

    With ``settle``, wait as many seconds until VIPs are held and real servers listed.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: what is missing or failed; nothing of the lab is left.
    """
    choice = choose(wish, look_around)
    if choice.kernel == "guest":
        _in_guest(file, wish, choice, settle, report)
        return
    plan = _compiled(file, wish, report)
    _runs_nowhere(plan.lab)
    kernel = f"host {os.uname().release}"
    report(f"{plan.lab}: {choice.runtime}, kernel {kernel}: {choice.reason}")
    record = Record(_about(file, choice, kernel), plan)
    {"crun": _by_crun, "docker": _by_docker, "containerlab": _by_containerlab}[choice.runtime](
        record, settle, report
    )
    report(f"{plan.lab} runs")


def guessed_name(file: Path) -> str:
    """What the lab is probably called, without reading YAML; empty when that is not to be seen."""
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        text = stream.read(LOOKED_AT).decode(errors="replace")
    match = NAME_LINE.search(text)
    return match[1] if match else ""


def _compiled(file: Path, wish: Wish, report: Report) -> Plan:
    from lvsnet.compiled import compile_file, refuse

    compiled = compile_file(file)
    if wish.strict:
        refuse(compiled.warnings)
    for warning in compiled.warnings:
        report(str(warning))
    plan = replace(compiled.plan, strict=wish.strict)
    if not wish.privileged:
        return plan
    return replace(plan, nodes=tuple(replace(node, privileged=True) for node in plan.nodes))


def _about(file: Path, choice: Choice, kernel: str) -> About:
    return About(str(file.resolve()), choice.runtime, kernel, choice.reason, os.getuid())


def _runs_nowhere(lab: str, *without: str) -> None:
    from lvsnet.control import labs

    if lab in [name for name, _place in labs.running(*without)]:
        raise LvsnetError(
            f"lab {lab} is already running, or just being deployed or destroyed; "
            f"`lvsnet destroy {lab}` ends it"
        )


def _in_guest(file: Path, wish: Wish, choice: Choice, settle: float, report: Report) -> None:
    """The guest is started from a glance at the file, which is read while the guest boots."""
    from lvsnet.guest import kernel
    from lvsnet.image import nodefs

    found, image = kernel.find(), nodefs.find()
    guess = guessed_name(file)
    if found is not None and image is not None and guess:
        with _guest(guess, found, image) as connection:
            plan = _compiled(file, wish, report)
            if plan.lab == guess:
                _runs_nowhere(guess, "guest")
                _run_in_guest(connection, found, plan, file, choice, settle, report)
                return
    else:
        plan = _compiled(file, wish, report)
    _runs_nowhere(plan.lab, "guest")  # its supervisor tells whether it runs there
    found, image = kernel.ensure(report), nodefs.ensure(report)
    with _guest(plan.lab, found, image) as connection:
        _run_in_guest(connection, found, plan, file, choice, settle, report)


def _guest(lab: str, found: Kernel, image: Image) -> AbstractContextManager[Connection]:
    from lvsnet.guest import memory, starting

    return starting.starting(lab, starting.machine(found, image, memory.DEFAULT))


def _run_in_guest(
    connection: Connection,
    found: Kernel,
    plan: Plan,
    file: Path,
    choice: Choice,
    settle: float,
    report: Report,
) -> None:
    from lvsnet.guest import starting

    plan = _without_images(plan, report)
    about = _about(file, choice, f"guest {found.version}")
    report(f"{plan.lab}: {about.runtime}, kernel {about.kernel}: {about.reason}")
    if found.note:
        report(found.note)
    modules = starting.modules(found, plan.kernel)
    starting.deploy(connection, Record(about, plan), modules, settle, report)
    report(f"{plan.lab} runs")


def _by_crun(record: Record, settle: float, report: Report) -> None:
    if shutil.which("crun") is None:
        raise LvsnetError(
            "--runtime crun --kernel host needs crun, which is not installed; install it "
            "(Debian: apt-get install crun), or use --kernel guest, which brings its own"
        )
    from lvsnet.host import labs, operations
    from lvsnet.image import tree

    record = replace(record, plan=_without_images(record.plan, report))
    operations.deploy(record, labs.runtime(tree.ensure(report)), settle, report)


def _without_images(plan: Plan, report: Report) -> Plan:
    """A topology's images are what its nodes run with Docker only."""
    if not any(node.process for node in plan.nodes):
        return plan
    from lvsnet.plan import topology_process

    if remark := topology_process.remark(plan):
        report(remark)
    return topology_process.without_images(plan)


def _by_docker(record: Record, settle: float, report: Report) -> None:
    from lvsnet.docker import engine, images, labs
    from lvsnet.engine.runtimes import docker_images

    client = engine.connect()
    images.ensure(client, record.plan.nodes, report)
    plan = docker_images.with_images(client, record.plan)
    labs.deploy(replace(record, plan=plan), settle, report)


def _by_containerlab(record: Record, settle: float, report: Report) -> None:
    from lvsnet.docker import engine, images, labs

    if any(node.process for node in record.plan.nodes):
        raise LvsnetError(
            f"{record.about.file} is a containerlab topology already: "
            f"containerlab deploy -t {record.about.file} runs it; or take another --runtime"
        )
    images.ensure(engine.connect(), record.plan.nodes, report)
    labs.deploy_by_containerlab(record, settle, report)
