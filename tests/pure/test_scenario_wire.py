"""Scenarios and outcomes go over the wire as JSON, and come back equal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from scenarios import outcomes, results, scenarios

from lvsnet.errors import LvsnetError
from lvsnet.guest.boot import AGENT
from lvsnet.scenario import wire
from lvsnet.scenario.model import Scenario, Step, Wait
from lvsnet.scenario.result import LoadResult, Outcome, StepResult
from lvsnet.traffic.model import Request, Summary

STEP = Step(Wait(2.0), "wait: 2s", 7)
ONE = Scenario("one", (STEP,))
SUMMARY = Summary(1, 1, 0, (), (), (), 1, 1, 1, 1, 0, 1)
REQUEST = Request(0, 1, "client", "nginx01")
OUTCOME = Outcome(True, 0, 1, (), (), (), (LoadResult("web", "x", SUMMARY, (REQUEST,)),))


def passed_on(value: object) -> object:
    return json.loads(json.dumps(value))


@settings(max_examples=40)
@given(scenarios)
def test_a_scenario_comes_back_equal(scenario: Scenario) -> None:
    assert wire.from_json(passed_on(wire.to_json(scenario))) == scenario


@settings(max_examples=40)
@given(outcomes)
def test_an_outcome_comes_back_equal(outcome: Outcome) -> None:
    assert wire.outcome_from_json(passed_on(wire.outcome_to_json(outcome))) == outcome


@given(results)
def test_a_step_s_result_comes_back_equal(result: StepResult) -> None:
    assert wire.step_result_from_json(passed_on(wire.step_result_to_json(result))) == result


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "scenario: expected a mapping, not NoneType"),
        ({"steps": None}, "scenario.steps: expected a list, not NoneType"),
        ({"name": 1}, "scenario.name: expected str, not int; it was not written by this version"),
        ({"since": 1}, "scenario: unknown since"),
        ({"steps": [{"act": {"kind": "jump"}}]}, r"steps\[0\].act: its kind is 'jump', none of se"),
        ({"steps": [{"act": {"kind": "wait"}}]}, r"steps\[0\].act: seconds missing"),
        (
            {"steps": [{"act": {"kind": "expect", "expectation": {"kind": "states"}}}]},
            r"steps\[0\].act.expectation: state, comparison, number, director missing",
        ),
        ({"always": [{"watch": {"kind": "one"}, "text": "", "line": 1}]}, "none of holds, single"),
    ],
)
def test_what_is_no_scenario_is_refused(change: dict[str, object] | None, message: str) -> None:
    value = None if change is None else {**wire.to_json(ONE), **change}
    with pytest.raises((ValueError, LvsnetError), match=message):
        wire.from_json(value)


@pytest.mark.parametrize("row", [[], [0, 1, "client"], [True, 1, "c", "s", "", 0, 0, 0, 0], "x"])
def test_what_is_no_request_is_refused(row: object) -> None:
    value = wire.outcome_to_json(OUTCOME)
    loads = value["loads"]
    assert isinstance(loads, list)
    assert wire.outcome_from_json(passed_on(value)) == OUTCOME
    loads[0]["requests"] = [row]
    with pytest.raises(ValueError, match="a row is not a request's"):
        wire.outcome_from_json(passed_on(value))


def test_it_runs_in_the_guest_with_what_is_carried_there() -> None:
    """It imports nothing that is not in the agent's list of files."""
    import subprocess
    import sys

    code = (
        "import json, sys; from lvsnet.scenario import wire, result\n"
        "from lvsnet.scenario.model import Scenario\n"
        "wire.from_json(json.loads(json.dumps(wire.to_json(Scenario('a', ())))))\n"
        "wire.outcome_to_json(result.Outcome(True, 0, 1, (), (), (), ()))\n"
        "print(*(name for name in sys.modules if name.startswith('lvsnet')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in done.stdout.split():
        path = name.removeprefix("lvsnet").removeprefix(".").replace(".", "/")
        files = {f"{path}.py", f"{path}/__init__.py".removeprefix("/")}
        assert files & set(AGENT), name


def test_many_requests_are_small() -> None:
    load = LoadResult("web", "x", SUMMARY, (REQUEST,) * 1000)
    said = json.dumps(wire.outcome_to_json(replace(OUTCOME, loads=(load,))))
    assert len(said) < 60_000
