"""What `lvsnet test` wrote becomes what a report shows."""

from __future__ import annotations

import json
import time
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from report_samples import CONF, REQUESTS, WEB, loaded, result, text
from scenarios import outcomes
from testing_samples import BEGUN, SECOND, outcome, step, task

from lvsnet.errors import LvsnetError
from lvsnet.report import reading
from lvsnet.report.model import Curve, Run
from lvsnet.scenario.result import Outcome
from lvsnet.testing.model import Result


def read(*results: Result, requests: bool = True) -> tuple[Run, ...]:
    return reading.runs(text(*results, requests=requests), "results.json")


def test_a_run_is_told_with_how_it_ran() -> None:
    (run,) = read(result())
    assert (run.title, run.lab) == ("labs/dr.yaml::director-dies", "dr-director-dies")
    assert (run.file, run.scenario) == ("labs/dr.yaml", "director-dies")
    assert (run.state, run.error) == ("failed", "")
    assert run.command == "lvsnet test labs/dr.yaml::director-dies --seed 7"
    assert (run.clock, run.seed) == ("virtual", 7)
    assert (run.runtime, run.kernel) == ("crun", "guest 7.2.7")
    assert (run.begun, run.ended) == (BEGUN, BEGUN + 12 * SECOND)
    assert run.missing == ("packets",)


def test_times_are_since_the_begin() -> None:
    (run,) = read(result())
    passed, failed, skipped = run.steps
    assert (passed.begun, passed.ended) == (SECOND, 2 * SECOND)
    assert (failed.seen, failed.ended) == ("on no node", 10 * SECOND)
    assert skipped == step("skipped")
    assert run.events[0].at == -SECOND // 2
    assert [one.at for one in run.initial] == [0]
    (load,) = run.loads
    (outage,) = load.summary.outages
    assert (outage.start, outage.end, outage.over) == (501_000_000, 2 * SECOND, False)
    assert (load.summary.begun, load.summary.ended) == (0, 2 * SECOND)
    assert load.summary.lost == 1


def test_requests_are_columns_by_time() -> None:
    (load,) = read(result())[0].loads
    assert load.requests is not None
    assert load.requests.at == (0, SECOND // 2, SECOND)
    assert load.requests.took == (2_000_000, 1_000_000, SECOND)
    assert load.requests.servers == ("nginx01", "nginx02")
    assert load.requests.server == (0, 1, -1)
    assert load.requests.failures == ("timeout",)
    assert load.requests.failure == (-1, -1, 0)


def test_a_lost_request_is_told_once() -> None:
    """By its load's columns, or without them by its event."""
    (run,) = read(result())
    assert [one.subject for one in run.events if one.what == "lost"] == ["x"]
    (less,) = read(result(), requests=False)
    assert [one.subject for one in less.events if one.what == "lost"] == ["web", "x"]


def test_samples_are_a_curve_for_each_line_of_a_table() -> None:
    service, server = WEB
    assert read(result())[0].samples == (
        Curve("lb01", service, server, (0, 2_500_000_000), (1, -1), (0, 0), (0, 0)),
        Curve("lb02", service, server, (0,), (1,), (2,), (3,)),
    )


def test_the_site_is_told_by_its_nodes() -> None:
    (run,) = read(result())
    assert run.files == {"lb01": {"/etc/keepalived/keepalived.conf": CONF}, "nginx01": {}}
    assert run.names == {"192.168.10.11": "lb01", "192.168.10.13": "nginx01"}
    assert run.roles == {"lb01": "director", "nginx01": "realserver"}
    assert run.picture.startswith("<svg ")
    assert "nginx01" in run.picture


def test_what_a_scenario_shows_is_told_also_without_its_site() -> None:
    (run,) = read(result(), requests=False)
    assert run.description == "lb01 dies."
    document = json.loads(text(result()))
    del document["scenarios"][0]["description"]  # as results of before have it
    (run,) = reading.runs(json.dumps(document), "x")
    assert run.description == ""


def test_what_was_not_written_is_said() -> None:
    (run,) = read(result(), requests=False)
    assert set(run.missing) == {"requests", "site", "packets"}
    assert run.loads[0].requests is None
    assert run.loads[0].summary.requests == 3
    assert (run.files, run.roles) == ({}, {})
    document = json.loads(text(result()))
    del document["scenarios"][0]["outcome"]["samples"]
    (run,) = reading.runs(json.dumps(document), "x")
    assert (run.samples, set(run.missing)) == ((), {"samples", "packets"})


def test_one_that_could_not_be_run_has_its_error() -> None:
    broken, idle = read(
        Result(task(seed=None), "error", 1.0, error="dr: no such image"),
        Result(task("other"), "not run"),
    )
    assert (broken.state, broken.error, broken.clock) == ("error", "dr: no such image", "real")
    assert (broken.begun, broken.ended, broken.steps, broken.kernel) == (0, 0, (), "")
    assert (idle.state, idle.error) == ("not run", "")


@settings(max_examples=40)
@given(outcomes)
def test_any_outcome_can_be_read(found: Outcome) -> None:
    (run,) = read(replace(result(), outcome=found))
    assert run.begun == found.begun
    assert len(run.steps) == len(found.steps)
    assert sum(len(one.at) for one in run.samples) == len(found.samples)
    for load, said in zip(run.loads, found.loads, strict=True):
        assert load.requests is not None
        columns = [getattr(load.requests, one.name) for one in fields(load.requests)][:4]
        assert {len(one) for one in columns} == {len(said.requests)}
        assert sum(load.requests.took) == sum(one.took for one in said.requests)
        assert sorted(load.requests.at) == list(load.requests.at)


def changed(**parts: object) -> str:
    return json.dumps({**json.loads(text(result())), **parts})


def outcome_with(**parts: object) -> str:
    document = json.loads(text(result()))
    document["scenarios"][0]["outcome"] |= parts
    return json.dumps(document)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"x: no results of scenarios \(Expecting value: line 1 .*\); `lvsnet test --report"),
        ("\xff\x00", "x: no results of scenarios"),
        ("[" * 100_000, "x: no results of scenarios"),
        ("[]", "x: no results of scenarios; `lvsnet test --report DIR` and"),
        ('{"scenarios": 3}', "x: no results of scenarios; "),
        ('{"scenarios": []}', "x: results without a version, and this lvsnet reads version 1; "),
        (changed(version=2), "x: results of version 2, and this lvsnet reads version 1; run"),
        (changed(scenarios=[]), "x: these results have no run of a scenario"),
        (changed(scenarios=[7]), r"x: scenarios\[0\]: expected a mapping, not int"),
        (changed(scenarios=[{}]), r"x: scenarios\[0\]: title, file, .* missing; it was not wri"),
        (outcome_with(begun="x"), r"x: scenarios\[0\].outcome.begun: expected int, not str"),
        (outcome_with(loads=3), r"x: scenarios\[0\].outcome.loads: expected a list, not int"),
        (outcome_with(samples=3), "x: samples: expected a list, not int"),
        (outcome_with(loads=[{}]), r"outcome.loads\[0\]: its name and target are text"),
    ],
)
def test_what_are_no_results_is_refused(content: str, message: str) -> None:
    with pytest.raises(LvsnetError, match=f"^{message}" if message.startswith("x") else message):
        reading.runs(content, "x")


def test_what_is_no_request_is_refused() -> None:
    load = json.loads(text(result()))["scenarios"][0]["outcome"]["loads"][0]
    for wrong in (7, [0, 1], {"at": 0}, {**load["requests"][0], "took": "1"}):
        content = outcome_with(loads=[{**load, "requests": [wrong]}])
        with pytest.raises(LvsnetError, match="requests: a request has at, took, server and fail"):
            reading.runs(content, "x")


def test_many_requests_are_read_in_no_time() -> None:
    many = [replace(one, at=BEGUN + n) for n in range(10_000) for one in REQUESTS[:1]]
    written = text(replace(result(), outcome=replace(outcome(), loads=(loaded(many),))))
    begun = time.process_time()
    (run,) = reading.runs(written, "x")
    assert time.process_time() - begun < 2
    (load,) = run.loads
    assert load.requests is not None
    assert len(load.requests.at) == 10_000
