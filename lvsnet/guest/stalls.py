"""A guest in virtual time whose clock stands still because a process never sleeps.

Its kernel is alive, and so is its management console (mconsole), by which it can be asked what it
runs; and every address space in it is a process of the host's, of which one has the processor.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

REQUEST = struct.Struct("=III512s")
"""struct mconsole_request of arch/um/drivers/mconsole.h: magic, version, length, command."""
MAGIC, VERSION = 0xCAFEBABE, 2
COMMANDS = ("sysrq 9", "sysrq p")
"""The loudest level, or else what the second one says would not be told."""
ANSWER_S = 1.0
"""Seconds for the kernel to answer; it takes a millisecond."""
LOOK_S = 0.01
NEARLY = 0.9
READ_SIZE = 64 * 1024
RUNNING = re.compile(r"^Pid: (\d+), comm: (.*?) (?:Not tainted|Tainted)", re.MULTILINE)


def running(mconsole: Path, console: int) -> str:
    """What the guest runs, as ``python3 (process 123)``; ``a process`` if it does not say.

    ``mconsole`` is the socket of its management console, and ``console`` the file, open, to which
    its kernel writes.
    """
    before = os.fstat(console).st_size
    try:
        _ask(mconsole, COMMANDS)
    except OSError:
        return "a process"
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline:
        text = os.pread(console, READ_SIZE, before).decode(errors="replace")
        if found := RUNNING.search(text):
            return f"{found[2]} (process {found[1]})"
        time.sleep(LOOK_S)
    return "a process"


def nudge(mconsole: Path) -> None:
    """Have the guest's agent stop what runs, so that the guest idles soon (``mconsole_cad``).

    A guest that has just ended, or does not listen, is left alone.
    """
    with suppress(OSError):
        _ask(mconsole, ("cad",))


def work(guest: int) -> dict[int, int]:
    """What each address space in the guest has taken of the processor: nanoseconds by process."""
    return {pid: _taken(pid) for pid in _children(guest)}


def alone(before: Mapping[int, int], after: Mapping[int, int]) -> bool:
    """Whether of all that ran between two answers of `work` nearly all was one process.

    A guest in which processes come and go, or wait for one another, gets on with its work, though
    its clock stands still.
    """
    ran = [taken - before.get(pid, 0) for pid, taken in after.items()]
    return before.keys() <= after.keys() and max(ran, default=0) > NEARLY * sum(ran)


def kill(guest: int) -> bool:
    """Kill what the guest of this process id runs; whether there was something.

    The guest's kernel ends the process whose address space that was.
    """
    for pid in _children(guest):
        if _state(pid) == "R":
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
    return False


def _ask(mconsole: Path, commands: Sequence[str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(ANSWER_S)
        end.connect(str(mconsole))
        for command in commands:
            end.send(REQUEST.pack(MAGIC, VERSION, len(command), command.encode()))


def _taken(pid: int) -> int:
    """Nanoseconds (Documentation/scheduler/sched-stats.rst); 0 if it has gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return 0


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _state(pid: int) -> str:
    """One letter (proc_pid_stat(5)); empty if it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
