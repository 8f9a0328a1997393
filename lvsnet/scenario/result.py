"""What came of a scenario, as data."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.observe.sample import Sample
from lvsnet.traffic.model import Request, Summary

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class StepResult:
    """What came of a step, or of what was always watched."""

    text: str
    line: int
    state: str
    """`PASSED`, `FAILED` or `SKIPPED`, after one that failed."""
    begun: int
    """Nanoseconds of the lab's clock, as in `Event`; 0 of one that was skipped."""
    ended: int
    expected: str = ""
    """Of one that failed, in words."""
    seen: str = ""
    """What there was instead; of one that passed, what was measured: ``3.42 s``."""
    said: str = ""
    """The author's words for a pass or a failure."""


@dataclass(frozen=True)
class LoadResult:
    """What became of the requests of a load."""

    name: str
    target: str
    summary: Summary
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario in a lab."""

    passed: bool
    begun: int
    ended: int
    steps: tuple[StepResult, ...]
    always: tuple[StepResult, ...]
    events: tuple[Event, ...]
    """By time."""
    loads: tuple[LoadResult, ...]
    initial: tuple[Event, ...] = ()
    """How things stood, as events at the time of `begun`: who held VIPs, what VRRP instances were,
    what was in IPVS tables, what was off."""
    samples: tuple[Sample, ...] = ()
    """What IPVS tables counted, from `begun` on, by line and time."""
    packets: tuple[Packet, ...] | None = None
    """What passed the wires and tells something, by time; None unless it was captured."""
