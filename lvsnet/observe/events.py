"""What happens in a lab, told as it happens, by a process that watches where the nodes are.

The watching process is forked by whoever wants to know, and sends events by a pipe, so that no
event waits for its reader. It ends with the process that forked it. `lvsnet.observe.event_loop`
is what it runs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from lvsnet.engine.runtime import Runtime
from lvsnet.observe import beside, past
from lvsnet.observe.beside import Beside
from lvsnet.observe.event import Event
from lvsnet.observe.outlet import Outlet
from lvsnet.observe.past import Past
from lvsnet.observe.sample import Sample, ungrouped
from lvsnet.plan.model import Plan
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.observe.sampling import Sampler

WORD = 30.0
"""Seconds of the lab's time after which somebody who waits is sent a word."""
PAST, INITIAL, SAMPLES = "past", "initial", "samples"
"""Keys of lines that are no events."""


@dataclass
class Watcher:
    """A process that watches a lab; a context, at whose end it is ended."""

    process: Beside
    initial: tuple[Event, ...]
    """How things stood when it began to watch."""
    begun: int
    """Since when it watches: nanoseconds of CLOCK_MONOTONIC."""
    past: tuple[Past, ...]
    """What daemons had said before, node by node."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()

    @property
    def fd(self) -> int:
        """Readable when there is something to `read`."""
        return self.process.fd

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What IPVS tables counted all the time, after `end`; nothing if nobody had wished it."""
        return tuple(ungrouped(self.process.said.get(SAMPLES, [])))

    def read(self) -> list[Event]:
        """What has been told since the last time, in the order of telling; it never blocks.

        After `end` it is nothing.

        Raises:
            LvsnetError: the process has ended by itself, such as that the lab was destroyed.
        """
        return [_event(told) for told in self.process.read()]

    def end(self) -> list[Event]:
        """End the process: the rest, of all that has happened until now. A second time, nothing.

        Raises:
            LvsnetError: it had ended by itself, and there is nothing left to tell but why; or it
                does not end.
        """
        return [_event(told) for told in self.process.end()]


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

    def life(outlet: Outlet, control: int, parent: int) -> None:
        event_loop.run(plan, runtime, outlet, control, parent, sampler)

    process = beside.begin(plan.lab, life)
    match process.said:
        case {"ready": int(begun), "initial": list(initial), "past": list(before)}:
            found = tuple(map(_event, initial)), begun, tuple(map(past.from_json, before))
            return Watcher(process, *found)
    process.close()
    raise ValueError("a process that watches begins with what there is")


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
            if beside.readable(watcher.fd, min(left, WORD)):
                events += watcher.read()
            if time.monotonic() - said >= WORD:
                report("")
                said = time.monotonic()
        return events + watcher.end()


def _event(told: object) -> Event:
    match told:
        case [int(at), str(kind), str(node), str(what), str(subject), str(text)]:
            return Event(at, kind, node, what, subject, text)
    raise ValueError(f"no event: {told!r:.80}")
