"""Being told that files were written to, by the kernel (inotify(7))."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

IN_MODIFY = 0x2
IN_ATTRIB = 0x4
IN_CLOSE_WRITE = 0x8
IN_IGNORED = 0x8000
IN_CLOEXEC, IN_NONBLOCK = os.O_CLOEXEC, os.O_NONBLOCK
READ_SIZE = 64 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


def opened() -> int:
    """A descriptor, readable when there is something of what `watch` gave it.

    Raises:
        OSError: there are too many on this machine.
    """
    return _checked(_libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1")


def watch(fd: int, path: Path, mask: int) -> int:
    """Be told of a file, or of all files in a directory, what ``mask`` has; the watch's number.

    Raises:
        OSError: it is not there, or too many are watched on this machine.
    """
    return _checked(_libc.inotify_add_watch(fd, os.fsencode(path), mask), f"watch {path}")


def watched(directory: Path, mask: int) -> int:
    """A descriptor for one directory alone.

    Raises:
        OSError: as of `opened` and `watch`.
    """
    fd = opened()
    try:
        watch(fd, directory, mask)
    except OSError:
        os.close(fd)
        raise
    return fd


def took(fd: int) -> bytes:
    """What is told, in the kernel's own form; nothing where it tells nothing. It never blocks."""
    with suppress(BlockingIOError):
        return os.read(fd, READ_SIZE)
    return b""


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
