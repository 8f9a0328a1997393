"""A node whose init was killed is seen to end, also while that waits for the last of its children.

What `crun exec` runs in a node has its parent outside, and the init ends only once that has reaped
it (zap_pid_ns_processes() of kernel/pid_namespace.c).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from lvsnet.engine import ready

WITHIN_S = 20.0
ENTERS = """
import os, sys, time
from lvsnet.engine.syscalls import setns
CLONE_NEWPID = 0x20000000
setns(os.open(f"/proc/{sys.argv[1]}/ns/pid", os.O_RDONLY), CLONE_NEWPID)
if os.fork() == 0:
    os.execvp("sleep", ["sleep", "100"])
print("there", flush=True)
time.sleep(100)
"""
"""Runs a program in another process's namespace of processes, and does not reap it."""


def _only_child(pid: int) -> int:
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            if children := file.read().split():
                return int(children[0])
        time.sleep(0.01)
    raise AssertionError(f"{pid} has no child")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a namespace of processes")
def test_an_init_that_waits_for_its_last_child_ends() -> None:
    with (
        subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "sleep", "100"]) as node,
        subprocess.Popen(
            [sys.executable, "-c", ENTERS, str(init := _only_child(node.pid))],
            stdout=subprocess.PIPE,
        ) as outside,
    ):
        try:
            assert outside.stdout is not None
            outside.stdout.readline()
            assert not ready.ends(init)
            program = _only_child(outside.pid)
            os.kill(init, signal.SIGKILL)
            until = time.monotonic() + WITHIN_S
            while ready.runs(program):
                assert time.monotonic() < until
                time.sleep(0.001)
            assert ready.runs(init)  # it waits for one that nobody has reaped
            assert ready.ends(init)
        finally:
            outside.kill()
            node.kill()


def test_one_that_is_gone_has_ended_and_one_that_runs_has_not() -> None:
    process = subprocess.Popen(["sleep", "100"])
    assert not ready.ends(process.pid)
    process.kill()
    process.wait(WITHIN_S)
    assert ready.ends(process.pid)
