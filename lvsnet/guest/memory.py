"""Where the guest's memory is kept: UML takes it from an unlinked file that it maps executable."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lvsnet.errors import LvsnetError

DEFAULT = "512M"
"""Of a guest; taken as it is used, so what a small lab does not need costs nothing."""
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def size(memory: str) -> int:
    """Bytes of a size as the kernel's mem= takes it.

    Raises:
        LvsnetError: it is none.
    """
    match = re.fullmatch(r"(\d+)([KMG]?)", memory)
    if match is None:
        raise LvsnetError(f"{memory!r} is no size of memory; write 512M or 1G")
    return int(match[1]) * UNITS[match[2]]


def directory(memory: str, last_resort: Path) -> Path:
    """The first of /dev/shm, TMPDIR, /tmp and ``last_resort`` that has room and allows execution.

    In a container /dev/shm often has 64 MB; a guest that uses them up panics.

    Raises:
        LvsnetError: none has.
    """
    wanted = size(memory)
    tried = []
    candidates = ["/dev/shm", os.environ.get("TMPDIR", ""), "/tmp", str(last_resort)]
    for candidate in filter(None, candidates):
        path = Path(candidate)
        if not path.is_dir() or not os.access(path, os.W_OK):
            tried.append(f"{candidate}: not a directory to write to")
            continue
        status = os.statvfs(path)
        free = status.f_bavail * status.f_frsize
        if status.f_flag & os.ST_NOEXEC:
            tried.append(f"{candidate}: mounted noexec")
        elif free < wanted:
            tried.append(f"{candidate}: {free // 2**20} MB free")
        else:
            return path
    raise LvsnetError(
        f"there is no place for the guest's memory of {memory}: {'; '.join(tried)}. "
        "Set TMPDIR to a directory with room on a file system that is not mounted noexec."
    )
