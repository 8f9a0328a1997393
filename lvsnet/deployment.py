"""From a lab file to a running lab, wherever it is to run."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.control.choice import Choice, Wish, choose, look_around
from lvsnet.errors import LvsnetError
from lvsnet.guest import launch
from lvsnet.guest.places import NAME
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.engine.runtime import About, Record
    from lvsnet.guest.boot import Machine, VirtualTime
    from lvsnet.guest.client import Connection
    from lvsnet.guest.kernels.model import Kernel
    from lvsnet.image.nodefs import Image
    from lvsnet.plan.model import Plan

MEMORY_LINE = re.compile(r"^memory:[ ]*([0-9.]+[A-Za-z]+)[ ]*(#.*)?$", re.MULTILINE | re.ASCII)
NAME_LINE = re.compile(rf"^name:[ ]*({NAME})[ ]*(#.*)?$", re.MULTILINE | re.ASCII)
CALENDAR = 1_798_761_600_000_000_000
"""2027-01-01 00:00 UTC, in nanoseconds: the calendar's time when a lab in virtual time boots. It is
the same for all, since programs draw randomness from it.
"""
SEEDS = 1_000_000
"""How many seeds are drawn from: one is to be typed again."""
LOOKED_AT = 64 * 1024
"""Bytes of a lab file that are looked at before it is read properly."""


def deploy(file: Path, wish: Wish, settle: float, report: Report) -> Record:
    """Run the lab that ``file`` describes; what is known of it then.

    With ``settle``, wait as many seconds until VIPs are held and real servers listed.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: what is missing or failed; nothing of the lab is left.
    """
    choice = choose(wish, look_around)
    if choice.kernel == "guest":
        return _in_guest(file, wish, choice, settle, report)
    from lvsnet.engine.runtime import Record

    launch.dismiss()
    plan = planned(file, wish, report)
    runs_nowhere(plan.lab)
    kernel = f"host {os.uname().release}"
    report(f"{plan.lab}: {choice.runtime}, kernel {kernel}: {choice.reason}")
    record = Record(about_lab(file, choice, kernel), plan)
    BY[choice.runtime](record, settle, report)
    report(f"{plan.lab} runs")
    return record


def redeploy(file: Path, wish: Wish, settle: float, report: Report) -> Record:
    """Change the running lab that ``file`` describes to what it says now; run one that does not.

    What is known of it then. What does not change goes on. With ``settle``, wait as many seconds
    until the site is up.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: what cannot be changed in a running lab, or what failed.
    """
    from lvsnet import plan_cache
    from lvsnet.control import labs
    from lvsnet.engine.runtime import Record

    lab = guessed_name(file) or plan_cache.compiled(file).plan.lab
    place = dict(labs.running()).get(lab)
    if place is None:
        return deploy(file, wish, settle, report)
    old = place.record(lab)
    refuse_to_move(old, wish)
    plan = planned(file, wish, report)
    if plan.lab != lab:
        raise LvsnetError(f"{file} is the file of lab {plan.lab}, not of {lab}")
    refuse_to_grow(old, plan)
    if old.about.runtime == "docker":
        plan = _with_images(plan, report)
    else:
        plan = without_images(plan, report)
    record = Record(replace(old.about, file=str(file.resolve())), plan)
    place.reconfigure(record, settle, report)
    report(f"{lab} runs")
    return record


def refuse_to_move(record: Record, wish: Wish) -> None:
    """Raise when a running lab is wished to be elsewhere: by another runtime or kernel."""
    about = record.about
    kernel = about.kernel.partition(" ")[0]
    lab = record.plan.lab
    if about.runtime == "containerlab":
        raise LvsnetError(
            f"containerlab wired lab {lab}, so lvsnet cannot change it; {_begin_again(lab)}"
        )
    if wish.clock not in ("", about.clock) or wish.seed not in (None, about.seed):
        seed = "" if about.seed is None else f" with seed {about.seed}"
        raise LvsnetError(
            f"lab {lab} has a {about.clock} clock{seed}, which cannot be changed while it runs; "
            f"{_begin_again(lab)}"
        )
    if wish.runtime not in ("auto", about.runtime) or wish.kernel not in ("auto", kernel):
        raise LvsnetError(
            f"lab {lab} runs by {about.runtime} on the {kernel}'s kernel, which cannot be changed "
            f"while it runs; {_begin_again(lab)}"
        )


def refuse_to_grow(record: Record, plan: Plan) -> None:
    """Raise when the guest of a running lab is to have another size."""
    before, after = record.plan.memory or "the usual size", plan.memory or "the usual size"
    if before != after and record.about.kernel.startswith("guest"):
        raise LvsnetError(
            f"the memory of lab {plan.lab} is {before} and cannot be {after} while it runs; "
            f"{_begin_again(plan.lab)}"
        )


def _begin_again(lab: str) -> str:
    return f"`lvsnet destroy {lab}` and `lvsnet deploy` begin it again"


def guessed_name(file: Path) -> str:
    """What the lab is probably called, without reading YAML; empty when that is not to be seen."""
    match = NAME_LINE.search(_beginning(file))
    return match[1] if match else ""


def guessed_memory(file: Path) -> str:
    """What its guest probably is to have, as `Plan.memory`, without reading YAML."""
    match = MEMORY_LINE.search(_beginning(file))
    if match is None:
        return ""
    from lvsnet.lab.units import Size
    from lvsnet.lab.values import memory

    try:
        return str(memory(Size(match[1])))
    except ValueError:
        return ""  # the user is told when the file is read


def _beginning(file: Path) -> str:
    if not file.is_file():
        return ""
    try:
        with file.open("rb") as stream:
            return stream.read(LOOKED_AT).decode(errors="replace")
    except OSError:
        return ""  # the user is told when the file is read


def planned(file: Path, wish: Wish, report: Report) -> Plan:
    """The plan of a file for this wish; warnings are reported.

    Raises:
        LabFileError: the file is wrong, or unwise where the wish is strict.
    """
    from lvsnet import plan_cache
    from lvsnet.compiled import refuse

    compiled = plan_cache.compiled(file)
    if wish.strict:
        refuse(compiled.warnings)
    for warning in compiled.warnings:
        report(str(warning))
    return as_wished(compiled.plan, wish)


def as_wished(plan: Plan, wish: Wish) -> Plan:
    """A plan with what the wish adds to it."""
    plan = replace(plan, strict=wish.strict)
    if not wish.privileged:
        return plan
    return replace(plan, nodes=tuple(replace(node, privileged=True) for node in plan.nodes))


def about_lab(file: Path, choice: Choice, kernel: str) -> About:
    """What is said of a lab that runs on this kernel, with its machine's clock."""
    from lvsnet.engine.runtime import About

    return About(str(file.resolve()), choice.runtime, kernel, choice.reason, os.getuid())


def runs_nowhere(lab: str, *without: str) -> None:
    """Look for a lab of that name, except in the places of these names.

    Raises:
        LvsnetError: it runs already.
    """
    from lvsnet.control import labs

    if lab in [name for name, _place in labs.running(*without)]:
        raise _runs_already(lab)


def _runs_already(lab: str) -> LvsnetError:
    return LvsnetError(
        f"lab {lab} is already running, or just being deployed or destroyed; "
        f"`lvsnet redeploy {lab}` changes it to what its file says, `lvsnet destroy {lab}` ends it"
    )


def _in_guest(file: Path, wish: Wish, choice: Choice, settle: float, report: Report) -> Record:
    """The guest is started from a glance at the file, which is read while the guest boots."""
    from lvsnet.guest import places
    from lvsnet.guest.kernels import choice as kernels
    from lvsnet.image import nodefs

    found, image = kernels.find(), nodefs.find()
    guess, size = guessed_name(file), guessed_memory(file)
    # Of two deploys at one moment both may come past this: the supervisor tells then.
    if guess in [place.lab for place in places.running()]:
        raise _runs_already(guess)
    if found is not None and image is not None and guess:
        virtual = virtual_time(wish, found)
        with guest(guess, size, found, image, virtual) as connection:
            plan = planned(file, wish, report)
            if (plan.lab, plan.memory) == (guess, size):
                runs_nowhere(guess, "guest")
                about = about_guest(file, choice, found, virtual)
                record = run_in_guest(connection, found, plan, about, settle, report)
                return _kept(connection, record, report)
    else:
        plan = planned(file, wish, report)
    runs_nowhere(plan.lab, "guest")  # its supervisor tells whether it runs there
    found = kernels.ensure(report)
    virtual = virtual_time(wish, found)
    image = nodefs.ensure(report)
    with guest(plan.lab, plan.memory, found, image, virtual) as connection:
        about = about_guest(file, choice, found, virtual)
        record = run_in_guest(connection, found, plan, about, settle, report)
        return _kept(connection, record, report)


def _kept(connection: Connection, record: Record, report: Report) -> Record:
    from lvsnet.guest import starting

    starting.keep(connection)
    report(f"{record.plan.lab} runs")
    return record


def guest(
    lab: str, size: str, found: Kernel, image: Image, virtual: VirtualTime | None
) -> AbstractContextManager[Connection]:
    """A guest that starts, as of `lvsnet.guest.starting.starting`; ``size`` is `Plan.memory`."""
    from lvsnet.guest import starting

    return starting.starting(lab, machine(size, found, image, virtual))


def machine(size: str, found: Kernel, image: Image, virtual: VirtualTime | None) -> Machine:
    """What the guest of a lab is made of; ``size`` is `Plan.memory`."""
    from lvsnet.guest import memory, starting

    return starting.machine(found, image, size or memory.DEFAULT, virtual)


def virtual_time(wish: Wish, found: Kernel) -> VirtualTime | None:
    """The clock that is wished for.

    Raises:
        LvsnetError: the kernel does not have it.
    """
    if not wish.virtual:
        return None
    from lvsnet.guest.boot import VirtualTime

    if not found.virtual_time:
        raise LvsnetError(
            f"--clock virtual needs lvsnet's own guest kernel, and {found.package} is not: "
            "`lvsnet kernel build` builds it once, in some minutes"
        )
    seed = random.SystemRandom().randrange(SEEDS) if wish.seed is None else wish.seed
    return VirtualTime(CALENDAR, seed)


def about_guest(file: Path, choice: Choice, found: Kernel, virtual: VirtualTime | None) -> About:
    """What is said of a lab in a guest."""
    about = about_lab(file, choice, f"guest {found.version}")
    if virtual is None:
        return about
    return replace(about, clock="virtual", seed=virtual.seed)


def run_in_guest(
    connection: Connection,
    found: Kernel,
    plan: Plan,
    about: About,
    settle: float,
    report: Report,
) -> Record:
    """Deploy a plan in the guest that `guest` gave, which ends with it unless it is kept."""
    from lvsnet.engine.runtime import Record
    from lvsnet.guest import boot, starting, uml

    plan = without_images(plan, report)
    report(f"{plan.lab}: {about.runtime}, kernel {about.kernel}: {about.reason}")
    if about.seed is not None:
        report(f"{plan.lab}: virtual time, seed {about.seed}: --seed {about.seed} repeats this run")
    for remark in filter(None, (found.note, uml.remark(plan.nodes))):
        report(remark)
    modules = starting.modules(found, (*boot.LATER, *plan.kernel))
    record = Record(about, plan)
    starting.deploy(connection, record, modules, settle, report)
    return record


def _by_crun(record: Record, settle: float, report: Report) -> None:
    if shutil.which("crun") is None:
        raise LvsnetError(
            "--runtime crun --kernel host needs crun, which is not installed; install it "
            "(Debian: apt-get install crun), or use --kernel guest, which brings its own"
        )
    from lvsnet.host import labs, operations
    from lvsnet.image import tree

    record = replace(record, plan=without_images(record.plan, report))
    operations.deploy(record, labs.runtime(tree.ensure(report)), settle, report)


def without_images(plan: Plan, report: Report) -> Plan:
    """A topology's images are what its nodes run with Docker only."""
    if not any(node.process for node in plan.nodes):
        return plan
    from lvsnet.plan import topology_process

    if remark := topology_process.remark(plan):
        report(remark)
    return topology_process.without_images(plan)


def _by_docker(record: Record, settle: float, report: Report) -> None:
    from lvsnet.docker import labs

    labs.deploy(replace(record, plan=_with_images(record.plan, report)), settle, report)


def _with_images(plan: Plan, report: Report) -> Plan:
    """The plan as the Docker engine runs it, which then has its images."""
    from lvsnet.docker import engine, images
    from lvsnet.engine.runtimes import docker_images

    client = engine.connect()
    images.ensure(client, plan.nodes, report)
    return docker_images.with_images(client, plan)


def _by_containerlab(record: Record, settle: float, report: Report) -> None:
    from lvsnet.docker import engine, images, labs

    if any(node.process for node in record.plan.nodes):
        raise LvsnetError(
            f"{record.about.file} is a containerlab topology already: "
            f"containerlab deploy -t {record.about.file} runs it; or take another --runtime"
        )
    images.ensure(engine.connect(), record.plan.nodes, report)
    labs.deploy_by_containerlab(record, settle, report)


BY: Mapping[str, Callable[[Record, float, Report], None]] = {
    "crun": _by_crun,
    "docker": _by_docker,
    "containerlab": _by_containerlab,
}
"""Runtime -> what deploys a record on this machine's own kernel, and settles so many seconds."""
