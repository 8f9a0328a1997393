"""Processes that go on in a node's network by themselves, forked from whoever asks for them.

Such a process has this machine's files and Python, so nothing of it is in the node's image; it has
the node's network namespace, is in the node's control group, so that what freezes the node freezes
it, and is the child of the node's init in the node's PID namespace: with the init the kernel ends
it, also one that is stopped by a signal, which could not watch for that itself (pid_namespaces(7)).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from lvsnet.engine import cgroups, namespaces
from lvsnet.engine.syscalls import CLONE_NEWNET, setns
from lvsnet.errors import LvsnetError

CLONE_NEWPID = 0x20000000
CLONE_NEWCGROUP = 0x02000000
PR_SET_DUMPABLE = 4
NAME = "lvsnet-traffic"
"""As ps(1) in the node shows it: at most 15 bytes (TASK_COMM_LEN, include/linux/sched.h)."""
DEADLINE = 30.0
"""Seconds until a process must have begun; it takes some 50 ms in a guest."""
MOST_WORDS = 4096
DEFAULT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)

Life = Callable[[], None]
"""The rest of such a process's life."""


def begin(
    node: str, init: int, errors: Path, kept: Iterable[int], prepare: Callable[[], Life]
) -> None:
    """Fork a process into a node's namespaces and return once it has begun.

    There, ``prepare`` is called, whose LvsnetError or OSError is raised here; then what it gives,
    in a process of its own. Nothing is open there but ``kept`` and what ``prepare`` opens.
    ``init``: process id of the node's init. ``errors``: a file for what the process dies of.

    Raises:
        LvsnetError: the node has ended, or ``prepare`` failed.
    """
    words, tell = os.pipe()
    try:
        try:
            middle = _fork_into(init)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it") from error
        except OSError as error:
            raise LvsnetError(f"{node}: begin a process: {error.strerror or error}") from error
        if middle == 0:
            _go_between(init, errors, (*kept, tell), prepare)
        os.close(tell)
        tell = -1
        try:
            said = _all_of(words, middle)
        except LvsnetError as error:
            raise LvsnetError(f"{node}: {error}") from error
        os.waitpid(middle, 0)
    finally:
        os.close(words)
        if tell >= 0:
            os.close(tell)
    if said:
        raise LvsnetError(f"{node}: {said}")


def _fork_into(init: int) -> int:
    """fork(2), with the child in the PID namespace of ``init``."""
    there = os.open(f"/proc/{init}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    home = os.open("/proc/thread-self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(there, CLONE_NEWPID)
        try:
            child = os.fork()
        except OSError:
            setns(home, CLONE_NEWPID)
            raise
        if child:
            setns(home, CLONE_NEWPID)
        return child
    finally:
        os.close(there)
        os.close(home)


def _go_between(
    init: int, errors: Path, kept: tuple[int, ...], prepare: Callable[[], Life]
) -> NoReturn:
    """The life of the process between: its child is left to the node's init, which reaps it."""
    tell = kept[-1]
    try:
        _leave_behind(kept)
        _point_at(errors)
        _join_cgroup(init)
        node = os.open(namespaces.of_process(init), os.O_RDONLY | os.O_CLOEXEC)
        setns(node, CLONE_NEWNET)
        os.close(node)
        life = prepare()
        if os.fork():
            os._exit(0)
        _live(life, tell)
    except (LvsnetError, OSError) as error:
        os.write(tell, str(error).encode()[:MOST_WORDS])
    except BaseException as error:  # noqa: BLE001
        # Whatever it was, this process must end here and not run on as a second parent.
        os.write(tell, repr(error).encode()[:MOST_WORDS])
    os._exit(1)


def _live(life: Life, tell: int) -> NoReturn:
    code = 1
    try:
        os.setsid()
        _name_it()
        os.close(tell)
        life()
        code = 0
    except (LvsnetError, OSError) as error:
        sys.stderr.write(f"{error}\n")
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _leave_behind(kept: tuple[int, ...]) -> None:
    """What this process has of the one that it was forked from."""
    signal.set_wakeup_fd(-1)
    for number in DEFAULT:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    first = 3
    for fd in sorted(kept):
        os.closerange(first, fd)
        first = fd + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")


def _point_at(errors: Path) -> None:
    """Standard streams that nobody waits for the end of."""
    nothing = os.open(os.devnull, os.O_RDWR)
    said = os.open(errors, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for fd, number in ((nothing, 0), (nothing, 1), (said, 2)):
        os.dup2(fd, number)
    os.close(nothing)
    os.close(said)
    sys.stdout = sys.stderr = os.fdopen(2, "w", closefd=False)


def _join_cgroup(init: int) -> None:
    """Into the control group of the node's init, in each hierarchy; where there is none, none.

    The paths in /proc/PID/cgroup are as the reader's cgroup namespace has them, and a helper
    container's is not the machine's (cgroup_namespaces(7)).
    """
    # A kernel without such namespaces has one only, and so has who may not look at others.
    with suppress(FileNotFoundError, PermissionError):
        machine = os.open("/proc/1/ns/cgroup", os.O_RDONLY | os.O_CLOEXEC)
        setns(machine, CLONE_NEWCGROUP)
        os.close(machine)
    lines = Path(f"/proc/{init}/cgroup").read_text().splitlines()
    paths = dict.fromkeys(line.split(":", 2)[2].lstrip("/") for line in lines)
    for hierarchy in cgroups.hierarchies():
        for path in paths:
            members = hierarchy / path / "cgroup.procs"
            if path and members.exists():
                members.write_text("0")


def _name_it() -> None:
    Path("/proc/thread-self/comm").write_text(NAME)
    # Nobody in the node is to see this machine's files by /proc/PID/root (ptrace(2)).
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _all_of(fd: int, middle: int) -> str:
    """What comes until the other end is closed.

    Raises:
        LvsnetError: it does not come to an end, as in a control group that was just frozen.
    """
    words = b""
    until = time.monotonic() + DEADLINE
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            os.kill(middle, signal.SIGKILL)
            os.waitpid(middle, os.WNOHANG)  # where freezing keeps it, it does not even end
            raise LvsnetError(f"no process has begun after {DEADLINE:.0f} s")
        piece = os.read(fd, MOST_WORDS)
        if not piece:
            return words.decode(errors="replace")
        words += piece
