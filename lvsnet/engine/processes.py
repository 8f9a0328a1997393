"""The processes that this machine runs, as /proc tells of them (proc(5))."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def parent(pid: int) -> int:
    """0 if it has gone."""
    try:
        status = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(status.rpartition(")")[2].split()[1])


def parents() -> dict[int, int]:
    """The parent of each process that has one.

    ``/proc/PID/task/TID/children`` would tell, but of the kernels of guests not each has it
    (CONFIG_PROC_CHILDREN).
    """
    return {pid: found for pid in _all() if (found := parent(pid))}


def with_argument(argument: str) -> list[int]:
    """The processes in whose command line this is an argument."""
    found = []
    for pid in _all():
        with suppress(FileNotFoundError, ProcessLookupError):
            if argument.encode() in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _all() -> list[int]:
    return [int(path.name) for path in PROC.iterdir() if path.name.isdecimal()]
