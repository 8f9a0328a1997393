"""System calls that Python's standard library lacks: mount(2), umount2(2), setns(2), unshare(2)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SHARED = 0x100000
MNT_DETACH = 2
CLONE_NEWNS = 0x20000
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, kind: str = "none", flags: int = 0, options: str = "") -> None:
    """Mount ``source`` on ``target``.

    Raises:
        OSError: the kernel refused.
    """
    arguments = (
        source.encode(),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
    )
    _check(_libc.mount(*arguments), f"mount {kind} on {target}")


def unmount(target: Path) -> None:
    """Take a mount away at once, even when something still uses it (MNT_DETACH)."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def setns(fd: int, kind: int) -> None:
    """Move this thread into the namespace that ``fd`` names."""
    _check(_libc.setns(fd, kind), "setns")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
