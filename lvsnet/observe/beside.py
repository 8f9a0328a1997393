"""A process that looks at a lab beside its nodes, and tells what it sees by a pipe.

It is forked by whoever wants to know, so that nothing that happens waits for its reader, and ends
with the process that forked it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import stat
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lvsnet.errors import LvsnetError
from lvsnet.observe.outlet import Outlet

DEADLINE = 30.0
"""Seconds that the process may take to begin, and to end; it takes some ms."""
READ_SIZE = 256 * 1024
STDERR = 2
READY, OVER, ERROR = "ready", "over", "error"
"""Keys of lines that are objects: it looks from now on, it has told all, it has to give up."""

Told = list[object]
"""A line that is a list."""
Life = Callable[[Outlet, int, int], None]
"""What the process does: with what it tells by, the eventfd by which it is told to end, and the
pidfd of the process that forked it, after whose end nobody listens. It says `READY` once it looks;
what it raises is told as why it is over."""


@dataclass
class Beside:
    """Such a process; a context, at whose end it is ended."""

    lab: str
    fd: int
    """Readable when there is something to `read`."""
    pid: int
    said: dict[str, object] = field(default_factory=dict)
    """What was in lines that are objects."""
    _control: int = -1
    _partial: bytes = b""
    _at_end: bool = False
    _closed: bool = False
    _early: list[Told] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def over(self) -> bool:
        """Whether it has told all."""
        return OVER in self.said

    def read(self) -> list[Told]:
        """What has been told since the last time; it never blocks. After the end, nothing.

        Raises:
            LvsnetError: the process has ended by itself, such as that the lab was destroyed.
        """
        if self._closed:
            return []
        told = self._take()
        if self._at_end and not told and not self.over:
            raise self._ended()
        return told

    def end(self) -> list[Told]:
        """End the process: the rest, of all that it has seen until now. A second time, nothing.

        Raises:
            LvsnetError: it had ended by itself, and there is nothing left to tell but why; or it
                does not end.
        """
        if self._closed:
            return []
        try:
            os.eventfd_write(self._control, 1)
            told: list[Told] = []
            until = time.monotonic() + DEADLINE
            while not self._at_end:
                self._await(until, "end")
                told += self._take()
            if not self.over and not told:
                raise self._ended()
            return told
        finally:
            self.close()

    def wait(self) -> None:
        """Until there is something to `read`, however long."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.poll()

    def begun(self) -> None:
        """Return once it looks."""
        until = time.monotonic() + DEADLINE
        while READY not in self.said:
            self._await(until, "begin")
            self._early += self._receive()
            if self._at_end and READY not in self.said:
                raise self._ended()

    def close(self) -> None:
        """End it at once."""
        if self._closed:
            return
        self._closed = True
        # It has closed its pipe, or nobody wants to hear the rest.
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        os.close(self._control)

    def _await(self, until: float, what: str) -> None:
        if not readable(self.fd, max(0.0, until - time.monotonic())):
            raise LvsnetError(
                f"lab {self.lab}: the process that looks at it does not {what} within "
                f"{DEADLINE:.0f} s; look whether the machine is overloaded"
            )

    def _take(self) -> list[Told]:
        early, self._early = self._early, []
        return early + self._receive()

    def _receive(self) -> list[Told]:
        content = bytearray(self._partial)
        while not self._at_end:
            try:
                piece = os.read(self.fd, READ_SIZE)
            except BlockingIOError:
                break
            content += piece
            self._at_end = not piece
        *lines, rest = bytes(content).split(b"\n")
        self._partial = rest
        told = []
        for line in lines:
            one = json.loads(line)
            if isinstance(one, Mapping):
                self.said.update(one)
            else:
                told.append(one)
        return told

    def _ended(self) -> LvsnetError:
        return LvsnetError(
            str(self.said.get(ERROR, ""))
            or f"lab {self.lab}: it is watched no more: the process that did was killed, or failed "
            "as its last words say"
        )


def begin(lab: str, life: Life) -> Beside:
    """Fork the process; returns once it looks. To be called before any thread is started.

    Raises:
        LvsnetError: it could not begin.
        OSError: the kernel has no descriptors or processes left.
    """
    with ExitStack() as undo:
        fd, out = os.pipe()
        undo.callback(os.close, fd)
        undo.callback(os.close, out)
        for end in (fd, out):
            os.set_blocking(end, False)
        control = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        undo.callback(os.close, control)
        parent = os.pidfd_open(os.getpid())
        undo.callback(os.close, parent)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        undo.pop_all()
    if pid == 0:
        code = 1
        try:
            _become((out, control, parent))
            _live(lab, life, Outlet(out), control, parent)
            code = 0
        except BaseException:  # noqa: BLE001
            # Whatever it was, this process must end here and not run on as a second parent.
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(out)
    os.close(parent)
    process = Beside(lab, fd, pid, _control=control)
    try:
        process.begun()
    except BaseException:
        process.close()
        raise
    return process


def readable(fd: int, seconds: float) -> bool:
    """Whether a descriptor can be read within so many seconds."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _live(lab: str, life: Life, outlet: Outlet, control: int, parent: int) -> None:
    """All that is told, and at last that it is all, or why there is no more."""
    try:
        try:
            life(outlet, control, parent)
            outlet.say({OVER: True})
        except LvsnetError as error:
            outlet.say({ERROR: str(error)})
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            why = f"{where}{error.strerror or error}"
            outlet.say({ERROR: f"lab {lab}: it is watched no more: {why}"})
        outlet.write_all(parent)
    except BrokenPipeError:
        return  # nobody wants to know


def _become(kept: tuple[int, ...]) -> None:
    """Make a forked child a process of its own, which holds nothing of its parent's open."""
    signal.set_wakeup_fd(-1)
    # Ctrl-C is for the parent, which says when to end.
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    # The end of somebody's pipe, kept open here, would keep them waiting for ever. Not all others
    # may go: Docker's helper imports late by the descriptor of a directory.
    for fd in [int(one.name) for one in Path("/proc/self/fd").iterdir()]:
        if fd > STDERR and fd not in kept and _joins_processes(fd):
            os.close(fd)


def _joins_processes(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False  # that of the directory that was listed
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
