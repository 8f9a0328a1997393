"""What `lvsnet test` runs, and what came of it, as data."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.plan.model import Plan
from lvsnet.scenario.model import Variant
from lvsnet.scenario.result import Outcome, StepResult

PASSED, FAILED, ERROR, NOT_RUN = "passed", "failed", "error", "not run"
"""How a task ends. An error: the lab could not be deployed, or ended under its scenario."""


@dataclass(frozen=True)
class Task:
    """A scenario with a variant's values, to be run once in a lab of its own."""

    source: Path
    """The file that has the scenario, as it was given."""
    lab_file: Path
    plan: Plan
    """With the variant's values, and a name of the task's own."""
    lab: str
    """The lab's name in its file."""
    variant: Variant
    repeat: int = 1
    """From 1."""
    repeats: int = 1
    seed: int | None = None
    """Of virtual time; None with the real clock."""

    @property
    def title(self) -> str:
        """What picks it on the command line: ``labs/dr.yaml::director-dies[method=nat]``."""
        return f"{shown(self.source)}::{self.variant.label}"

    @property
    def name(self) -> str:
        """`title`, and which one of several runs it is."""
        return self.title if self.repeats == 1 else f"{self.title} #{self.repeat}"

    def command(self, clock: str, place: Sequence[str] = ()) -> str:
        """A command line that does the same once more; ``place`` are options of where it ran."""
        words = ["lvsnet", "test", self.title]
        if clock == "virtual" and self.seed is not None:
            words += ["--seed", str(self.seed)]
        elif clock == "real":
            words += ["--clock", "real"]
        return shlex.join([*words, *place])


@dataclass(frozen=True)
class Phase:
    """What a worker does now, in some words."""

    text: str


@dataclass(frozen=True)
class Deployed:
    """The lab of a worker runs."""

    runtime: str
    kernel: str
    """``guest 7.2.7``."""
    clock: str
    """``real`` or ``virtual``."""


@dataclass(frozen=True)
class Ran:
    """A scenario has ended; its lab is still to be torn down."""

    outcome: Outcome


@dataclass(frozen=True)
class Kept:
    """A lab that outlives its worker."""

    lab: str


@dataclass(frozen=True)
class Broken:
    """What kept a scenario from being run to its end, or its lab from being torn down."""

    words: str


Message = Phase | Deployed | StepResult | Ran | Kept | Broken
"""What a worker tells."""


@dataclass(frozen=True)
class Result:
    """What came of a task."""

    task: Task
    state: str
    """`PASSED`, `FAILED`, `ERROR` or `NOT_RUN`."""
    wall: float = 0.0
    """Seconds from the beginning of its deploy to the end of its teardown."""
    outcome: Outcome | None = None
    deployed: Deployed | None = None
    error: str = ""
    """Of `ERROR`: why."""
    kept: str = ""
    """The lab that still runs; empty if it was torn down."""

    @property
    def clock(self) -> str:
        """``real`` or ``virtual``; as it was meant to be, when nothing was deployed."""
        if self.deployed is not None:
            return self.deployed.clock
        return "real" if self.task.seed is None else "virtual"


def shown(path: Path) -> str:
    """A path as a user types it: relative to the working directory when it is below that."""
    if not path.is_absolute():
        return str(path)
    here = Path(os.path.normpath(Path.cwd()))
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
