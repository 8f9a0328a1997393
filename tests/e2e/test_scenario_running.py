"""Scenarios in labs in virtual time: what they see, what they leave, and how long they take.

That a seed repeats a run says test_lvsnet_test.py.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from e2e.users import DEADLINE, VIP, User, eventually, line
from lvsnet.faults.model import Mend, PowerOff, Put
from lvsnet.observe.conditions import Condition, InTable, Server, Succeeds, VipOn
from lvsnet.scenario import wire
from lvsnet.scenario.model import (
    Act,
    Always,
    Break,
    Even,
    Expect,
    Finish,
    Holds,
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
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, Outcome
from lvsnet.traffic.model import Load, Target

SECOND = 1_000_000_000
WEB = Target("http", VIP, 80)
STOP, START = Break(Put(PowerOff("lb01"))), Break(Mend(PowerOff("lb01")))
ASK = """
import json, sys
from lvsnet.control import labs, scenarios
from lvsnet.scenario import wire
def told(result):
    print(json.dumps(wire.step_result_to_json(result)), flush=True)
lab, place = labs.the_lab("")
scenario = wire.from_json(json.loads(sys.stdin.readline()))
print(json.dumps(wire.outcome_to_json(scenarios.run(place, lab, scenario, told))))
"""


def on(node: str) -> Holds:
    return Holds(Condition((VipOn(VIP, node),)))


def scenario(*acts: Act, always: tuple[Always, ...] = ()) -> Scenario:
    steps = tuple(Step(act, f"step {n}", n) for n, act in enumerate(acts))
    return Scenario("test", steps, always)


DIRECTOR_DIES = scenario(
    Send(Load("web", ("client",), WEB, 20.0, 200)),
    Wait(2.0),
    STOP,
    Expect(on("lb02"), 4.0),
    START,
    Expect(on("lb01"), 10.0),
    Finish(()),
    Expect(Measured("outage", "<=", 4.0)),
    Expect(Measured("lost", "<=", 80.0)),
    Expect(Even(10.0)),
    always=(Always(Single("", 0.5), "no two holders for more than 500ms", 1),),
)


def asks(user: User, one: Scenario) -> subprocess.Popen[bytes]:
    """A program that runs a scenario in the only lab, and says each step's result."""
    process = subprocess.Popen(
        [sys.executable, "-c", ASK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=user.environment,
        cwd=user.home,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(wire.to_json(one)).encode() + b"\n")
    process.stdin.flush()
    return process


def outcome(user: User, *acts: Act, always: tuple[Always, ...] = ()) -> Outcome:
    return outcome_of(user, scenario(*acts, always=always))


def outcome_of(user: User, one: Scenario) -> Outcome:
    process = asks(user, one)
    try:
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err.decode()
    *told, last = out.splitlines()
    found = wire.outcome_from_json(json.loads(last))
    assert tuple(wire.step_result_from_json(json.loads(one)) for one in told) == found.steps
    return found


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("scenario"))
    return warm_held


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    """A lab whose nodes run, with the VIP on lb01."""
    yield lab
    lab.tries("start", "lb01")
    lab.comes(f"vip {VIP} on lb01 and vip {VIP} on one node", 30)


def test_the_death_of_a_director_is_measured(site: User) -> None:
    found = outcome_of(site, DIRECTOR_DIES)
    assert found.passed, found.steps
    (load,) = found.loads
    assert load.summary.requests == len(load.requests) == 200
    (outage,) = load.summary.outages
    assert 2.5 < outage.seconds < 4.0
    assert load.summary.lost == outage.lost > 40
    seen = [one.seen for one in found.steps]
    assert seen[6] == f"200 requests, {outage.lost} lost"
    assert seen[7].startswith(f"{outage.seconds:.2f} s, from ")
    assert seen[9].startswith("nginx01 ")
    told = [(one.kind, one.node, one.what) for one in found.events]
    in_order = [
        ("traffic", "", "begun"),
        ("traffic", "", "outage"),
        ("fault", "lb01", "put"),
        ("vip", "lb02", "gained"),
        ("traffic", "", "answered"),
        ("vip", "lb01", "gained"),
        ("traffic", "", "ended"),
    ]
    assert ("fault", "lb01", "mended") in told
    position = -1
    for event in in_order:
        position = told.index(event, position + 1)
    assert found.always[0].state == PASSED


def test_after_a_failed_step_the_lab_is_left_as_it_is(site: User) -> None:
    begun = site.time()
    found = outcome(
        site,
        Send(Load("web", ("client",), WEB, 10.0)),
        STOP,
        Expect(on("lb01"), 2.0),
        START,
    )
    assert [one.state for one in found.steps] == [PASSED, PASSED, FAILED, SKIPPED]
    failed = found.steps[2]
    assert failed.expected == f"vip {VIP} on lb01 within 2 s"
    assert failed.seen == f"{VIP} is on no node"
    assert failed.ended - failed.begun >= 2 * SECOND
    assert found.loads[0].summary.requests > 19
    assert 2 < site.time() - begun < 10
    assert site.tries("exec", "lb01", "true").code != 0


def test_what_a_director_and_a_node_say_is_expected(site: User) -> None:
    listed = Condition(tuple(InTable(Server(f"nginx0{n}"), True, "lb01") for n in (1, 2)))
    found = outcome(
        site,
        Expect(Holds(listed), 20.0),
        Send(Load("few", ("client",), WEB, 10.0, 10)),
        Finish(("few",)),
        Expect(Measured("answered", "==", 5.0, "few", "nginx01")),
        Expect(States("FIN_WAIT", ">=", 10, "lb01"), 2.0),
        Stays(on("lb01"), 3.0),
        Expect(Run("client", f"curl -s {VIP}", 0, "nginx0[12]"), 5.0),
        Expect(Run("client", "exit 3", 3)),
        Expect(Run("client", "echo no; exit 4"), 1.0),
    )
    *passed, failed = found.steps
    assert [one.state for one in passed] == [PASSED] * 8, found.steps
    assert (failed.state, failed.seen) == (FAILED, "exit code 4, no")
    assert passed[5].ended - passed[5].begun >= 3 * SECOND


def test_a_violation_is_told_with_its_time(site: User) -> None:
    holds = Holds(Condition((Succeeds("client", "! test -e /run/broken"),)))
    found = outcome(
        site,
        Wait(0.5),
        Expect(Run("client", "touch /run/broken")),
        Wait(1.0),
        always=(Always(holds, "exec client: ! test -e /run/broken", 5),),
    )
    assert [one.state for one in found.steps] == [PASSED, FAILED, SKIPPED]
    assert found.always[0].state == FAILED
    assert "/run/broken: exit code 1" in found.always[0].seen


def test_nothing_goes_on_when_the_client_is_killed(site: User) -> None:
    endless = Load("endless", ("client",), WEB, 10.0)
    long = 36000.0
    steps = (Step(Send(endless), "send", 1), Step(Wait(long), "wait", 2, long))
    process = asks(site, Scenario("long", steps, limit=long))
    try:
        assert json.loads(line(process.stdout))["state"] == PASSED
        assert "lvsnet-traffic" in site.does("exec", "client", "ps", "-e")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE)
    eventually(lambda: "lvsnet-traffic" not in site.does("exec", "client", "ps", "-e"), 30)
    before = site.time()
    assert site.does("exec", "client", "echo", "there") == "there\n"
    assert site.time() - before < 1
