"""What is known of a lab that is watched: how it stood at first, and all that was told since.

No I/O and no screen here: lines of `lvsnet.watch.feed` in, what is shown out.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lvsnet.control.clock import Clock
from lvsnet.errors import LvsnetError
from lvsnet.faults import model as faults
from lvsnet.faults.model import Fault, Frozen, LinkDown
from lvsnet.observe.event import OFTEN, Event
from lvsnet.observe.table_model import Table
from lvsnet.plan import codec
from lvsnet.watch.layout import Layout, Machine

MOST_EVENTS = 1000
"""That are kept, and can be scrolled to."""
SECOND = 1_000_000_000
KEEPALIVED = "keepalived"


class EndedError(LvsnetError):
    """There is nothing more to watch; the message says why."""


@dataclass(frozen=True)
class Line:
    """An event, as it is listed."""

    at: int
    """Nanoseconds of the lab's clock."""
    within: int
    """Nanoseconds by which it may have been later; 0 of what was seen when it happened."""
    kind: str
    what: str
    node: str
    text: str


@dataclass
class Lab:
    """A lab at a time; `takes` moves it on."""

    layout: Layout | None = None
    """None until the first line has come."""
    stands: bool = False
    """Whether it is known how the nodes stand."""
    off: set[str] = field(default_factory=set)
    down: dict[tuple[str, str], str] = field(default_factory=dict)
    """Node and interface -> what was said of it."""
    vrrp: dict[str, dict[str, str]] = field(default_factory=dict)
    """Node -> VRRP instance -> its state, ``master`` and so on."""
    held: dict[str, list[str]] = field(default_factory=dict)
    """Node -> the addresses that it has gained."""
    dead: set[tuple[str, str]] = field(default_factory=set)
    """Nodes and daemons that do not run, of nodes that are on."""
    faults: tuple[Fault, ...] = ()
    tables: tuple[Table, ...] = ()
    events: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    count: int = 0
    """Of events that were listed so far, with those that are no longer kept."""
    clock: Clock | None = None
    """Of a virtual one, as it was last."""
    ahead: int | None = None
    """The lab's clock less this machine's CLOCK_MONOTONIC, in nanoseconds; both run alike if the
    lab's is a real one."""

    changed: bool = False
    """Whether it has become another by a redeploy: what it is made of has to be asked anew."""
    booted: int = 0
    """When this machine's CLOCK_MONOTONIC began by its calendar, in nanoseconds since 1970."""

    def takes(self, line: str, now: int) -> None:
        """Take in a line; ``now``: this machine's CLOCK_MONOTONIC, in nanoseconds.

        Raises:
            EndedError: the lab has ended, or cannot be watched any more.
            LvsnetError: another version of lvsnet runs the lab.
        """
        match json.loads(line):
            case {"event": [int(at), str(kind), str(node), str(what), str(subject), str(text)]}:
                self._happens(Event(at, kind, node, what, subject, text))
            case {"tables": list(found)}:
                tables = [codec.decode(Table, one, "table") for one in found]
                self.tables = tuple(tables)
                if tables:
                    self.ahead = tables[0].time - now
            case {"clock": dict(found)}:
                self.clock = codec.decode(Clock, found, "clock")
            case {"faults": list(found)}:
                self.faults = tuple(map(faults.fault_from_json, found))
            case {"layout": dict(found)}:
                self._begins_as(codec.decode(Layout, found, "layout"))
            case {"initial": list(found), "past": list(past), "now": int(time)}:
                self.ahead = time - now
                for each in found:
                    self._becomes(Event(*each))
                self._recalls([(Event(*fields), within) for *fields, within in past])
                self.stands = True
            case {"ended": str(why)}:
                raise EndedError(why)
            case _:
                raise LvsnetError("another version of lvsnet deployed the lab; deploy it anew")

    def machine(self, name: str) -> Machine | None:
        found = self.layout.machines if self.layout else ()
        return next((one for one in found if one.name == name), None)

    def is_cut(self, node: str, interface: str) -> bool:
        """Whether an interface has no carrier: by a fault, or however."""
        return (node, interface) in self.down or LinkDown(node, interface) in self.faults

    def is_frozen(self, node: str) -> bool:
        return Frozen(node) in self.faults

    def now(self, monotonic: int) -> int | None:
        """The lab's time, in nanoseconds since its kernel booted; None before it is known."""
        if self.clock is not None and self.clock.kind == "virtual":
            return self.clock.now
        return None if self.ahead is None else monotonic + self.ahead

    def _begins_as(self, layout: Layout) -> None:
        """Watching begins, for the first time or after a redeploy; the list of events goes on."""
        self.layout = layout
        self.stands = False
        for each in (self.off, self.down, self.vrrp, self.held, self.dead):
            each.clear()

    def _happens(self, event: Event) -> None:
        self._becomes(event)
        self._lists(event, 0)

    def _becomes(self, event: Event) -> None:
        """What an event changes."""
        node, subject = event.node, event.subject
        match event.kind, event.what:
            case "node", "off":
                self._is_off(node)
            case "node", "on":
                self.off.discard(node)
                machine = self.machine(node)
                # Those that run are told next.
                self.dead |= {(node, one) for one in (machine.daemons if machine else ())}
            case "link", "down":
                self.down[node, subject] = event.text
            case "link", "up":
                self.down.pop((node, subject), None)
            case "vip", "gained":
                held = self.held.setdefault(node, [])
                if subject not in held:
                    held.append(subject)
            case "vip", "lost":
                self.held[node] = [one for one in self.held.get(node, ()) if one != subject]
            case "vrrp", state:
                self.vrrp.setdefault(node, {})[subject] = state
            case "daemon", "exited":
                self.dead.add((node, subject))
                if subject == KEEPALIVED:
                    self.vrrp.pop(node, None)
            case "daemon", "started":
                self.dead.discard((node, subject))
            case "lab", "changed":
                self.changed = True

    def _recalls(self, past: Sequence[tuple[Event, int]]) -> None:
        """List what has happened, and after a redeploy only what is not listed by then."""
        listed = list(self.events)
        last = listed[-1].at if listed else -1
        for event, within in past:
            latest = event.at + within
            if latest > last and not any(
                event.at <= one.at + one.within and one.at <= latest and _is_same(one, event)
                for one in listed
            ):
                self._lists(event, within)

    def _is_off(self, node: str) -> None:
        self.off.add(node)
        self.vrrp.pop(node, None)
        self.held.pop(node, None)
        self.dead = {one for one in self.dead if one[0] != node}
        for one in [one for one in self.down if one[0] == node]:
            del self.down[one]

    def _lists(self, event: Event, within: int) -> None:
        line = Line(event.at, within, event.kind, event.what, event.node, event.text)
        if event.kind in OFTEN and _was_just_said(line, self.events):
            return
        self.events.append(line)
        self.count += 1


def _is_same(line: Line, event: Event) -> bool:
    return (line.kind, line.node, line.text) == (event.kind, event.node, event.text)


def _was_just_said(line: Line, before: Iterable[Line]) -> bool:
    return any(
        (one.kind, one.node, one.text) == (line.kind, line.node, line.text)
        and line.at - one.at < SECOND
        for one in list(before)[-20:]
    )
