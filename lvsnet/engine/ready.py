"""When a daemon is ready, seen from outside its container."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import files
from lvsnet.plan.model import Daemon

DEADLINE = 15.0
"""Seconds from a daemon's start until it must be ready; on an idle machine it takes 0.1 s."""
SURVIVAL = 0.5
"""Seconds that a daemon must live of which nothing is known but that it runs."""
INTERVAL = 0.01
LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)."""
PF_EXITING = 0x4
"""Of include/linux/sched.h."""


@dataclass(frozen=True)
class Started:
    """A daemon that was started in a node."""

    node: str
    daemon: Daemon
    pid: int
    init: int
    """Process id of the node's init."""


def wait(started: list[Started], failed: Callable[[Started, str], None]) -> None:
    """Return when all daemons are ready; call ``failed``, which must raise, for one that is not."""
    begun = time.monotonic()
    waiting = list(started)
    while waiting:
        passed = time.monotonic() - begun
        for one in list(waiting):
            missing = lacks(one, passed)
            if not runs(one.pid):
                failed(one, "ended at once")
            elif not missing:
                waiting.remove(one)
            elif passed > DEADLINE:
                failed(one, f"is not ready after {DEADLINE:.0f} s: {missing}")
        if waiting:
            time.sleep(INTERVAL)


def lacks(one: Started, passed: float) -> str:
    """What a daemon lacks to be ready ``passed`` seconds after its start; empty if nothing."""
    if not one.daemon.listens and not one.daemon.pid_file and passed < SURVIVAL:
        return "it has hardly begun"
    silent = [port for port in one.daemon.listens if port not in listening(one.init)]
    if silent:
        return "it does not listen on TCP port " + ", ".join(map(str, silent))
    if one.daemon.pid_file:
        path = files.inside(Path(f"/proc/{one.init}/root"), one.daemon.pid_file)
        if not path.exists() or not path.read_text().strip():
            return f"there is no {one.daemon.pid_file}"
    return ""


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def ends(pid: int) -> bool:
    """Whether a process is gone, or so far on its way that the kernel ends what it is init of.

    By PF_EXITING of proc_pid_stat(5)'s flags, set before that (do_exit() of kernel/exit.c).
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    state, _, _, _, _, _, flags, *_ = status.rpartition(")")[2].split()
    return state in "ZX" or bool(int(flags) & PF_EXITING)


def stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal (T of proc_pid_stat(5)) and has not gone on."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] == "T"


def listening(init: int) -> set[int]:
    """TCP ports that somebody listens on in the network namespace of process ``init``."""
    ports = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{init}/net/{table}").read_text().splitlines()[1:]
        except FileNotFoundError:
            continue  # a kernel without IPv6
        for line in lines:
            _, local, _, state, *_ = line.split()
            if state == LISTEN:
                ports.add(int(local.rpartition(":")[2], 16))
    return ports
