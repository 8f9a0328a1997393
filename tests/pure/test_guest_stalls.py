"""Whether one process alone keeps a guest from idling, told by its processes on the host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lvsnet.guest import stalls

SPIN = "while True: pass"
LONG = 60.0


@contextmanager
def parent(programs: list[str]) -> Iterator[int]:
    """A process whose children run these."""
    code = (
        "import os, sys, time\n"
        "for one in sys.argv[1:]:\n"
        "    if not os.fork():\n"
        "        exec(one)\n"
        f"time.sleep({LONG})\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *programs], start_new_session=True
    ) as process:
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, 9)


def until_they_run(pid: int, count: int, least: int) -> dict[int, int]:
    """`stalls.work`, once so many have each taken that many nanoseconds."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        found = stalls.work(pid)
        if sum(taken >= least for taken in found.values()) >= count:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{count} processes below {pid}: {stalls.work(pid)}")


def test_one_that_spins_beside_those_that_sleep_is_alone() -> None:
    with parent([SPIN, f"time.sleep({LONG})"]) as pid:
        until_they_run(pid, 2, 1)
        before = until_they_run(pid, 1, 10**8)
        after = until_they_run(pid, 1, 10**8 + before[max(before, key=lambda one: before[one])])
        assert stalls.alone(before, after)


def test_two_that_spin_are_not() -> None:
    with parent([SPIN, SPIN]) as pid:
        before = until_they_run(pid, 2, 10**8)
        after = until_they_run(pid, 2, 10**8 + max(before.values()))
        assert not stalls.alone(before, after)


@pytest.mark.parametrize(
    ("before", "after", "alone"),
    [
        ({1: 5, 2: 10}, {1: 5, 2: 1010}, True),
        ({1: 5, 2: 10}, {1: 55, 2: 1010}, True),
        ({1: 5, 2: 10}, {1: 205, 2: 1010}, False),
        ({1: 5, 2: 10}, {1: 5, 2: 10, 3: 1000}, True),
        ({1: 5, 2: 10, 3: 700}, {1: 5, 2: 1010}, False),
        ({1: 5}, {1: 5}, False),
        ({}, {}, False),
    ],
    ids=["one", "nearly", "two", "a new one", "one has ended", "none", "nothing"],
)
def test_what_one_process_alone_is(
    before: dict[int, int], after: dict[int, int], *, alone: bool
) -> None:
    assert stalls.alone(before, after) is alone


def test_a_guest_that_has_gone_does_nothing() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert stalls.work(process.pid) == {}
    stalls.nudge(Path("/nowhere/mconsole"))
