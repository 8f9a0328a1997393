"""What is said of a scenario that has failed, and of all of them together."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from testing_samples import event, outcome, step, task

from lvsnet.errors import Problem
from lvsnet.scenario.result import PASSED as STEP_PASSED
from lvsnet.testing import junit, report_text, table, timeline
from lvsnet.testing.model import ERROR, FAILED, NOT_RUN, PASSED, Deployed, Result

DEPLOYED = Deployed("crun", "guest 7.2.12", "virtual")
EVENTS = (
    event(2.0, "stop lb01", "fault", "", "put"),
    *(event(2.0 + n / 20, "a request was lost", "traffic", "client", "lost") for n in range(70)),
    event(5.31, "holds 192.168.10.100 on eth1", node="lb02", what="gained"),
)


def failed() -> Result:
    return Result(task(), FAILED, 3.25, outcome(*EVENTS), DEPLOYED)


def test_a_failure_says_where_what_was_seen_and_how_to_see_it_again() -> None:
    assert (
        report_text.failure(replace(failed(), kept="dr-director-dies"))
        == """\
FAILED labs/dr.yaml::director-dies
  labs/dr.yaml:31: expect: vip 192.168.10.100 on lb02 within 4s
    expected: 192.168.10.100 on lb02
    seen:     on no node
    said:     nobody took over
  traffic web to http://192.168.10.100: 130 of 200 answered by nginx01 65, nginx02 65
    70 lost: timeout 68, unreachable 2
    outage of 3.500 s, 2.000 s to 5.500 s, 70 lost
  what happened, in seconds of the lab's time since the scenario began:
        2.000          stop lb01
        2.000  client  a request was lost (70 such in 3.450 s)
        5.310  lb02    holds 192.168.10.100 on eth1
  its lab still runs: lvsnet inspect dr-director-dies; lvsnet destroy dr-director-dies
  again: lvsnet test labs/dr.yaml::director-dies --seed 7"""
    )


def test_an_error_says_its_words() -> None:
    result = Result(task(), ERROR, 0.5, error="nginx01: nginx ended\n  bind() failed")
    assert (
        report_text.failure(result, ["--kernel", "guest"])
        == """\
ERROR labs/dr.yaml::director-dies
  nginx01: nginx ended
    bind() failed
  again: lvsnet test labs/dr.yaml::director-dies --seed 7 --kernel guest"""
    )


def test_what_is_always_watched_can_be_what_failed() -> None:
    broken = replace(step(FAILED, seen="lb01 and lb02 for 0.41 s"), text="no two holders", line=9)
    one = outcome(passed=True)
    result = replace(failed(), outcome=replace(one, passed=False, always=(broken,)))
    said = report_text.failure(result)
    assert "labs/dr.yaml:9: no two holders" in said
    assert "seen:     lb01 and lb02 for 0.41 s" in said


def test_the_time_line_is_of_the_time_around_the_failed_step() -> None:
    # The sample's failed step is from 6 s to 10 s.
    at = [-5.0, -3.9, 0.0, 11.9, 12.1]
    lines = timeline.around(outcome(*(event(one, f"at {one}") for one in at)))
    assert [one.text for one in lines if not isinstance(one, int)] == [
        "at -3.9",
        "at 0.0",
        "at 11.9",
    ]


def test_of_a_long_time_line_the_middle_is_left_out() -> None:
    lines = timeline.around(outcome(*(event(n / 100, f"event {n}") for n in range(100))))
    assert lines[20] == 60
    assert len(lines) == 41
    assert "(60 more)" in "\n".join(report_text.of_timeline(lines))


def test_the_begin_of_traffic_is_told_once() -> None:
    begin = event(6.0, "traffic web: client to http://192.168.10.100/", "traffic", "", "begun")
    passed = event(6.0, "traffic: client -> http://192.168.10.100/: passed", "step", "", "passed")
    lost = event(6.1, "traffic web: timeout", "traffic", "client", "lost")
    lines = timeline.around(outcome(begin, passed, lost))
    assert [one.text for one in lines if not isinstance(one, int)] == [passed.text, lost.text]


def test_only_what_is_alike_and_follows_each_other_becomes_one_line() -> None:
    lost = [event(n, "lost", "traffic", "client", "lost") for n in range(6)]
    vip = event(3.5, "holds it", node="lb02")
    texts = [one.text for one in timeline.gathered([*lost[:4], vip, *lost[4:]])]
    assert texts == ["lost (4 such in 3.000 s)", "holds it", "lost", "lost"]
    assert [one.text for one in timeline.gathered([vip] * 4)] == ["holds it"] * 4


def test_totals_name_every_state_once() -> None:
    results = [failed(), *(replace(failed(), state=one) for one in (PASSED, PASSED, ERROR))]
    assert report_text.totals(results, 8.24) == "2 passed, 1 failed, 1 error in 8.2 s"
    both = [replace(failed(), state=ERROR)] * 2
    assert report_text.totals([*both, Result(task(), NOT_RUN)], 1) == "2 errors, 1 not run in 1.0 s"


def test_repeats_say_how_often_it_passed_and_with_which_seeds_not() -> None:
    results = [
        replace(failed(), state=state, task=replace(task(seed=seed), repeat=seed, repeats=3))
        for seed, state in ((1, PASSED), (2, FAILED), (3, ERROR))
    ]
    assert list(report_text.of_repeats(results)) == [
        "labs/dr.yaml::director-dies: 1 of 3 passed; not with seed 2, 3"
    ]
    assert not list(report_text.of_repeats([failed()]))


def parsed(results: list[Result], problems: tuple[Problem, ...] = ()) -> ElementTree.Element:
    texts = {one.task.plan.lab: report_text.failure(one) for one in results}
    return ElementTree.fromstring(junit.document(results, problems, 12.5, texts))


def test_junit_has_a_suite_for_a_file_and_a_case_for_a_scenario() -> None:
    other = replace(task("other", "dr-other"), source=task().source.with_name("other.yaml"))
    results = [
        failed(),
        Result(task("fine", "dr-fine"), PASSED, 1.5, outcome(passed=True), DEPLOYED),
        Result(other, NOT_RUN),
    ]
    root = parsed(results)
    assert root.tag == "testsuites"
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    assert [one.get("name") for one in root] == ["labs/dr.yaml", "labs/other.yaml"]
    case = root[0][0]
    assert (case.get("name"), case.get("classname")) == ("director-dies", "labs/dr.yaml")
    assert case.get("time") == "3.250"
    seen = {one.get("name"): one.get("value") for one in case.iterfind("properties/property")}
    assert seen["seed"] == "7"
    assert seen["lab_time"] == "12.000"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "expect: vip 192.168.10.100 on lb02 within 4s: on no node"
    assert "holds 192.168.10.100" in (failure.text or "")
    assert [one.tag for one in root[0][1]] == ["properties"]
    assert root[1][0].find("skipped") is not None


def test_junit_has_errors_for_files_that_are_wrong() -> None:
    root = parsed(
        [], (Problem("labs/x.yaml", 3, 1, "is wrong"), Problem("labs/x.yaml", 4, 1, "too"))
    )
    (suite,) = root
    assert (root.get("errors"), suite.get("tests")) == ("2", "2")
    assert [one[0].text for one in suite] == ["labs/x.yaml:3:1: is wrong", "labs/x.yaml:4:1: too"]


@pytest.mark.parametrize("wild", ["\x1b[31m", "\0", "\ud800", "\ufffe", "]]>", "<&'\""])
def test_junit_is_xml_whatever_is_said(wild: str) -> None:
    root = parsed([replace(failed(), state=ERROR, error=f"said {wild} so")])
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert f"said {junit_text(wild)} so" in (error.text or "")


def junit_text(wild: str) -> str:
    """As it is to be read: what XML cannot have is escaped."""
    return re.sub("[\x1b\0\ud800\ufffe]", lambda one: ascii(one[0])[1:-1], wild)


def test_json_has_everything_and_requests_when_they_are_wanted() -> None:
    problem = Problem("labs/x.yaml", 3, 1, "is wrong")
    document = table.document([failed()], (problem,), 3.3, (), requests=False)
    read = json.loads(json.dumps(document))
    (one,) = read["scenarios"]
    assert (read["passed"], read["counts"], one["seed"]) == (False, {"failed": 1}, 7)
    assert one["again"] == "lvsnet test labs/dr.yaml::director-dies --seed 7"
    assert one["outcome"]["steps"][1]["seen"] == "on no node"
    assert len(one["outcome"]["events"]) == len(EVENTS)
    assert one["outcome"]["loads"][0]["summary"]["outage"] == 3.5
    assert "requests" not in one["outcome"]["loads"][0]
    assert read["problems"][0]["line"] == 3
    with_requests = table.document([failed()], (), 3.3, (), requests=True)
    (again,) = json.loads(json.dumps(with_requests))["scenarios"]
    assert again["outcome"]["loads"][0]["requests"] == []


def test_json_has_passed_only_when_all_have(capsys: pytest.CaptureFixture[str]) -> None:
    fine = Result(task(), PASSED, 1.0, outcome(passed=True), DEPLOYED)
    problem = Problem("labs/x.yaml", 3, 1, "is wrong")
    assert table.document([fine], (), 1.0, (), requests=False)["passed"]
    assert not table.document([fine, failed()], (), 1.0, (), requests=False)["passed"]
    assert not table.document([fine], (problem,), 1.0, (), requests=False)["passed"]
    assert not table.document([], (), 1.0, (), requests=False)["passed"]
    table.print_table([fine])
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row == ["labs/dr.yaml::director-dies", "passed", "12.00", "s", "1.00", "s", "7"]


def test_a_step_that_passed_is_no_failure() -> None:
    assert timeline.failure(replace(outcome(), steps=(step(STEP_PASSED),))) is None
