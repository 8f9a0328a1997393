"""The user whom a guest runs as when root deploys: one of the lab's own, who owns nothing else.

The number comes from the range that systemd has set apart for users who exist only while
something runs (systemd.exec(5), DynamicUser=; "Users, Groups, UIDs and GIDs on systemd Systems").
The lab that has it holds an abstract unix socket named after it, which the kernel takes away
with its last holder; so no two labs have the same, whatever caches they are in.
"""

from __future__ import annotations

import ctypes
import errno
import grp
import hashlib
import os
import pwd
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvsnet.errors import LvsnetError

FIRST, LAST = 61184, 65519
CAP_SETGID, CAP_SETUID = 6, 7
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522
"""Of capset(2): two words of bits for each set."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class LabUser:
    number: int
    """Of the user, and of the group that has the same."""
    claim: socket.socket
    """Whoever has it open holds the number."""


def for_lab(lab: str) -> LabUser | None:
    """A user for a lab of root's; None when this process is, or is no more than, an ordinary user.

    That is so, too, for the root of a user namespace that has but a few users, and of a container
    that may not change its user.

    Raises:
        LvsnetError: every number is taken.
    """
    if os.geteuid() != 0 or not _may_change():
        return None
    maps = [Path(f"/proc/self/{kind}_map").read_text() for kind in ("uid", "gid")]
    mapped = False
    for number in numbers(lab):
        if not all(is_mapped(number, text) for text in maps):
            continue
        mapped = True
        claim = None if _is_known(number) else _claim(number)
        if claim is not None:
            return LabUser(number, claim)
    if mapped:
        raise LvsnetError(f"no user number of {FIRST} to {LAST} is free for the lab's guest")
    return None


def numbers(lab: str) -> Iterator[int]:
    """All numbers that a lab's user may have; where they begin comes from its name."""
    count = LAST - FIRST + 1
    begin = int.from_bytes(hashlib.sha256(lab.encode()).digest()[:4], "big")
    return (FIRST + (begin + step) % count for step in range(count))


def is_mapped(number: int, text: str) -> bool:
    """Whether a user namespace has a user or group, by its /proc/PID/uid_map or gid_map."""
    ranges = [tuple(map(int, line.split())) for line in text.splitlines()]
    return any(inside <= number < inside + count for inside, _outside, count in ranges)


def has_capabilities(status: str, *wanted: int) -> bool:
    """Whether the effective set in a /proc/PID/status has all of these (proc_pid_status(5))."""
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    bits = int(line.split()[1], 16)
    return all(bits >> number & 1 for number in wanted)


def _may_change() -> bool:
    status = Path("/proc/self/status").read_text()
    groups = Path("/proc/self/setgroups").read_text().strip()
    return groups == "allow" and has_capabilities(status, CAP_SETGID, CAP_SETUID)


def _is_known(number: int) -> bool:
    for look in (pwd.getpwuid, grp.getgrgid):
        try:
            look(number)
        except KeyError:
            continue
        return True
    return False


def _claim(number: int) -> socket.socket | None:
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0lvsnet-user-{number}")
    except OSError as error:
        claim.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    return claim


def become(number: int) -> None:
    """Be that user and nobody else, without supplementary groups and capabilities, for ever.

    The signal that was to come with the parent's end (PR_SET_PDEATHSIG) is forgotten by this.

    Raises:
        OSError: the kernel refused.
    """
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    drop_capabilities()


def drop_capabilities() -> None:
    """Have no capability, and get none by executing a file.

    Raises:
        OSError: the kernel refused.
    """
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # Fails on kernels before 4.3, which have no ambient set.
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
