"""All that has happened in a lab, and all that goes on happening, from everybody who knows of it.

The watching process tells what kernel and daemons say, and what keepalived's logs have from before;
the journal has what lvsnet did; and from the records of loads comes what became of them. What one
of them tells, no other does.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from lvsnet.engine.runtime import Runtime
from lvsnet.host.journal import Entry
from lvsnet.observe import events, journal_watch, past
from lvsnet.observe.event import Event
from lvsnet.observe.events import Watcher
from lvsnet.observe.journal_watch import JournalWatch
from lvsnet.observe.past import Past
from lvsnet.plan.model import Plan
from lvsnet.traffic.story import Stories

GRID_NS = 200_000_000
"""Between looks at loads that go on, by a grid of the lab's clock; that one is over is told."""
OF_LOADS = ("outage", "answered", "ended")
"""What their records tell; the journal only of loads that are forgotten."""
LOOKED_AT = ("ipvs", "daemon")
"""What is told some time after it has happened, at the next look."""


@dataclass
class Telling:
    """What is told of a lab."""

    plan: Plan
    """Of the lab as it is watched."""
    runtime: Runtime
    watcher: Watcher
    journal: JournalWatch
    stories: Stories
    past: tuple[Past, ...] = ()
    """Until `now`, in the order of the latest times at which each can have been."""
    told: dict[str, int] = field(default_factory=dict)
    """Until when what became of a load is told, by its name."""
    twice: frozenset[Event] = frozenset()
    """What the watcher may tell once more, since the one before it has told it."""

    @property
    def now(self) -> int:
        """Where the past ends, in nanoseconds."""
        return self.watcher.begun

    def wait(self, *more: int) -> None:
        """Until there may be something new, or one of ``more`` descriptors is readable; it may be
        silent for ever."""
        poll = select.poll()
        for fd in (self.watcher.fd, self.journal.fd, self.stories.fd, *more):
            poll.register(fd, select.POLLIN)
        if not self.stories.going:
            poll.poll()
            return
        now = time.monotonic_ns()
        poll.poll((GRID_NS - now % GRID_NS) / 1e6)

    def read(self) -> list[Event]:
        """What is new, in the order of its times.

        An outage is told when its first request has failed, with the time at which it began.

        Raises:
            LvsnetError: the lab was destroyed, or cannot be watched any longer.
        """
        found = [one for one in self.watcher.read() if one not in self.twice]
        noted = self.journal.read()
        if any((one.kind, one.what) == ("lab", "changed") for one in noted):
            found += self._watch_anew()
        loads = self.stories.read_on()
        self._note(loads)
        found += [_event(one) for one in noted if self._is_news(one)]
        return sorted([*found, *loads], key=lambda one: one.at)

    def recall(self) -> None:
        """Find out what there is of the past."""
        entries = self.journal.read()
        noted = [
            Past(_event(one))
            for one in entries
            # From then on the kernel tells it.
            if one.kind != "node" or one.at <= self.now
        ]
        loads = self.stories.read_on()
        self._note(loads)
        marks = [one for one in entries if one.sizes]
        logged = [past.narrowed(one, marks) for one in self.watcher.past]
        found = [*noted, *map(Past, loads), *logged]
        self.past = tuple(sorted(found, key=lambda one: min(one.latest, self.now)))

    def _watch_anew(self) -> list[Event]:
        """Watch the lab as it is by a redeploy, which is noted before anything is touched; what the
        watcher until now has to tell still, and of nodes that it did not know."""
        before, self.plan = self.plan, self.runtime.record(self.plan.lab).plan
        new = events.begin(self.plan, self.runtime)
        try:
            rest = self.watcher.end()
        finally:
            self.watcher = new
        # Where no time passes, both have seen things at the time at which they met.
        self.twice = frozenset(one for one in rest if one.at == new.begun)
        known = {node.name for node in before.nodes}
        off = {one.node for one in new.initial if (one.kind, one.what) == ("node", "off")}
        booted = {one.node for one in rest if (one.kind, one.what) == ("node", "on")} - off
        made = [n.name for n in self.plan.nodes if n.name not in known | off]
        return [
            *(
                one
                for one in rest
                if one.at <= new.begun or one.kind in LOOKED_AT or one.node in booted
            ),
            *(Event(new.begun, "node", name, "on", name, "is on") for name in made),
            *(one for one in new.initial if one.node in made),
        ]

    def _is_news(self, noted: Entry) -> bool:
        if noted.kind == "node":
            return False
        of_load = noted.kind == "traffic" and noted.what in OF_LOADS
        return not of_load or noted.at > self.told.get(noted.subject, -1)

    def _note(self, loads: list[Event]) -> None:
        for one in loads:
            self.told[one.subject] = max(one.at, self.told.get(one.subject, -1))


def _event(noted: Entry) -> Event:
    return Event(noted.at, noted.kind, noted.node, noted.what, noted.subject, noted.text)


@contextmanager
def begin(plan: Plan, runtime: Runtime) -> Iterator[Telling]:
    """Tell of a lab, from its begin on. As `lvsnet.observe.events.begin`, it forks.

    Raises:
        LvsnetError: a runtime that does not answer.
        OSError: the kernel has no descriptors or processes left.
    """
    with ExitStack() as owned:
        noted = owned.enter_context(journal_watch.begin(plan.lab))
        stories = owned.enter_context(Stories(plan.lab))
        watcher = events.begin(plan, runtime)
        telling = Telling(plan, runtime, watcher, noted, stories)
        owned.callback(lambda: telling.watcher.process.close())
        telling.recall()
        yield telling
