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
READ_SIZE = 64 * 1024
RUNNING = re.compile(r"^Pid: (\d+), comm: (.*?) (?:Not tainted|Tainted)", re.MULTILINE)


def running(mconsole: Path, console: int) -> str:
    """What the guest runs, as ``python3 (process 123)``; ``a process`` if it does not say.

    ``mconsole`` is the socket of its management console, and ``console`` the file, open, to which
    its kernel writes.
    """
    before = os.fstat(console).st_size
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.settimeout(ANSWER_S)
            end.connect(str(mconsole))
            for command in COMMANDS:
                end.send(REQUEST.pack(MAGIC, VERSION, len(command), command.encode()))
    except OSError:
        return "a process"
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline:
        text = os.pread(console, READ_SIZE, before).decode(errors="replace")
        if found := RUNNING.search(text):
            return f"{found[2]} (process {found[1]})"
        time.sleep(LOOK_S)
    return "a process"


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
