"""Labs with a virtual clock that is made up: places for what asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lvsnet.control.clock import REAL, Clock
from lvsnet.observe.conditions import Condition, Reached
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.engine.runtime import About, Record
    from lvsnet.observe.model import Site

START = 1_795_435_200_000_000_000
"""2026-11-23 12:00 UTC"""
HELD = Clock("virtual", "held", 1.0, 83_456_789_012, START, 7)


@dataclass
class Lab:
    """A place with the lab ``dr``, whose conditions come true after some seconds of its time."""

    state: Clock = HELD
    after: float = 3.6
    asked: list[object] = field(default_factory=list)

    def running(self) -> list[str]:
        return ["dr"]

    def record(self, lab: str) -> Record:
        from lvsnet.compiled import compile_file
        from lvsnet.engine.runtime import Record
        from lvsnet.resources import example_labs

        return Record(self.about(lab), compile_file(example_labs()["dr"]).plan)

    def about(self, _lab: str) -> About:
        from lvsnet.engine.runtime import About

        kind, seed = self.state.kind, self.state.seed
        return About("/labs/dr.yaml", "crun", "guest 7.2", "as it was asked for", 0, kind, seed)

    def look(self, _lab: str) -> Site:
        from lvsnet.observe.model import Site

        return Site((), ())

    def act(
        self, _lab: str, name: str, _request: Mapping[str, object], _report: Report
    ) -> list[object]:
        assert name == "fault.standing"
        return []

    def clock(self, _lab: str) -> Clock:
        return self.state

    def set_clock(self, _lab: str, mode: str, speed: float) -> Clock:
        self.asked.append((mode, speed))
        self.state = replace(self.state, mode=mode, speed=speed)
        return self.state

    def advance(self, _lab: str, by: int) -> Clock:
        self.asked.append(by)
        self.state = replace(self.state, now=(self.state.now or 0) + by)
        return self.state

    def until(self, _lab: str, condition: Condition, limit: float, report: Report) -> Reached:
        self.asked.append((str(condition), limit))
        report("wait: 192.168.10.100 is on lb01")
        waited = min(self.after, limit)
        self.state = replace(self.state, now=(self.state.now or 0) + round(waited * 1e9))
        met = self.after <= limit
        return Reached(met, waited, "" if met else "192.168.10.100 is on lb01")


def place_of(lab: Lab) -> Place:
    """A lab's place, of which only what a clock needs is there."""
    return lab  # type: ignore[return-value]


def real() -> Lab:
    return Lab(REAL)
