"""Faults of what runs in a node: processes that are killed, and daemons started again."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lvsnet.engine import deploy, files, ready
from lvsnet.engine.runtime import Runtime, find
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Killed
from lvsnet.plan.model import Daemon, Plan
from lvsnet.progress import Report

DEADLINE = 5.0
"""Seconds in which the kernel ends what was killed."""
COMMAND_SIZE = 15
"""Bytes that the kernel keeps of a process's name: TASK_COMM_LEN without the final zero."""


@dataclass(frozen=True)
class Process:
    """As this process's kernel counts it."""

    pid: int
    name: str
    """Of its comm (proc_pid_comm(5))."""


def kill(fault: Killed, plan: Plan, runtime: Runtime) -> None:
    """SIGKILL for all processes of that name in the node; none of them says goodbye.

    One of keepalived's children is told by SIGTERM when its parent dies, and would then give up
    its VIPs in order. So all of them are stopped before the first is killed.

    Raises:
        LvsnetError: none is of that name, or one does not end.
    """
    init = _init(fault.node, plan, runtime)
    daemon = _daemon(fault, plan)
    with ExitStack() as stack:
        caught: dict[int, int] = {}
        while new := [one for one in _named(fault.process, init) if one.pid not in caught]:
            for one in new:
                with suppress(ProcessLookupError):
                    pidfd = os.pidfd_open(one.pid)
                    stack.callback(os.close, pidfd)
                    caught[one.pid] = pidfd
                    signal.pidfd_send_signal(pidfd, signal.SIGSTOP)
        for pidfd in caught.values():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        if daemon is not None and runtime.alive(plan.lab, fault.node, daemon.name):
            # Its name is the lab's for it; what it runs has another.
            runtime.signal(plan.lab, fault.node, daemon.name, signal.SIGKILL)
        elif not caught:
            raise _nobody(fault, init)
        _await_end(fault, plan, daemon, caught.values(), runtime)


def revive(fault: Killed, plan: Plan, runtime: Runtime, report: Report) -> None:
    """Start a daemon of the plan's again, and return when it is ready.

    Raises:
        LvsnetError: its last lines, when it is not.
    """
    node = find(plan, fault.node)
    init = _init(fault.node, plan, runtime)
    daemon = _daemon(fault, plan)
    if daemon is None:
        raise LvsnetError(f"{fault.node} has no daemon {fault.process} of its lab file's")
    if runtime.alive(plan.lab, fault.node, daemon.name):
        return
    if daemon.pid_file:
        # One that was killed has left it, and the next one seems ready by it.
        files.inside(Path(f"/proc/{init}/root"), daemon.pid_file).unlink(missing_ok=True)
    only = replace(node, daemons=(daemon,))
    deploy.start_daemons(plan, [only], daemon.stage, {node.name: init}, runtime, report)


def is_dead(fault: Killed, plan: Plan, runtime: Runtime) -> bool:
    """Whether a daemon that was killed still does not run."""
    return not runtime.alive(plan.lab, fault.node, fault.process)


def is_daemon(fault: Killed, plan: Plan) -> bool:
    """Whether it can be started again."""
    return _daemon(fault, plan) is not None


def _daemon(fault: Killed, plan: Plan) -> Daemon | None:
    for daemon in find(plan, fault.node).daemons:
        if daemon.name == fault.process:
            return daemon
    return None


def _init(node: str, plan: Plan, runtime: Runtime) -> int:
    inits = runtime.inits(plan.lab)
    if node not in inits:
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    return inits[node]


def _named(name: str, init: int) -> list[Process]:
    wanted = name.encode()[:COMMAND_SIZE].decode(errors="ignore")
    return [one for one in _inside(init) if one.name == wanted]


def _inside(init: int) -> Iterator[Process]:
    """The processes of an init's process namespace that live, without the init.

    Nor what that was told to start, so that a node has something to run: `tini -- sleep infinity`.
    """
    namespace = Path(f"/proc/{init}/ns/pid").readlink()
    idle = Path(f"/proc/{init}/cmdline").read_bytes().partition(b"\0")[2].removeprefix(b"--\0")
    for directory in Path("/proc").glob("[0-9]*"):
        pid = int(directory.name)
        # One that this process may not look at is of somebody who has more rights than a node.
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if pid == init or (directory / "ns/pid").readlink() != namespace:
                continue
            if ready.runs(pid) and (directory / "cmdline").read_bytes() != idle:
                yield Process(pid, (directory / "comm").read_text().removesuffix("\n"))


def _nobody(fault: Killed, init: int) -> LvsnetError:
    names = sorted({one.name for one in _inside(init)})
    there = f"it runs {', '.join(names)}" if names else "it runs nothing but its init"
    return LvsnetError(f"{fault.node} runs no process {fault.process}; {there}")


def _await_end(
    fault: Killed, plan: Plan, daemon: Daemon | None, pidfds: Collection[int], runtime: Runtime
) -> None:
    """Until none of these runs, nor the daemon, if it is one."""
    until = time.monotonic() + DEADLINE
    for pidfd in pidfds:
        gone = select.poll()
        gone.register(pidfd, select.POLLIN)
        if not gone.poll(max(0.0, until - time.monotonic()) * 1000):
            raise _endless(fault)
    while daemon is not None and runtime.alive(plan.lab, fault.node, daemon.name):
        if time.monotonic() > until:
            raise _endless(fault)
        time.sleep(ready.INTERVAL)


def _endless(fault: Killed) -> LvsnetError:
    return LvsnetError(
        f"{fault.node}: {fault.process} does not end, {DEADLINE:.0f} s after it was killed"
    )
