"""The guest as a process on the host: User-Mode Linux, caged, tied to its parent, and ended."""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.guest import boot, landlock, memory, places, users
from lvsnet.guest.landlock import Allowed

if TYPE_CHECKING:
    from lvsnet.plan.model import Node

PR_SET_PDEATHSIG = 1
LAST_BREATH = 1.0
"""Seconds from the end of the line to that of the process, at most; it takes some ms."""
ADDR_NO_RANDOMIZE = 0x0040000
"""personality(2). UML wants it, and else executes itself once more, by its absolute path."""
UNCONFINED = "a privileged node can read every file that the guest's user can"
"""Where there is no Landlock: it can mount hostfs, and ``..`` leads out of the hostfs root."""
DEVICES = {
    "/dev/null": landlock.DEVICE,
    "/dev/ptmx": landlock.DEVICE,
    "/dev/random": landlock.READ,
    "/proc/cpuinfo": landlock.READ,
}
"""What else of the host the kernel opens when it boots; it boots without them as well."""


@dataclass(frozen=True)
class Prepared:
    """All that a guest is started from. Paths are as seen from its hostfs root."""

    command: list[str]
    processors: set[int]
    memory: Path
    """Directory of the guest's memory."""
    root: int
    """The hostfs root, open: its path may lead through directories that only root may enter."""
    console: int
    """Open for reading and appending."""
    virtual: bool
    """Whether the guest's time is kept by its supervisor."""


@dataclass(frozen=True)
class Guest:
    """The running kernel: a process of this one's, and the host's ends of its line."""

    pid: int
    pidfd: int
    to_guest: int
    from_guest: int
    console: int
    """What its kernel says, open for reading; whoever prepared the guest owns it."""
    clock: socket.socket | None
    """Where the kernel of a guest in virtual time asks for every step of its clock."""


def remark(nodes: Iterable[Node]) -> str:
    """What whoever deploys these nodes is to know of the guest's cage; empty if all is well."""
    privileged = [node.name for node in nodes if node.privileged]
    if not privileged or landlock.version():
        return ""
    return f"this machine's kernel has no Landlock: {UNCONFINED} ({', '.join(privileged)})"


def prepare(
    machine: boot.Machine, place: places.Place, user: users.LabUser | None, labs: int
) -> Prepared:
    """Make a guest's directories, for another user if there is one.

    Raises:
        LvsnetError: there is no place for its memory.
        OSError: no room, or the cache was taken away meanwhile.
    """
    place.root.mkdir()
    boot.lay_out(machine, place.root)
    place.uml.mkdir(mode=0o700)
    place.share.chmod(0o700)
    own = memory.claim(machine.memory, place.memory, place.home)
    if user is not None:
        for directory in (place.uml, place.share, own):
            os.chown(directory, user.number, user.number)
    if own.is_relative_to(place.home):
        own = Path("..", own.relative_to(place.home))
    return Prepared(
        command=boot.command(machine),
        processors=boot.processors(list(os.sched_getaffinity(0)), labs),
        memory=own,
        root=os.open(place.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC),
        console=os.open(
            place.console, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        ),
        virtual=machine.virtual is not None,
    )  # fmt: skip


def start(prepared: Prepared) -> Guest:
    """Start the kernel as the user that this process is; it dies with this process.

    This process, too, is in the guest's hostfs root then.

    Raises:
        LvsnetError: that user cannot use the place of the guest's memory.
        OSError: no process can be made.
    """
    os.fchdir(prepared.root)
    if not os.access(prepared.memory, os.W_OK | os.X_OK):
        raise LvsnetError(
            f"{prepared.memory}: the guest's user, {os.getuid()}, cannot keep its memory there; "
            "set TMPDIR to a directory that everybody can write to, such as /tmp"
        )
    clock = _listen(f"../{places.UML}/{boot.CLOCK}") if prepared.virtual else None
    line_in, to_guest = (end.detach() for end in socket.socketpair())
    from_guest, line_out = (end.detach() for end in socket.socketpair())
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    ends = {
        0: nothing, 1: prepared.console, 2: prepared.console,
        boot.LINE_IN: line_in, boot.LINE_OUT: line_out,
    }  # fmt: skip
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            end_with(parent)
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.sched_setaffinity(0, prepared.processors)
            _cage(prepared)
            _become(prepared, ends)
        except OSError as error:
            os.write(prepared.console, f"{prepared.command[0]}: {error}\n".encode())
        finally:
            os._exit(127)
    with suppress(PermissionError):
        # The child does this too; whoever is first, `end` finds the group.
        os.setpgid(pid, pid)
    memory.occupied(prepared.memory, pid)
    for fd in (line_in, line_out, nothing):
        os.close(fd)
    os.set_blocking(to_guest, False)
    return Guest(pid, os.pidfd_open(pid), to_guest, from_guest, prepared.console, clock)


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def end_with(parent: int) -> None:
    """Have this process killed when its parent ends, or now when that has ended already.

    To be called again when the user has been changed, which takes it back (prctl(2)).
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _cage(prepared: Prepared) -> None:
    """No capability, and of the host's files only the guest's own.

    The second only where the kernel has Landlock; elsewhere see `UNCONFINED`.
    """
    users.drop_capabilities()
    writable = (f"../{places.UML}", places.SHARE, str(prepared.memory))
    landlock.confine(
        [
            Allowed(".", landlock.RUN),
            Allowed(boot.IMAGE, landlock.READ),
            *(Allowed(path, landlock.WRITE) for path in writable),
            *(Allowed(path, rights) for path, rights in DEVICES.items() if Path(path).exists()),
        ]
    )
    # Fails where a container forbids it; UML takes that as well.
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def _become(prepared: Prepared, ends: dict[int, int]) -> None:
    """Turn this process into the kernel with ``ends`` as its file descriptors."""
    # First out of the way: a number that is wanted may be in use by another end.
    moved = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for number, fd in ends.items()}
    for number, fd in moved.items():
        os.dup2(fd, number)
    environment = {"HOME": "/", "PATH": os.defpath, "TMPDIR": str(prepared.memory)}
    os.execve(prepared.command[0], prepared.command, environment)


def killed_by(guest: Guest) -> int:
    """Number of the signal that ended the kernel's process, which is ending; 0 if none did."""
    ended = select.poll()
    ended.register(guest.pidfd, select.POLLIN)
    ended.poll(LAST_BREATH * 1000)
    status = os.waitid(os.P_PIDFD, guest.pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if status is None or status.si_code not in (os.CLD_KILLED, os.CLD_DUMPED):
        return 0
    return status.si_status


def end(guest: Guest) -> None:
    """Power off at once, as the plug being pulled; the kernel keeps nothing on the host."""
    os.killpg(guest.pid, signal.SIGKILL)
    os.waitpid(guest.pid, 0)
    for fd in (guest.pidfd, guest.to_guest, guest.from_guest):
        os.close(fd)
    if guest.clock is not None:
        guest.clock.close()
