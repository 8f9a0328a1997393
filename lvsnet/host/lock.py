"""One lock for each lab on this machine's kernel: whoever changes a lab holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.host.state import state_directory


@contextmanager
def held(lab: str) -> Iterator[None]:
    """Hold a lab's lock; the kernel drops it with the last process that has it.

    Raises:
        LvsnetError: somebody else holds it.
    """
    fd = _take(lab)
    try:
        yield
    finally:
        # Before it is given back, so that nobody holds a lock on a file that is no more.
        path_of(lab).unlink(missing_ok=True)
        os.close(fd)


def path_of(lab: str) -> Path:
    return state_directory() / "locks" / f"{lab}.lock"


def _take(lab: str) -> int:
    path = path_of(lab)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise LvsnetError(
                f"lab {lab} is just being deployed, changed or destroyed by another lvsnet"
            ) from error
        # Its last holder may have removed the file between our open and our lock.
        try:
            if os.path.samestat(path.stat(), os.fstat(fd)):
                return fd
        except FileNotFoundError:
            pass
        os.close(fd)
