"""Kernel modules into the guest's kernel: finit_module(2), since the node tree has no kmod."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from lvsnet.errors import LvsnetError

FINIT_MODULE = 313
"""The system call's number on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl)."""


def load(directory: Path) -> None:
    """Load every ``*.ko`` of a directory, in the order of their names.

    Raises:
        LvsnetError: the kernel refused one.
    """
    if not directory.is_dir():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for path in sorted(directory.iterdir()):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            failed = libc.syscall(FINIT_MODULE, fd, b"", 0) != 0
        finally:
            os.close(fd)
        if failed and ctypes.get_errno() != errno.EEXIST:
            reason = os.strerror(ctypes.get_errno())
            raise LvsnetError(f"the guest's kernel refused the module {path.name}: {reason}")
