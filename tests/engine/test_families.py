"""A program is killed with all that it has started, on this machine's kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from lvsnet.guest import process

ROUNDS = 30
CHILD = "sleep 48213"


def children() -> list[str]:
    """Process ids of the children, with those of families that were killed before."""
    found = subprocess.run(["pgrep", "-f", f"^{CHILD}$"], capture_output=True, text=True)
    return found.stdout.split()


def test_a_shell_begins_nothing_while_its_family_is_killed() -> None:
    for _ in range(ROUNDS):
        shell = subprocess.Popen(["sh", "-c", f"while :; do {CHILD}; done"])
        try:
            until = time.monotonic() + 10
            while not children():
                assert time.monotonic() < until, "the shell has no child"
        finally:
            process.end(shell.pid)
            shell.wait(10)
        assert children() == []


def test_all_are_stopped_before_one_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that was begun between two looks; 1001 is gone by itself."""
    looks = iter([[1001, 1002], [1002, 1003], [1002, 1003]])
    sent: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        sent.append((pid, number))
        if pid == 1001:
            raise ProcessLookupError

    monkeypatch.setattr(process, "descendants", lambda _pid: next(looks))
    monkeypatch.setattr(os, "kill", kill)
    process.end(1000)
    numbers = [number for _, number in sent]
    assert numbers == [signal.SIGSTOP] * 4 + [signal.SIGKILL] * 4
    assert {pid for pid, number in sent if number == signal.SIGKILL} == {1000, 1001, 1002, 1003}
