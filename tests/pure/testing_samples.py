"""Tasks and outcomes for tests of `lvsnet.testing`."""

from __future__ import annotations

from pathlib import Path

from lvsnet.observe.event import Event
from lvsnet.plan.model import Plan
from lvsnet.scenario.files import Job
from lvsnet.scenario.model import Scenario, Step, Variant, Wait
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, LoadResult, Outcome, StepResult
from lvsnet.testing.model import Task
from lvsnet.traffic.model import Outage, Share, Summary

SECOND = 1_000_000_000
BEGUN = 5 * SECOND
"""When the sample scenarios begin."""


def plan(lab: str) -> Plan:
    return Plan(lab=lab, segments=(), nodes=(), kernel=(), held=(), listed=())


def scenario(name: str = "director-dies") -> Scenario:
    return Scenario(name, (Step(Wait(1.0), "wait: 1s", 12),), description="lb01 dies.")


def job(file: Path | str, lab: str = "dr", name: str = "director-dies", **values: str) -> Job:
    return Job(
        lab=Path(file), plan=plan(lab), variant=Variant(scenario(name), tuple(values.items()))
    )


def task(name: str = "director-dies", lab: str = "dr-director-dies", seed: int | None = 7) -> Task:
    return Task(
        source=Path("labs/dr.yaml"),
        lab_file=Path("labs/dr.yaml"),
        plan=plan(lab),
        lab="dr",
        variant=Variant(scenario(name)),
        seed=seed,
    )


def step(state: str, *, begun: float = 1.0, ended: float = 2.0, **words: str) -> StepResult:
    return StepResult(
        text="expect: vip 192.168.10.100 on lb02 within 4s",
        line=31,
        state=state,
        begun=BEGUN + round(begun * SECOND),
        ended=BEGUN + round(ended * SECOND),
        **words,
    )


def event(at: float, text: str, kind: str = "vip", node: str = "lb01", what: str = "") -> Event:
    return Event(BEGUN + round(at * SECOND), kind, node, what, "", text)


def outcome(*events: Event, passed: bool = False) -> Outcome:
    last = (
        step(PASSED, begun=6.0, ended=10.0)
        if passed
        else step(
            FAILED, begun=6.0, ended=10.0, expected="192.168.10.100 on lb02", seen="on no node",
            said="nobody took over",
        )
    )  # fmt: skip
    return Outcome(
        passed=passed,
        begun=BEGUN,
        ended=BEGUN + 12 * SECOND,
        steps=(step(PASSED), last, step(SKIPPED)),
        always=(),
        events=events,
        loads=(LoadResult("web", "http://192.168.10.100", summary(), ()),),
    )


def summary() -> Summary:
    return Summary(
        requests=200,
        answered=130,
        lost=70,
        failures=(("timeout", 68), ("unreachable", 2)),
        spread=(Share("nginx01", 65), Share("nginx02", 65)),
        outages=(Outage(BEGUN + 2 * SECOND, BEGUN + 5 * SECOND + SECOND // 2, 70, over=True),),
        p50=400_000,
        p90=500_000,
        p99=900_000,
        longest=1_000_000,
        begun=BEGUN,
        ended=BEGUN + 10 * SECOND,
    )
