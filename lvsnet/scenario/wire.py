"""A scenario, and what came of it, as JSON: how they travel to where the nodes are, and back.

Values of one of several kinds are mappings with a ``kind``. Requests, of which there may be many,
are rows in the order of `lvsnet.traffic.model.Request`'s fields. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from lvsnet.faults import model as faults
from lvsnet.json_shapes import array, mapping, number
from lvsnet.observe import conditions
from lvsnet.observe.sample import grouped, ungrouped
from lvsnet.plan import codec
from lvsnet.scenario.model import (
    Act,
    Always,
    Break,
    Even,
    Expect,
    Expectation,
    Finish,
    Holds,
    Links,
    Measured,
    Run,
    Scenario,
    Send,
    Single,
    States,
    Stays,
    Step,
    Wait,
)

if TYPE_CHECKING:
    from lvsnet.scenario.result import LoadResult, Outcome, StepResult
    from lvsnet.traffic.model import Request

PLAIN_ACTS: Mapping[str, type[Send | Finish | Wait]] = {
    "send": Send,
    "finish": Finish,
    "wait": Wait,
}
"""Acts all of whose parts are strings, numbers and records of such."""
PLAIN_EXPECTATIONS: Mapping[str, type[States | Measured | Even | Run | Links]] = {
    "states": States,
    "measured": Measured,
    "even": Even,
    "run": Run,
    "links": Links,
}
BREAK, EXPECT, STAYS, HOLDS, SINGLE = "break", "expect", "stays", "holds", "single"


@dataclass(frozen=True)
class _Place:
    text: str
    line: int


@dataclass(frozen=True)
class _About(_Place):
    """What a step has besides its act."""

    limit: float
    on_pass: str
    on_fail: str


def to_json(scenario: Scenario) -> dict[str, object]:
    """``{"name": ..., "steps": [{"act": {"kind": "wait", "seconds": 2.0}, ...}], ...}``."""
    return {
        "name": scenario.name,
        "description": scenario.description,
        "limit": scenario.limit,
        "steps": [_step_to_json(one) for one in scenario.steps],
        "always": [_always_to_json(one) for one in scenario.always],
    }


def from_json(value: object) -> Scenario:
    """What `to_json` gave.

    Raises:
        ValueError: it is nothing of that shape.
        LvsnetError: a part of it is not as this version of lvsnet writes it.
    """
    rest = dict(mapping(value, "scenario"))
    steps = array(rest.pop("steps", None), "scenario.steps")
    always = array(rest.pop("always", None), "scenario.always")
    head = codec.decode(Scenario, {**rest, "steps": [], "always": []}, "scenario")
    return Scenario(
        name=head.name,
        steps=tuple(_step(one, f"scenario.steps[{n}]") for n, one in enumerate(steps)),
        always=tuple(_always(one, f"scenario.always[{n}]") for n, one in enumerate(always)),
        description=head.description,
        limit=head.limit,
    )


def step_result_to_json(result: StepResult) -> dict[str, object]:
    """Its fields by their names."""
    return asdict(result)


def step_result_from_json(value: object) -> StepResult:
    """What `step_result_to_json` gave.

    Raises:
        LvsnetError: it is not as this version of lvsnet writes it.
    """
    from lvsnet.scenario.result import StepResult

    return codec.decode(StepResult, value, "step")


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """Its fields by their names; the requests of its loads are rows."""
    return {
        "passed": outcome.passed,
        "begun": outcome.begun,
        "ended": outcome.ended,
        "steps": [asdict(one) for one in outcome.steps],
        "always": [asdict(one) for one in outcome.always],
        "events": [asdict(one) for one in outcome.events],
        "loads": [
            {
                "name": one.name,
                "target": one.target,
                "summary": asdict(one.summary),
                "requests": _rows(one.requests),
            }
            for one in outcome.loads
        ],
        "initial": [asdict(one) for one in outcome.initial],
        "samples": grouped(outcome.samples),
        "packets": None if outcome.packets is None else [asdict(one) for one in outcome.packets],
    }


def outcome_from_json(value: object) -> Outcome:
    """What `outcome_to_json` gave.

    Raises:
        ValueError: it is nothing of that shape.
        LvsnetError: a part of it is not as this version of lvsnet writes it.
    """
    from lvsnet.scenario.result import Outcome

    rest = dict(mapping(value, "outcome"))
    loads = array(rest.pop("loads", None), "outcome.loads")
    samples = tuple(ungrouped(rest.pop("samples", [])))
    head = codec.decode(Outcome, {**rest, "loads": []}, "outcome")
    return replace(
        head,
        loads=tuple(_load(one, f"outcome.loads[{n}]") for n, one in enumerate(loads)),
        samples=samples,
    )


def _step_to_json(step: Step) -> dict[str, object]:
    return {
        "act": _act_to_json(step.act),
        "text": step.text,
        "line": step.line,
        "limit": step.limit,
        "on_pass": step.on_pass,
        "on_fail": step.on_fail,
    }


def _act_to_json(act: Act) -> dict[str, object]:
    match act:
        case Break(order):
            return {"kind": BREAK, "order": faults.to_json(order)}
        case Expect(expectation, within):
            said = _expectation_to_json(expectation)
            return {"kind": EXPECT, "expectation": said, "within": within}
        case Stays(expectation, seconds):
            said = _expectation_to_json(expectation)
            return {"kind": STAYS, "expectation": said, "seconds": seconds}
        case _:
            return {"kind": _name(PLAIN_ACTS, act), **asdict(act)}


def _expectation_to_json(expectation: Expectation) -> dict[str, object]:
    if isinstance(expectation, Holds):
        return {"kind": HOLDS, "condition": conditions.to_json(expectation.condition)}
    return {"kind": _name(PLAIN_EXPECTATIONS, expectation), **asdict(expectation)}


def _always_to_json(always: Always) -> dict[str, object]:
    watch = always.watch
    said = (
        _expectation_to_json(watch)
        if isinstance(watch, Holds)
        else {
            "kind": SINGLE,
            **asdict(watch),
        }
    )
    return {"watch": said, "text": always.text, "line": always.line}


def _name(kinds: Mapping[str, type], value: object) -> str:
    return next(name for name, kind in kinds.items() if type(value) is kind)


def _step(value: object, where: str) -> Step:
    rest = dict(mapping(value, where))
    act = _act(rest.pop("act", None), f"{where}.act")
    about = codec.decode(_About, rest, where)
    return Step(act, about.text, about.line, about.limit, about.on_pass, about.on_fail)


def _act(value: object, where: str) -> Act:
    kind, rest = _kind(value, where)
    if kind in PLAIN_ACTS:
        return codec.decode(PLAIN_ACTS[kind], rest, where)
    if kind == BREAK:
        return Break(faults.from_json(rest.get("order")))
    if kind in (EXPECT, STAYS):
        said = _expectation(rest.get("expectation"), f"{where}.expectation")
        if kind == EXPECT:
            return Expect(said, number(rest.get("within"), f"{where}.within"))
        return Stays(said, number(rest.get("seconds"), f"{where}.seconds"))
    raise _unknown(where, kind, (*PLAIN_ACTS, BREAK, EXPECT, STAYS))


def _expectation(value: object, where: str) -> Expectation:
    kind, rest = _kind(value, where)
    if kind == HOLDS:
        return Holds(conditions.from_json(rest.get("condition")))
    if kind in PLAIN_EXPECTATIONS:
        return codec.decode(PLAIN_EXPECTATIONS[kind], rest, where)
    raise _unknown(where, kind, (HOLDS, *PLAIN_EXPECTATIONS))


def _always(value: object, where: str) -> Always:
    rest = dict(mapping(value, where))
    kind, watch = _kind(rest.pop("watch", None), f"{where}.watch")
    about = codec.decode(_Place, rest, where)
    if kind == HOLDS:
        return Always(Holds(conditions.from_json(watch.get("condition"))), about.text, about.line)
    if kind == SINGLE:
        return Always(codec.decode(Single, watch, f"{where}.watch"), about.text, about.line)
    raise _unknown(f"{where}.watch", kind, (HOLDS, SINGLE))


def _load(value: object, where: str) -> LoadResult:
    from lvsnet.scenario.result import LoadResult
    from lvsnet.traffic.model import Summary

    one = mapping(value, where)
    name, target = one.get("name"), one.get("target")
    if not isinstance(name, str) or not isinstance(target, str):
        raise ValueError(f"{where}: its name and target are text")
    summary = codec.decode(Summary, one.get("summary"), f"{where}.summary")
    return LoadResult(name, target, summary, _requests(one.get("requests"), where))


def _rows(requests: tuple[Request, ...]) -> list[list[object]]:
    from lvsnet.traffic.model import Request

    names = [field.name for field in fields(Request)]
    return [[getattr(one, name) for name in names] for one in requests]


def _requests(value: object, where: str) -> tuple[Request, ...]:
    from lvsnet.traffic.model import Request

    kinds = [str if str(field.type) == "str" else int for field in fields(Request)]
    found = []
    for row in array(value, f"{where}.requests"):
        if not isinstance(row, list) or [type(one) for one in row] != kinds:
            raise ValueError(f"{where}.requests: a row is not a request's")
        found.append(Request(*row))
    return tuple(found)


def _kind(value: object, where: str) -> tuple[str, dict[str, object]]:
    one = dict(mapping(value, where))
    return str(one.pop("kind", "")), one


def _unknown(where: str, kind: str, kinds: tuple[str, ...]) -> ValueError:
    return ValueError(f"{where}: its kind is {kind!r}, none of {', '.join(kinds)}")
