"""Tasks in workers: real processes that do next to nothing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from testing_samples import outcome, step, task

from lvsnet.scenario.result import PASSED as STEP_PASSED
from lvsnet.scenario.result import StepResult
from lvsnet.testing.jobs import Run, run, slots
from lvsnet.testing.model import (
    ERROR,
    FAILED,
    NOT_RUN,
    PASSED,
    Broken,
    Kept,
    Phase,
    Ran,
    Result,
    Task,
)
from lvsnet.testing.worker import Tell

HERE = frozenset(os.sched_getaffinity(0))
LONG = 60.0
"""Seconds for which a worker sleeps that is to be ended."""


@dataclass
class Heard:
    """What an audience was told, as words."""

    words: list[str] = field(default_factory=list)
    at: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Something to do when words are heard."""

    def hear(self, words: str) -> None:
        self.words.append(words)
        self.at.get(words, lambda: None)()

    def began(self, task: Task) -> None:
        self.hear(f"began {task.plan.lab}")

    def phase(self, task: Task, text: str) -> None:
        self.hear(f"{task.plan.lab} {text}")

    def step(self, task: Task, step: StepResult) -> None:
        self.hear(f"{task.plan.lab} step {step.state}")

    def ended(self, result: Result) -> None:
        self.hear(f"{result.state} {result.task.plan.lab}")

    def remark(self, task: Task, text: str) -> None:
        self.hear(f"{task.plan.lab} said {text}")

    def interrupted(self, number: int) -> None:
        self.hear(f"signal {number}")

    def tick(self) -> None:
        """Nothing to note."""


def work(one: Task, tell: Tell) -> None:
    """As its lab's name says."""
    kind = one.plan.lab
    tell(Phase("begins"))
    if "sleeps" in kind:
        time.sleep(LONG)
    if "dies" in kind:
        os.kill(os.getpid(), signal.SIGKILL)
    if "raises" in kind:
        raise OSError("an error of the program's own")
    if "broken" in kind:
        tell(Broken("nginx01: no such image"))
        return
    if "speaks" in kind:
        sys.stderr.write("the kernel is old\n")
    tell(step(STEP_PASSED))
    tell(Ran(outcome(passed="fails" not in kind)))
    if "kept" in kind:
        tell(Kept(kind))


def runs(*labs: str, at_once: int = 1, fail_fast: bool = False, heard: Heard | None = None) -> Run:
    return run(
        [task(lab=lab) for lab in labs], work, [HERE] * at_once, heard or Heard(),
        fail_fast=fail_fast,
    )  # fmt: skip


def states(done: Run) -> list[str]:
    return [one.state for one in done.results]


def test_results_come_in_the_order_of_the_tasks() -> None:
    heard = Heard()
    done = runs("passes", "fails", "broken", "passes-kept", at_once=3, heard=heard)
    assert states(done) == [PASSED, FAILED, ERROR, PASSED]
    assert done.results[2].error == "nginx01: no such image"
    assert [one.kept for one in done.results] == ["", "", "", "passes-kept"]
    assert done.results[0].outcome == outcome(passed=True)
    assert done.results[0].wall > 0
    assert "passes step passed" in heard.words
    assert not done.signal


def test_no_more_run_at_once_than_there_are_slots() -> None:
    heard = Heard()
    runs("a", "b", "c", at_once=1, heard=heard)
    assert [one for one in heard.words if one.split()[0] in ("began", "passed")] == [
        f"{what} {lab}" for lab in "abc" for what in ("began", "passed")
    ]


def test_a_worker_that_dies_is_an_error_of_its_task_only() -> None:
    done = runs("dies", "raises", "passes")
    assert states(done) == [ERROR, ERROR, PASSED]
    assert done.results[0].error == "the process that ran it was killed by signal 9"
    assert "an error of the program's own" in done.results[1].error


def test_what_a_worker_says_beside_is_a_remark() -> None:
    heard = Heard()
    assert states(runs("speaks", heard=heard)) == [PASSED]
    assert "speaks said the kernel is old" in heard.words


def test_nothing_is_begun_after_a_failure_when_that_is_wished() -> None:
    assert states(runs("passes", "fails", "passes", fail_fast=True)) == [PASSED, FAILED, NOT_RUN]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_workers_and_what_was_done_is_told(number: signal.Signals) -> None:
    heard = Heard()
    heard.at["sleeps begins"] = lambda: os.kill(os.getpid(), number)
    begun = time.monotonic()
    done = runs("passes", "sleeps", "passes", heard=heard)
    assert states(done) == [PASSED, NOT_RUN, NOT_RUN]
    assert done.signal == number
    assert f"signal {number.value}" in heard.words
    assert time.monotonic() - begun < LONG / 2


def test_a_second_signal_kills_a_worker_that_does_not_end() -> None:
    def stubborn(_task: Task, tell: Tell) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        tell(Phase("begins"))
        time.sleep(LONG)

    heard = Heard()
    heard.at["stubborn begins"] = lambda: os.kill(os.getpid(), signal.SIGINT)
    heard.at["signal 2"] = lambda: os.kill(os.getpid(), signal.SIGINT)
    begun = time.monotonic()
    done = run([task(lab="stubborn")], stubborn, [HERE], heard, fail_fast=False)
    assert states(done) == [NOT_RUN]
    assert time.monotonic() - begun < LONG / 2


def test_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    runs("passes")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_worker_dies_with_its_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def noted(_task: Task, tell: Tell) -> None:
        note.write_text(str(os.getpid()))
        tell(Phase("begins"))
        time.sleep(LONG)

    parent = os.fork()
    if parent == 0:
        heard = Heard()
        heard.at["orphan begins"] = lambda: os.kill(os.getpid(), signal.SIGKILL)
        try:
            run([task(lab="orphan")], noted, [HERE], heard, fail_fast=False)
        finally:
            os._exit(1)
    os.waitpid(parent, 0)
    pid = int(note.read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        assert time.monotonic() < until, "the worker outlives its parent"
        os.sched_yield()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "Z"


@pytest.mark.parametrize(
    ("allowed", "count", "shares"),
    [
        ([0, 1], 2, [{0}, {1}]),
        ([0, 1], 1, [{0, 1}]),
        ([2, 5], 3, [{2}, {5}, {2}]),
        ([0, 1, 2, 3], 2, [{0, 2}, {1, 3}]),
        ([0, 1, 2], 2, [{0, 2}, {1}]),
    ],
)
def test_workers_share_the_processors(
    allowed: list[int], count: int, shares: list[set[int]]
) -> None:
    assert slots(allowed, count) == shares
