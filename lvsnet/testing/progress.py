"""How a run goes, on standard error: lines, or on a terminal what is under way just now."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lvsnet.scenario.result import SKIPPED, StepResult
from lvsnet.testing.jobs import Audience
from lvsnet.testing.model import FAILED, NOT_RUN, PASSED, Result, Task

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

MARKS = {PASSED: "green", FAILED: "red", NOT_RUN: "dim"}
OTHER_MARK = "bold red"
REFRESH = 0.1
"""Seconds between two pictures."""


@dataclass
class Lines:
    """A line for each task that is done."""

    tasks: int
    done: int = 0

    def began(self, task: Task) -> None:
        """Nothing is said of it."""

    def phase(self, task: Task, text: str) -> None:
        """Nothing is said of it."""

    def step(self, task: Task, step: StepResult) -> None:
        """Nothing is said of it."""

    def ended(self, result: Result) -> None:
        self.done += 1
        _say(finished(result, self.done, self.tasks))

    def remark(self, task: Task, text: str) -> None:
        _say("\n".join(f"{task.name}: {line}" for line in text.splitlines()))

    def interrupted(self, number: int) -> None:
        _say(stopping(number))

    def tick(self) -> None:
        """Nothing changes by itself."""


@dataclass
class _Current:
    task: Task
    begun: float
    text: str = "begins"
    steps: int = 0


@dataclass
class Screen:
    """The lines of `Lines`, and below them what is under way, by Rich, without a thread."""

    tasks: int
    live: Live
    done: int = 0
    wrong: int = 0
    current: dict[str, _Current] = field(default_factory=dict)
    """By the lab's name."""
    updated: float = 0.0

    def began(self, task: Task) -> None:
        self.current[task.plan.lab] = _Current(task, time.monotonic())

    def phase(self, task: Task, text: str) -> None:
        self.current[task.plan.lab].text = text

    def step(self, task: Task, step: StepResult) -> None:
        if step.state == SKIPPED:
            return
        current = self.current[task.plan.lab]
        current.steps += 1
        current.text = f"{current.steps}/{len(task.variant.scenario.steps)} {step.text}"

    def ended(self, result: Result) -> None:
        from rich.text import Text

        del self.current[result.task.plan.lab]
        self.done += 1
        self.wrong += result.state not in (PASSED, NOT_RUN)
        style = MARKS.get(result.state, OTHER_MARK)
        text = Text(finished(result, self.done, self.tasks))
        text.highlight_words([result.state], style=style)
        self.live.console.print(text)

    def remark(self, task: Task, text: str) -> None:
        from rich.text import Text

        self.live.console.print(Text(f"{task.name}: {text}"))

    def interrupted(self, number: int) -> None:
        from rich.text import Text

        self.live.console.print(Text(stopping(number)))

    def tick(self) -> None:
        now = time.monotonic()
        if now - self.updated >= REFRESH:
            self.updated = now
            self.live.update(self._shown(), refresh=True)

    def _shown(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        grid = Table.grid()
        grid.add_column(no_wrap=True, overflow="ellipsis")
        for current in self.current.values():
            seconds = f"{now - current.begun:5.1f} s"
            grid.add_row(Text(f"{seconds}  {current.task.name}  {current.text}"))
        wrong = f", {self.wrong} not passed" if self.wrong else ""
        grid.add_row(f"{self.done} of {self.tasks} done{wrong}")
        return grid


def finished(result: Result, done: int, tasks: int) -> str:
    """``[ 3/12] passed  labs/dr.yaml::director-dies  2.1 s``."""
    wall = f"  {result.wall:.1f} s" if result.wall else ""
    return f"[{done:>{len(str(tasks))}}/{tasks}] {result.state:<7} {result.task.name}{wall}"


def stopping(number: int) -> str:
    """What is said when a signal ends the run."""
    import signal

    what = "interrupted" if number == signal.SIGINT else f"told to end by signal {number}"
    return f"{what}: taking the labs down; once more kills them"


@contextmanager
def shown(tasks: int) -> Iterator[Audience]:
    """Who shows the progress of so many tasks, on a terminal or into a file."""
    if not sys.stderr.isatty():
        yield Lines(tasks)
        return
    from rich.console import Console
    from rich.live import Live

    console: Console = Console(stderr=True, highlight=False)
    # By itself Rich would start a thread, beside which nothing may be forked.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Screen(tasks, live)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
