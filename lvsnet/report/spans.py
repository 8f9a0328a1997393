"""What was so from when to when, by what happened: VRRP states, holders of VIPs, IPVS tables.

No I/O here: the events and curves of a run in, spans out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lvsnet.observe.event import Event
from lvsnet.observe.sample import GONE
from lvsnet.report.model import Curve, Run

OFF, STOPPED = "off", "stopped"
KEEPALIVED = "keepalived"
"""The daemon whose end is the end of its node's VRRP instances."""
UNKNOWN = "?"
"""Weight of a real server of which it is known only that it was in the table."""


@dataclass(frozen=True)
class Span:
    """Times in nanoseconds since the run's begin."""

    begun: int
    ended: int
    what: str
    """A state, the name of a node, or a weight."""


@dataclass(frozen=True)
class Instance:
    """A VRRP instance on a director."""

    name: str
    node: str
    spans: tuple[Span, ...]
    """``master``, ``backup``, ``fault``, ``stopped`` or ``off``; nothing where that is unknown."""


@dataclass(frozen=True)
class Vip:
    address: str
    spans: tuple[Span, ...]
    """Nodes that held it, by time; those of two that held it at once overlap."""


@dataclass(frozen=True)
class Listed:
    """A real server in the table of a director."""

    node: str
    service: str
    """``tcp 192.168.10.100:80``; empty where it is not known."""
    real_server: str
    spans: tuple[Span, ...]
    """Its weights; nothing while it is out of the table."""


@dataclass
class _Line:
    """What one thing goes through, while events are read."""

    spans: list[Span]
    since: int = 0
    what: str = ""
    """Empty: nothing that is shown. What is told to end first was so from the begin on."""

    def becomes(self, what: str, at: int) -> None:
        if what == self.what:
            return
        if self.what and at > self.since:
            self.spans.append(Span(self.since, at, self.what))
        self.since, self.what = at, what


def instances(run: Run) -> tuple[Instance, ...]:
    """By instance, and by node in the order of the lab file."""
    lines: dict[tuple[str, str], _Line] = {}
    for event in _all(run):
        if event.kind == "vrrp":
            line = lines.setdefault((event.subject, event.node), _Line([]))
            line.becomes(event.what, event.at)
        elif state := _without_keepalived(event):
            for (_name, node), line in lines.items():
                if node == event.node and (state == OFF or (state == "on") is (line.what == OFF)):
                    line.becomes("" if state == "on" else state, event.at)
    order = list(run.roles)
    found = [Instance(name, node, _ended(line, run)) for (name, node), line in lines.items()]
    return tuple(
        sorted(found, key=lambda one: (one.name, _place(order, one.node), one.node)),
    )


def _without_keepalived(event: Event) -> str:
    """What becomes of the VRRP instances of a node: ``off``, ``on``, ``stopped``; empty: nothing.

    A node that is on has instances in no state until keepalived says one; that may be told before.
    """
    if event.kind == "node" and event.what in (OFF, "on"):
        return event.what
    if event.kind == "daemon" and event.what == "exited" and event.subject == KEEPALIVED:
        return STOPPED
    return ""


def vips(run: Run) -> tuple[Vip, ...]:
    """In the order in which they are first seen."""
    lines: dict[tuple[str, str], _Line] = {}
    for event in _all(run):
        if event.kind == "vip":
            gained = event.what == "gained"
            line = lines.setdefault(
                (event.subject, event.node), _Line([], what="" if gained else event.node)
            )
            line.becomes(event.node if gained else "", event.at)
        elif event.kind == "node" and event.what == OFF:
            for (_address, node), line in lines.items():
                if node == event.node:
                    line.becomes("", event.at)
    held: dict[str, list[Span]] = {}
    for (address, _node), line in lines.items():
        held.setdefault(address, []).extend(_ended(line, run))
    return tuple(
        Vip(address, tuple(sorted(spans, key=lambda one: (one.begun, one.ended))))
        for address, spans in held.items()
    )


def tables(run: Run) -> tuple[Listed, ...]:
    """By the curves of a run, which tell services apart; without any by its events."""
    if run.samples:
        return tuple(
            Listed(one.node, one.service, one.real_server, tuple(_weights(one, _end(run))))
            for one in run.samples
        )
    lines: dict[tuple[str, str], _Line] = {}
    for event in _all(run):
        if event.kind == "ipvs":
            out = event.what == "out"
            line = lines.setdefault(
                (event.node, event.subject), _Line([], what=UNKNOWN if out else "")
            )
            line.becomes("" if out else _weight(event), event.at)
        elif event.kind == "node" and event.what == OFF:
            for (node, _server), line in lines.items():
                if node == event.node:
                    line.becomes("", event.at)
    return tuple(Listed(node, "", one, _ended(line, run)) for (node, one), line in lines.items())


def _weights(curve: Curve, end: int) -> Iterator[Span]:
    line = _Line([])
    for at, weight in zip(curve.at, curve.weight, strict=True):
        line.becomes("" if weight == GONE else str(weight), at)
    line.becomes("", end)
    yield from line.spans


def _weight(event: Event) -> str:
    """As `lvsnet.observe.tables` ends its sentences: ``weight 1``, ``weight 1 -> 0``."""
    last = event.text.rpartition(" ")[2]
    return last if last.isdecimal() else "1"


def _all(run: Run) -> Iterable[Event]:
    return (*run.initial, *run.events)


def _ended(line: _Line, run: Run) -> tuple[Span, ...]:
    line.becomes("", _end(run))
    return tuple(line.spans)


def _end(run: Run) -> int:
    return run.ended - run.begun


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
