"""Child processes of the agent, with pipes as their standard streams."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import processes
from lvsnet.signals import KEYS

OOM_SCORE = Path("/proc/self/oom_score_adj")
UNKILLABLE = "-1000"

DEFAULT = (signal.SIGPIPE, signal.SIGCHLD)
"""Signals that the agent ignores or handles, and a child does not."""


@dataclass(frozen=True)
class Child:
    """A running child; the file descriptors are the parent's ends of its pipes, non-blocking."""

    pid: int
    stdin: int
    stdout: int
    stderr: int | None
    """None of a child at a terminal (`lvsnet.guest.console`), whose end the others both are."""


def spare() -> None:
    """Have the kernel kill anything but this process when memory runs out.

    By proc_pid_oom_score_adj(5); children inherit it.

    Raises:
        OSError: this process lacks CAP_SYS_RESOURCE.
    """
    OOM_SCORE.write_text(UNKILLABLE)


@contextmanager
def killable() -> Iterator[None]:
    """Children that are made meanwhile are not spared as this process is."""
    before = OOM_SCORE.read_text()
    OOM_SCORE.write_text("0")
    try:
        yield
    finally:
        OOM_SCORE.write_text(before)


def spawn(argv: list[str]) -> Child:
    """Start a program, in a process group of its own.

    Raises:
        OSError: it cannot be started.
    """
    inside, outside = _pipes()
    try:
        pid = os.posix_spawnp(
            argv[0],
            argv,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(inside)],
            setpgroup=0,
            setsigdef=DEFAULT,
            setsigmask=(),
        )
    except OSError:
        _close(outside)
        raise
    finally:
        _close(inside)
    return Child(pid, *outside)


def fork(function: Callable[[], int]) -> Child:
    """Run ``function`` in a forked child, which ends with the exit code that it returns."""
    inside, outside = _pipes()
    pid = os.fork()
    if pid:
        _close(inside)
        return Child(pid, *outside)
    code = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for ignored in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT):
            signal.signal(ignored, signal.SIG_DFL)
        for number, fd in enumerate(inside):
            os.dup2(fd, number)
        # An end of another child's pipe, kept open here, would keep that child waiting for ever.
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        code = function()
    except BaseException:  # noqa: BLE001
        # Whatever it was, this process must end here and not run on as a second agent.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def end(pid: int) -> None:
    """Kill a child with all its descendants, also those that `crun exec` runs in a container."""
    # A shell whose child is killed goes on with its next one; one that is stopped does not.
    send(stop(pid), signal.SIGKILL)


def stop(pid: int) -> set[int]:
    """Stop a process with all its descendants; their process ids."""
    family: set[int] = set()
    while found := {pid, *descendants(pid)} - family:
        send(found, signal.SIGSTOP)
        family |= found
    return family


def pass_on(pid: int, number: int) -> None:
    """Send a signal to a command that was started; one that has ended is fine.

    One that a key sends at a terminal goes to the command's whole process group, as there. Of a
    command in a container that is the group that `crun exec` has made for it.
    """
    if number not in KEYS:
        send([pid], number)
        return
    children = [child for child, parent in processes.parents().items() if parent == pid]
    groups = {group for one in children if (group := _group(one))} or {pid}
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


def _group(pid: int) -> int:
    """0 if it has gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to those of these processes that are still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def descendants(pid: int) -> list[int]:
    """Process ids below ``pid``, the deepest first."""
    parents = processes.parents()
    found = [pid]
    for one in found:  # it grows meanwhile
        found += [child for child, parent in parents.items() if parent == one]
    return found[:0:-1]


def _pipes() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The child's and the parent's ends of its stdin, stdout and stderr."""
    stdin_inside, stdin = os.pipe()
    stdout, stdout_inside = os.pipe()
    stderr, stderr_inside = os.pipe()
    for fd in (stdin, stdout, stderr):
        os.set_blocking(fd, False)
    return (stdin_inside, stdout_inside, stderr_inside), (stdin, stdout, stderr)


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
