"""Several tasks at once, each in a worker of its own, until all are done or somebody ends it."""

from __future__ import annotations

import os
import select
import selectors
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

from lvsnet.scenario.result import StepResult
from lvsnet.signals import waking
from lvsnet.testing import worker
from lvsnet.testing.model import (
    ERROR,
    FAILED,
    NOT_RUN,
    PASSED,
    Broken,
    Deployed,
    Kept,
    Message,
    Phase,
    Ran,
    Result,
    Task,
)

TICK = 0.2
"""Seconds between two looks at who shows the progress."""
PATIENCE = 20.0
"""Seconds that workers have to take their labs down when they are told to; then they are killed,
and their labs with them."""
READ_SIZE = 256 * 1024
MOST_SAID = 16 * 1024
"""Bytes of what a worker says on its standard error that are kept, the last ones."""


class Audience(Protocol):
    """Who is told how it goes."""

    def began(self, task: Task) -> None:
        """A worker has begun with a task."""

    def phase(self, task: Task, text: str) -> None:
        """What a worker does now."""

    def step(self, task: Task, step: StepResult) -> None:
        """A step of a scenario has ended."""

    def ended(self, result: Result) -> None:
        """A task is done, and its lab is gone unless it is kept."""

    def remark(self, task: Task, text: str) -> None:
        """A worker said something beside."""

    def interrupted(self, number: int) -> None:
        """A signal ends the run: the labs are being torn down."""

    def tick(self) -> None:
        """Some time has passed."""


@dataclass(frozen=True)
class Run:
    """What came of tasks."""

    results: tuple[Result, ...]
    """In the order of the tasks."""
    signal: int
    """Which one ended the run; 0 for none."""


@dataclass
class _Running:
    task: Task
    born: worker.Born
    slot: int
    begun: float
    pending: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    ran: Ran | None = None
    deployed: Deployed | None = None
    kept: str = ""
    broken: str = ""


@dataclass
class _State:
    tasks: Sequence[Task]
    work: worker.Work
    slots: Sequence[frozenset[int]]
    audience: Audience
    selector: selectors.BaseSelector
    running: dict[int, _Running] = field(default_factory=dict)
    """By place in ``tasks``."""
    results: dict[int, Result] = field(default_factory=dict)
    next: int = 0
    interrupted: bool = False
    """Whether workers were told to end."""


def slots(allowed: Sequence[int], count: int) -> list[frozenset[int]]:
    """Processors for each of ``count`` workers, evenly; a worker has one when there are fewer."""
    order = sorted(allowed)
    if count >= len(order):
        return [frozenset({order[number % len(order)]}) for number in range(count)]
    return [frozenset(order[number::count]) for number in range(count)]


def run(
    tasks: Sequence[Task],
    work: worker.Work,
    slots: Sequence[frozenset[int]],
    audience: Audience,
    *,
    fail_fast: bool,
) -> Run:
    """Run tasks, one in each slot at once. Forks: no thread may run in this process.

    With ``fail_fast`` no further one is begun once one has not passed. SIGINT, SIGTERM and SIGHUP
    end the run: workers are told to take their labs down, and the tasks that they had are `NOT_RUN`
    as those are that had not begun; a second signal kills the workers, with which their labs end.
    """
    with selectors.DefaultSelector() as selector, _told() as (told, woken):
        selector.register(woken, selectors.EVENT_READ)
        state = _State(tasks, work, slots, audience, selector)
        try:
            _work_off(state, told, woken, fail_fast=fail_fast)
        finally:
            for one in state.running.values():  # of a failure of this process's own
                worker.end(one.born, signal.SIGKILL)
    results = tuple(
        state.results.get(place, Result(task, NOT_RUN)) for place, task in enumerate(tasks)
    )
    return Run(results, told[0] if told else 0)


def _work_off(state: _State, told: Sequence[int], woken: int, *, fail_fast: bool) -> None:
    heeded = 0
    deadline = float("inf")
    stopping = False
    while state.running or (state.next < len(state.tasks) and not stopping):
        if not stopping:
            _fill(state)
        for key, _events in state.selector.select(TICK):
            if key.fd == woken:
                with suppress(BlockingIOError):
                    os.read(woken, READ_SIZE)
            elif key.data in state.running:
                _serve(state, key.data, key.fd)
        state.audience.tick()
        if told and not heeded:
            heeded, stopping, state.interrupted = 1, True, True
            deadline = time.monotonic() + PATIENCE
            state.audience.interrupted(told[0])
            _end_all(state, signal.SIGTERM)
        elif len(told) > heeded:
            heeded = len(told)
            _end_all(state, signal.SIGKILL)
        if time.monotonic() > deadline:
            _end_all(state, signal.SIGKILL)
            deadline = float("inf")
        if fail_fast and any(one.state in (FAILED, ERROR) for one in state.results.values()):
            stopping = True


def _fill(state: _State) -> None:
    """Begin with as many tasks as there are slots free."""
    taken = {one.slot for one in state.running.values()}
    free = [slot for slot in range(len(state.slots)) if slot not in taken]
    for slot in free[: len(state.tasks) - state.next]:
        place, task = state.next, state.tasks[state.next]
        state.next += 1
        begun = time.monotonic()
        born = worker.begin(task, state.work, state.slots[slot])
        state.running[place] = _Running(task, born, slot, begun)
        for fd in (born.told, born.said, born.pidfd):
            state.selector.register(fd, selectors.EVENT_READ, place)
        state.audience.began(task)


def _serve(state: _State, place: int, fd: int) -> None:
    one = state.running[place]
    if fd == one.born.pidfd:
        _finish(state, place)
    elif not _read(state, one, fd):
        state.selector.unregister(fd)


def _read(state: _State, one: _Running, fd: int) -> bool:
    """Take what can be read of a pipe; whether there may be more later."""
    try:
        content = os.read(fd, READ_SIZE)
    except BlockingIOError:
        return True
    if fd == one.born.said:
        one.said += content
        del one.said[:-MOST_SAID]
    else:
        one.pending += content
        for message in worker.messages(one.pending):
            _hear(state, one, message)
    return bool(content)


def _hear(state: _State, one: _Running, message: Message) -> None:
    match message:
        case Phase(text):
            state.audience.phase(one.task, text)
        case StepResult():
            state.audience.step(one.task, message)
        case Deployed():
            one.deployed = message
        case Ran():
            one.ran = message
        case Kept(lab):
            one.kept = lab
        case Broken(words):
            one.broken = "\n".join(filter(None, (one.broken, words)))


def _finish(state: _State, place: int) -> None:
    """A worker has ended: take what is left in its pipes, and say what came of its task."""
    one = state.running.pop(place)
    born = one.born
    for fd in (born.told, born.said):
        # What the worker had begun may have the other end still: only what is there now counts.
        while select.select([fd], [], [], 0)[0] and _read(state, one, fd):
            pass
    _pid, status = os.waitpid(born.pid, 0)
    for fd in (born.told, born.said, born.pidfd):
        if fd in state.selector.get_map():
            state.selector.unregister(fd)
        os.close(fd)
    result = _result(one, os.waitstatus_to_exitcode(status), interrupted=state.interrupted)
    said = one.said.decode(errors="replace").strip()
    if said and result.state != ERROR:
        state.audience.remark(one.task, said)
    state.results[place] = result
    state.audience.ended(result)


def _result(one: _Running, code: int, *, interrupted: bool) -> Result:
    outcome = one.ran.outcome if one.ran is not None else None
    error = one.broken
    if code and interrupted:
        error, state = "", NOT_RUN if outcome is None else _state_of(outcome.passed)
    elif code or error or outcome is None:
        said = one.said.decode(errors="replace").strip()
        error, state = error or _death(code, said), ERROR
    else:
        state = _state_of(outcome.passed)
    wall = time.monotonic() - one.begun
    return Result(one.task, state, wall, outcome, one.deployed, error, one.kept)


def _state_of(passed: bool) -> str:
    return PASSED if passed else FAILED


def _death(code: int, said: str) -> str:
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return "\n".join(filter(None, (f"the process that ran it {how}", said)))


def _end_all(state: _State, number: int) -> None:
    for one in state.running.values():
        worker.end(one.born, number)


@contextmanager
def _told() -> Iterator[tuple[list[int], int]]:
    """The signals that came, as they come, and a file descriptor that can be read then."""
    told: list[int] = []

    def note(number: int, _stack: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.getsignal(number) for number in worker.ENDINGS}
    with waking() as woken:
        try:
            for number in worker.ENDINGS:
                if before[number] is not signal.SIG_IGN:  # as nohup(1) has it
                    signal.signal(number, note)
            yield told, woken
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
