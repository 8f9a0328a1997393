"""What happens in a lab, told as it happens, by a process that watches where the nodes are.

The watching process is forked by whoever wants to know, and sends events by a pipe, so that no
event waits for its reader. It ends with the process that forked it. `lvsnet.observe.event_loop`
is what it runs.
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import past
from lvsnet.observe.event import Event
from lvsnet.observe.past import Past
from lvsnet.observe.sample import Sample, ungrouped
from lvsnet.plan.model import Plan
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.observe.sampling import Sampler

DEADLINE = 30.0
"""Seconds that the watching process may take to begin, and to end; it takes some ms."""
WORD = 30.0
"""Seconds of the lab's time after which somebody who waits is sent a word."""
READ_SIZE = 256 * 1024
STDERR = 2
READY, PAST, OVER, ERROR = "ready", "past", "over", "error"
INITIAL, SAMPLES = "initial", "samples"
"""Keys of lines that are no events."""


@dataclass
class Watcher:
    """A process that watches a lab; a context, at whose end it is ended."""

    lab: str
    fd: int
    """Readable when there is something to `read`."""
    pid: int
    """Of the process."""
    initial: tuple[Event, ...] = ()
    """How things stood when it began to watch."""
    samples: tuple[Sample, ...] = ()
    """What IPVS tables counted all the time, after `end`; nothing if nobody had wished it."""
    _control: int = -1
    """An eventfd by which the process is told to end."""
    begun: int = 0
    """Since when it watches: nanoseconds of CLOCK_MONOTONIC."""
    past: tuple[Past, ...] = ()
    """What daemons had said before, node by node."""
    _partial: bytes = b""
    _ready: bool = False
    _over: bool = False
    """Whether it has told all, as it was asked to."""
    _failure: str = ""
    _at_end: bool = False
    _closed: bool = False
    _early: list[Event] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self) -> list[Event]:
        """What has been told since the last time, in the order of telling; it never blocks.

        After `end` it is nothing.

        Raises:
            LvsnetError: the process has ended by itself, such as that the lab was destroyed.
        """
        if self._closed:
            return []
        events = self._take()
        if self._at_end and not events:
            raise self._ended()
        return events

    def end(self) -> list[Event]:
        """End the process: the rest, of all that has happened until now. A second time, nothing.

        Raises:
            LvsnetError: it had ended by itself, and there is nothing left to tell but why; or it
                does not end.
        """
        if self._closed:
            return []
        try:
            os.eventfd_write(self._control, 1)
            events: list[Event] = []
            until = time.monotonic() + DEADLINE
            while not self._at_end:
                self._await(until, "end")
                events += self._take()
            if not self._over and not events:
                raise self._ended()
            return events
        finally:
            self._close()

    def _begin(self) -> None:
        """Return once it watches everything."""
        until = time.monotonic() + DEADLINE
        while not self._ready:
            self._await(until, "begin")
            self._early += self._receive()
            if self._at_end:
                raise self._ended()

    def _await(self, until: float, what: str) -> None:
        if not _readable(self.fd, max(0.0, until - time.monotonic())):
            raise LvsnetError(
                f"lab {self.lab}: the process that watches it does not {what} within "
                f"{DEADLINE:.0f} s; look whether the machine is overloaded"
            )

    def _take(self) -> list[Event]:
        early, self._early = self._early, []
        return early + self._receive()

    def _receive(self) -> list[Event]:
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
        return [event for line in lines if (event := self._understand(line))]

    def _understand(self, line: bytes) -> Event | None:
        said = json.loads(line)
        if isinstance(said, list):
            return Event(*said)
        if READY in said:
            self._ready = True
            self.begun = said[READY]
            self.initial = tuple(Event(*one) for one in said[INITIAL])
            self.past = tuple(map(past.from_json, said[PAST]))
        if SAMPLES in said:
            self.samples = tuple(ungrouped(said[SAMPLES]))
        self._over = self._over or OVER in said
        self._failure = said.get(ERROR, self._failure)
        return None

    def _ended(self) -> LvsnetError:
        why = self._failure or "it was killed, or failed as its last words say"
        return LvsnetError(f"lab {self.lab}: it is watched no more: {why}")

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        # It has closed its pipe, or nobody wants to hear the rest.
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        os.close(self._control)


def begin(plan: Plan, runtime: Runtime, sampler: Sampler | None = None) -> Watcher:
    """Watch a lab from now on; returns when nothing can happen any more that is not told.

    What there is already is `Watcher.initial`. With a ``sampler``, which is for the process that
    is forked, there will be `Watcher.samples`. Call this where the nodes are, as root there, and
    before any thread is started: it forks.

    Raises:
        LvsnetError: a runtime that does not answer.
        OSError: the kernel has no descriptors or processes left.
    """
    # The process that is forked needs it, and this one need not wait for it twice.
    from lvsnet.observe import event_loop

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
            event_loop.run(plan, runtime, out, control, parent, sampler)
            code = 0
        except BaseException:  # noqa: BLE001
            # Whatever it was, this process must end here and not run on as a second parent.
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(out)
    os.close(parent)
    watcher = Watcher(plan.lab, fd, pid, _control=control)
    try:
        watcher._begin()
    except BaseException:
        watcher._close()
        raise
    return watcher


def during(plan: Plan, runtime: Runtime, seconds: float, report: Report) -> list[Event]:
    """All that happens in a lab in so many seconds of its time; a word at least each minute.

    Raises:
        LvsnetError: as `begin`, or the lab is destroyed meanwhile.
    """
    until = time.monotonic() + seconds
    said = time.monotonic()
    events: list[Event] = []
    with begin(plan, runtime) as watcher:
        while (left := until - time.monotonic()) > 0:
            if _readable(watcher.fd, min(left, WORD)):
                events += watcher.read()
            if time.monotonic() - said >= WORD:
                report("")
                said = time.monotonic()
        return events + watcher.end()


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


def _readable(fd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
