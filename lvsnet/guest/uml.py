"""The guest as a process on the host: User-Mode Linux, started, tied to its parent, and ended."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass

from lvsnet.guest import boot, memory, places

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Guest:
    """The running kernel: a process of this one's, and the host's ends of its line."""

    pid: int
    pidfd: int
    to_guest: int
    from_guest: int


def start(machine: boot.Machine, place: places.Place, labs: int) -> Guest:
    """Start the kernel; it dies with this process.

    Raises:
        OSError: no process can be made, or the kernel's binary is not there.
    """
    place.root.mkdir(parents=True)
    boot.lay_out(machine, place.root)
    command = boot.command(machine, place.root, place.home)
    line_in, to_guest = (end.detach() for end in socket.socketpair())
    from_guest, line_out = (end.detach() for end in socket.socketpair())
    console = os.open(place.console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    ends = {0: nothing, 1: console, 2: console, boot.LINE_IN: line_in, boot.LINE_OUT: line_out}
    environment = {
        "HOME": str(place.home),
        "PATH": os.environ.get("PATH", os.defpath),
        "TMPDIR": str(memory.directory(machine.memory, place.home)),
    }
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent:  # else it died before prctl
                os.setpgid(0, 0)
                signal.pthread_sigmask(signal.SIG_SETMASK, ())
                os.sched_setaffinity(0, boot.processors(list(os.sched_getaffinity(0)), labs))
                _become(command, environment, ends)
        finally:
            os._exit(127)
    with suppress(PermissionError):
        # The child does this too; whoever is first, `end` finds the group.
        os.setpgid(pid, pid)
    for fd in (line_in, line_out, console, nothing):
        os.close(fd)
    os.set_blocking(to_guest, False)
    return Guest(pid, os.pidfd_open(pid), to_guest, from_guest)


def _become(command: list[str], environment: dict[str, str], ends: dict[int, int]) -> None:
    """Turn this process into ``command`` with ``ends`` as its file descriptors."""
    # First out of the way: a number that is wanted may be in use by another end.
    moved = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for number, fd in ends.items()}
    for number, fd in moved.items():
        os.dup2(fd, number)
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())


def end(guest: Guest) -> None:
    """Power off at once, as the plug being pulled; the kernel keeps nothing on the host."""
    os.killpg(guest.pid, signal.SIGKILL)
    os.waitpid(guest.pid, 0)
    for fd in (guest.pidfd, guest.to_guest, guest.from_guest):
        os.close(fd)
