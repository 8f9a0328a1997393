"""A worker: a process that is forked for one task, which its lab does not outlive.

It tells its parent how it goes by `Message` objects. They are pickled: both are the same program,
and nobody else can write to the pipe.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from lvsnet.guest import launch
from lvsnet.guest.uml import end_with
from lvsnet.testing.model import Message, Task

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LENGTH = struct.Struct("!I")

Tell = Callable[[Message], None]
Work = Callable[[Task, Tell], None]
"""What a worker does with a task; it catches what a user is to be told of."""


class EndedError(BaseException):
    """A worker that is to take its lab down and end: none that catches failures catches it."""


@dataclass(frozen=True)
class Born:
    """A worker that was begun; the parent's ends of its pipes are non-blocking."""

    pid: int
    pidfd: int
    told: int
    """Its messages."""
    said: int
    """Its standard output and standard error: remarks, or why it failed."""


def begin(task: Task, work: Work, processors: frozenset[int]) -> Born:
    """Fork a worker for a task, on these processors. No thread may run in this process."""
    told, tells = os.pipe()
    said, says = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        pid = os.fork()
        if pid == 0:
            _live(parent, task, work, processors, tells, says)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(tells)
        os.close(says)
    launch.let_go()
    for fd in (told, said):
        os.set_blocking(fd, False)
    return Born(pid, os.pidfd_open(pid), told, said)


def _live(
    parent: int, task: Task, work: Work, processors: frozenset[int], tells: int, says: int
) -> NoReturn:
    code = 1
    try:
        end_with(parent)
        os.setpgid(0, 0)  # Ctrl-C is for the parent, which sees to the order of ends
        signal.set_wakeup_fd(-1)
        for number in ENDINGS:
            signal.signal(number, _end)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for stream, fd in enumerate((nothing, says, says)):
            os.dup2(fd, stream)
        sys.stdout = sys.stderr = os.fdopen(says, "w", buffering=1, errors="backslashreplace")
        os.sched_setaffinity(0, processors)

        def tell(message: Message) -> None:
            content = pickle.dumps(message)
            _write(tells, _LENGTH.pack(len(content)) + content)

        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        work(task, tell)
        code = 0
    except EndedError:
        code = 128 + signal.SIGTERM
    except BaseException:  # noqa: BLE001
        # Whatever it was, this process must end here and not run on as a second parent.
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end(_number: int, _stack: FrameType | None) -> None:
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)  # the taking down is not cut short
    raise EndedError


def _write(fd: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def messages(pending: bytearray) -> Iterator[Message]:
    """Take the whole messages from the beginning of what was read."""
    while len(pending) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(pending)
        end = _LENGTH.size + length
        if len(pending) < end:
            return
        message: Message = pickle.loads(pending[_LENGTH.size : end])
        del pending[:end]
        yield message


def end(born: Born, number: int) -> None:
    """Send a worker a signal; one that has ended is fine."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(born.pidfd, number)
