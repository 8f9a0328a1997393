"""Runs a command with less than this process has: as an ordinary user, without parts of the kernel.

As root: as `NOBODY`, in a mount namespace of its own in which that user can reach this Python and
this checkout, wherever they lie, with no capability in any set. For other users only the rest.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import struct
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lvsnet import cache
from lvsnet.engine import syscalls

NOBODY = 65534
CHECKOUT = Path(__file__).resolve().parents[2]
MS_MOVE, MS_RDONLY, MS_REMOUNT = 8192, 1, 32
PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 24, 22, 38
SECCOMP_MODE_FILTER = 2
LANDLOCK = (444, 445, 446)
CLONE, UNSHARE, CLONE3 = 56, 272, 435
"""Numbers of system calls of x86_64, the only one that has a guest kernel."""
CLONE_NEWUSER = 0x10000000

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
"""Instructions of classic BPF: BPF_LD|W|ABS, BPF_JMP|JEQ, BPF_JMP|JSET, BPF_RET."""
ALLOW, FAIL = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16
"""Offsets in struct seccomp_data."""

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--system-cache", type=Path, help="seen as the cache of the system")
    parser.add_argument("--no-landlock", action="store_true")
    parser.add_argument("--no-user-namespaces", action="store_true")
    parser.add_argument("command", nargs="+")
    wanted = parser.parse_args()
    if os.geteuid() == 0:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("none", Path("/"), flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
        _replace(cache.SYSTEM, wanted.system_cache)
        _make_reachable([Path(sys.base_prefix), Path(sys.prefix), CHECKOUT])
        for number in range(64):
            _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if wanted.no_landlock:
        _filter(fails(LANDLOCK, errno.ENOSYS))
    if wanted.no_user_namespaces:
        for number in (CLONE, UNSHARE):
            _filter(fails_with(number, CLONE_NEWUSER, errno.EPERM))
        # Its flags lie in memory, where no filter sees them; the C library does without it.
        _filter(fails([CLONE3], errno.ENOSYS))
    os.execvp(wanted.command[0], wanted.command)


def _make_reachable(wanted: Sequence[Path]) -> None:
    """Mount those that lie below a directory which is closed to others on a copy of the way."""
    closed: dict[Path, list[Path]] = {}
    for path in wanted:
        above = [one for one in reversed(path.parents) if not one.stat().st_mode & 0o001]
        if above:
            closed.setdefault(above[0], []).append(path)
    for top, paths in closed.items():
        way = Path(tempfile.mkdtemp())
        syscalls.mount("tmpfs", way, "tmpfs", options="mode=755")
        for path in paths:
            copy = way / path.relative_to(top)
            copy.mkdir(parents=True, exist_ok=True)
            syscalls.mount(str(path), copy, flags=syscalls.MS_BIND)
        syscalls.mount(str(way), top, flags=MS_MOVE)
        way.rmdir()


def _replace(system: Path, other: Path | None) -> None:
    """Have no cache of the system, or that one, which nobody can write to."""
    if other is None and not system.exists():
        return
    syscalls.mount("tmpfs", system.parent, "tmpfs", options="mode=755")
    if other is not None:
        system.mkdir()
        syscalls.mount(str(other), system, flags=syscalls.MS_BIND)
        flags = syscalls.MS_BIND | MS_REMOUNT | MS_RDONLY
        syscalls.mount("none", system, flags=flags)


def fails(numbers: Sequence[int], error: int) -> bytes:
    """A filter by which these system calls fail."""
    program = [_instruction(LOAD, NUMBER)]
    for left, number in reversed(list(enumerate(reversed(numbers)))):
        program.append(_instruction(EQUAL, number, yes=left + 1))
    return b"".join([*program, _instruction(RETURN, ALLOW), _instruction(RETURN, FAIL | error)])


def fails_with(number: int, bits: int, error: int) -> bytes:
    """A filter by which a system call fails when its first argument has one of these bits."""
    return b"".join(
        [
            _instruction(LOAD, NUMBER),
            _instruction(EQUAL, number, no=2),
            _instruction(LOAD, FIRST_ARGUMENT),
            _instruction(ANY_BIT, bits, yes=1),
            _instruction(RETURN, ALLOW),
            _instruction(RETURN, FAIL | error),
        ]
    )


def _instruction(code: int, operand: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, operand)


def _filter(program: bytes) -> None:
    content = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(content))
    _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
