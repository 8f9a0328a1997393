"""Confine this process, and all that comes of it, to some of the host's files: landlock(7).

It needs no privilege and cannot be taken back. Where the kernel has a newer Landlock, TCP, signals
to and abstract sockets of other processes are closed as well. Numbers are those of
include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, of the same number on every architecture."""
VERSION = 1
"""Flag of the first: do nothing, and return which Landlock there is."""
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
MAKE_DIR, MAKE_REG, MAKE_SOCK = 1 << 7, 1 << 8, 1 << 9
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""What may be allowed for something that is no directory."""

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK
"""Ordinary files, directories and sockets; links and devices are not to be made."""

FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""From which version on Landlock knows which rights about files."""
TCP, TCP_SINCE = 0b11, 4
SCOPES, SCOPES_SINCE = 0b11, 6

ABSENT = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)
"""Not built in, not switched on, or hidden by a container's seccomp filter."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Allowed:
    """What may be done with a file, or with all below a directory."""

    path: str
    rights: int


def version() -> int:
    """Which Landlock this machine's kernel has; 0 when there is none.

    Raises:
        OSError: it cannot be asked.
    """
    try:
        return _call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    except OSError as error:
        if error.errno in ABSENT:
            return 0
        raise


def known_rights(version: int) -> int:
    """All rights about files that a version knows, and so takes away unless they are allowed."""
    return max((rights for since, rights in FILE_RIGHTS.items() if since <= version), default=0)


def attributes(version: int) -> bytes:
    """struct landlock_ruleset_attr: everything that a version can take away."""
    tcp = TCP if version >= TCP_SINCE else 0
    scopes = SCOPES if version >= SCOPES_SINCE else 0
    # A kernel whose own is shorter takes it if the rest is zero.
    return struct.pack("=QQQ", known_rights(version), tcp, scopes)


def confine(allowed: Sequence[Allowed]) -> bool:
    """Allow this process nothing but that, for ever; False where the kernel has no Landlock.

    It gains no privileges any more by executing a file, whatever the kernel has. What it has open
    stays usable.

    Raises:
        OSError: a path is not there, or the kernel refused.
    """
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    there = version()
    if not there:
        return False
    content = attributes(there)
    ruleset = _call(CREATE_RULESET, content, ctypes.c_size_t(len(content)), 0)
    try:
        for one in allowed:
            _allow(ruleset, one, known_rights(there))
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, one: Allowed, known: int) -> None:
    fd = os.open(one.path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = one.rights & known
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= OF_FILES
        # struct landlock_path_beneath_attr, which is packed
        _call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)


def _call(number: int, *arguments: int | bytes | ctypes.c_size_t | None) -> int:
    return _check(int(_libc.syscall(number, *arguments)), f"Landlock's system call {number}")


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
