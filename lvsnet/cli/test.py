"""``lvsnet test``."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete, formats
from lvsnet.cli.deploy import Clock, Kernel, KernelOption, Runtime, RuntimeOption, StrictOption
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption

if TYPE_CHECKING:
    from lvsnet.control.choice import Wish
    from lvsnet.errors import Problem
    from lvsnet.testing.collecting import Collection
    from lvsnet.testing.jobs import Run
    from lvsnet.testing.model import Result, Task
    from lvsnet.testing.performing import Settings


class Keep(StrEnum):
    """Whose labs go on when the scenario is over."""

    none = "none"
    failed = "failed"
    all = "all"


@dataclass(frozen=True)
class Told:
    """What came of all of it."""

    results: Sequence[Result]
    problems: Sequence[Problem]
    seconds: float
    """By the clock on the wall."""
    place: Sequence[str]
    """The options that say where it ran."""

    def document(self, *, requests: bool) -> dict[str, object]:
        from lvsnet.testing import table

        return table.document(
            self.results, self.problems, self.seconds, self.place, requests=requests
        )


def run_tests(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Lab files, scenario files, directories; PATH::NAME for some of its scenarios.",
            metavar="PATH...",
            show_default=False,
            autocompletion=complete.lab_files,
        ),
    ],
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j", "--jobs", help="Labs at once.", min=1, max=256, show_default="one for each CPU"
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="Only scenarios of this name; * and ? as in a shell; several, too.",
            metavar="GLOB",
            show_default=False,
        ),
    ] = None,
    clock: Annotated[
        Clock | None,
        typer.Option(
            "--clock",
            envvar="LVSNET_CLOCK",
            help="Whether labs run in virtual time.",
            show_default="virtual where the guest kernel has it",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Of virtual time: the same one repeats a run packet for packet.",
            min=0,
            max=2**63 - 1,
            show_default="any",
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            help="Run each so often, with seeds one after the other unless one is given.",
            metavar="N",
            min=1,
            max=100_000,
        ),
    ] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the labs of those that did not pass, for a look.")
    ] = False,
    keep_all: Annotated[bool, typer.Option("--keep-all", help="Leave every lab.")] = False,
    junit: Annotated[
        Path | None,
        typer.Option(
            help="File for the results as JUnit's XML.",
            metavar="FILE",
            show_default=False,
            autocompletion=complete.files,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Directory for pages of what came of it, one of each run; see `lvsnet report`.",
            metavar="DIR",
            show_default=False,
            autocompletion=complete.directories,
        ),
    ] = None,
    form: FormatOption = Format.table,
    requests: Annotated[
        bool,
        typer.Option("--requests", help="Every request and file, too, with --format json."),
    ] = False,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
    strict: StrictOption = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Begin no other once one has not passed.")
    ] = False,
) -> None:
    """Run the scenarios of labs, each in a fresh lab of its own.

    Exit code: 0 all have passed, 1 one has not, 2 a file is wrong or there is nothing to run.
    Of a wrong file nothing is run; the others are.

    Each lab ends with its scenario, also when this command is killed.
    """
    from dataclasses import replace

    from lvsnet.control.choice import Wish
    from lvsnet.testing import glance
    from lvsnet.testing.performing import Settings

    begun = time.monotonic()
    wish = Wish(
        runtime.value, kernel.value, strict=strict, clock=clock.value if clock else "", seed=seed
    )
    if wish.clock == "real" and seed is not None:
        raise typer.BadParameter("repeats a run in virtual time only", param_hint="--seed")
    if junit is not None:
        _check_writable(junit)
    if report is not None:
        from lvsnet.report import writing

        writing.check(report)
    drawn = _drawn(wish)
    if not scenario:
        glance.begin(paths[0], replace(wish, seed=drawn), repeat)
    collection = _collect(paths, scenario or ())
    tasks, wish = _tasks(collection, wish, drawn, repeat)
    glance.settle(tasks, wish)
    kept = Keep.all if keep_all else Keep.failed if keep else Keep.none
    settings = Settings(wish, kept.value, packets=report is not None)
    run = _run(tasks, settings, jobs, fail_fast=fail_fast)
    place = _place(runtime, kernel)
    seconds = time.monotonic() - begun
    told = Told(run.results, collection.problems, seconds, place)
    _tell(told, form, junit, requests=requests)
    if report is not None and run.results:
        _report(told, report)
    raise typer.Exit(_code(run, collection))


def _collect(paths: Sequence[str], patterns: Sequence[str]) -> Collection:
    from lvsnet.cli.files import lab_file
    from lvsnet.testing import collecting

    found = collecting.collect(paths, patterns, lab_file, collecting.read)
    for problem in found.problems:
        typer.echo(problem, err=True)
    return found


def _check_writable(file: Path) -> None:
    """What is only found out at the end costs the whole run."""
    from lvsnet.errors import LvsnetError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab"):
            pass
    except OSError as error:
        raise LvsnetError(f"--junit {file}: {error.strerror}") from error


def _write(file: Path, content: bytes) -> None:
    from lvsnet.errors import LvsnetError

    try:
        file.write_bytes(content)
    except OSError as error:
        raise LvsnetError(f"--junit {file}: {error.strerror}") from error


def _drawn(wish: Wish) -> int:
    """The seed of the first run in virtual time."""
    import random

    from lvsnet.deployment import SEEDS

    return random.SystemRandom().randrange(SEEDS) if wish.seed is None else wish.seed


def _tasks(collection: Collection, wish: Wish, drawn: int, repeats: int) -> tuple[list[Task], Wish]:
    """What to run, and where."""
    from dataclasses import replace

    from lvsnet.control.choice import choose, look_around
    from lvsnet.progress import on_stderr
    from lvsnet.testing import collecting, performing

    if not collection.chosen:
        return [], wish
    wish = performing.wished(wish, on_stderr)
    fixed = wish.seed is not None
    seed = drawn if wish.virtual else None
    plans = tuple(one.job.plan for one in collection.chosen)
    performing.prepare(choose(wish, look_around), plans, on_stderr)
    return (
        collecting.tasks(collection.chosen, repeats, seed, fixed=fixed),
        replace(wish, seed=None),
    )


def _run(tasks: Sequence[Task], settings: Settings, count: int | None, *, fail_fast: bool) -> Run:
    from lvsnet.testing import jobs, performing, progress

    allowed = list(os.sched_getaffinity(0))
    slots = jobs.slots(allowed, min(count or len(allowed), max(len(tasks), 1)))
    if tasks:
        typer.echo(_headline(tasks, settings.wish, len(slots)), err=True)
    work = performing.work(settings)
    with progress.shown(len(tasks)) as audience:
        return jobs.run(tasks, work, slots, audience, fail_fast=fail_fast)


def _headline(tasks: Sequence[Task], wish: Wish, at_once: int) -> str:
    runs = "1 run" if len(tasks) == 1 else f"{len(tasks)} runs, {at_once} at once"
    if tasks[0].seed is None:
        return f"{runs}, real time" if not wish.virtual else runs
    seeds = {one.seed for one in tasks}
    if len(seeds) == 1:
        return f"{runs}, virtual time, seed {tasks[0].seed}"
    return f"{runs}, virtual time, seeds from {tasks[0].seed}"


def _tell(told: Told, form: Format, junit: Path | None, *, requests: bool) -> None:
    from lvsnet.testing import report_text, table
    from lvsnet.testing.model import PASSED

    results = told.results
    texts = {
        one.task.plan.lab: report_text.failure(one, told.place)
        for one in results
        if one.state != PASSED
    }
    if form is Format.json:
        formats.document(told.document(requests=requests))
    else:
        if results:
            table.print_table(results)
        _print_rest(results, texts, told.seconds)
    # Last, so that what came of the run is seen when it cannot be written.
    if junit is not None:
        from lvsnet.testing import junit as xml

        _write(junit, xml.document(results, told.problems, told.seconds, texts))


def _report(told: Told, directory: Path) -> None:
    import json

    from lvsnet.report import writing

    page = writing.write_all(directory, json.dumps(told.document(requests=True)))
    typer.echo(f"report: {page}", err=True)


def _print_rest(results: Sequence[Result], texts: dict[str, str], seconds: float) -> None:
    from lvsnet.testing import report_text
    from lvsnet.testing.model import NOT_RUN, PASSED

    for one in results:
        if one.state not in (PASSED, NOT_RUN):
            typer.echo(f"\n{texts[one.task.plan.lab]}")
        elif one.kept and one.state == PASSED:
            typer.echo(f"\n{one.task.name}: its lab {one.kept} still runs")
    for line in report_text.of_repeats(results):
        typer.echo(line)
    if results:
        typer.echo(f"\n{report_text.totals(results, seconds)}")


def _place(runtime: Runtime, kernel: Kernel) -> list[str]:
    """The options that say where it ran, when they were given."""
    words = []
    if runtime is not Runtime.auto:
        words += ["--runtime", runtime.value]
    if kernel is not Kernel.auto:
        words += ["--kernel", kernel.value]
    return words


def _code(run: Run, collection: Collection) -> int:
    from lvsnet.testing.model import PASSED

    if run.signal:
        return 128 + run.signal
    if collection.problems or not run.results:
        return 2
    return 0 if all(one.state == PASSED for one in run.results) else 1
