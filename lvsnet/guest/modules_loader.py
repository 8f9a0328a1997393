"""Kernel modules into the guest's kernel: finit_module(2), since the node tree has no kmod."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from lvsnet.errors import LvsnetError

FINIT_MODULE = 313
"""The system call's number on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl)."""


def load(tree: Path, paths: Iterable[str]) -> None:
    """Load modules, ``paths`` below ``tree``, in that order; one that is there already is fine.

    Raises:
        LvsnetError: the kernel refused one.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for path in paths:
        fd = os.open(tree / path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            failed = libc.syscall(FINIT_MODULE, fd, b"", 0) != 0
        finally:
            os.close(fd)
        if failed and ctypes.get_errno() != errno.EEXIST:
            reason = os.strerror(ctypes.get_errno())
            raise LvsnetError(f"the guest's kernel refused the module {path}: {reason}")
