"""Running a scenario in a lab that is only said to be there: its time, its steps, its end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from scenario_world import VIP, Fake, at, gained, lost, off

from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Clear, LinkDown, Mend, PowerOff, Put
from lvsnet.observe.conditions import Condition, VipOn
from lvsnet.observe.sample import Sample
from lvsnet.scenario import running
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
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, Outcome, StepResult
from lvsnet.traffic.model import Load, Request, Target

ON_LB02 = Condition((VipOn(VIP, "lb02"),))
HOLDS = Holds(ON_LB02)
STOP = Break(Put(PowerOff("lb01")))
NEVER_TWO = Always(Single(), "no two holders", 3)


def step(act: Act, text: str = "step", limit: float = 60.0) -> Step:
    return Step(act, text, 7, limit, "fine", "bad luck")


def run(
    fake: Fake, *steps: Act | Step, always: Sequence[Always] = (), limit: float = 600.0
) -> Outcome:
    whole = tuple(one if isinstance(one, Step) else step(one) for one in steps)
    told: list[StepResult] = []
    scenario = Scenario("test", whole, tuple(always), limit=limit)
    outcome = running.run(scenario, fake, told.append)
    assert told == list(outcome.steps)
    assert [event.at for event in outcome.events] == sorted(event.at for event in outcome.events)
    return outcome


def states(outcome: Outcome) -> list[str]:
    return [one.state for one in outcome.steps]


def load(name: str = "web", count: int | None = 3, rate: float = 1.0) -> Load:
    return Load(name, ("client",), Target("http", VIP, 80), rate, count)


def request(seconds: float, took: float = 0.001, server: str = "a", failure: str = "") -> Request:
    return Request(at(seconds), at(took), "client", "" if failure else server, failure)


def after(seconds: float) -> Fake:
    """lb02 holds the VIP that long after the lab's tenth second."""
    return Fake(met=lambda _one, now: "" if now >= at(10 + seconds) else f"{VIP} is on no node")


def test_a_wait_takes_its_time_and_ends_at_a_whole_millisecond() -> None:
    fake = Fake(clock=at(10) + 1)
    outcome = run(fake, Wait(2.0))
    assert (outcome.steps[0].state, outcome.steps[0].said) == (PASSED, "fine")
    assert fake.clock == at(12.001)
    assert (outcome.begun, outcome.ended) == (at(10) + 1, fake.clock)


def test_a_condition_is_looked_at_by_a_grid_until_it_is_met() -> None:
    fake = after(3.25)
    fake.clock += at(0.03)
    outcome = run(fake, Expect(HOLDS, 4.0))
    assert outcome.passed
    assert fake.clock == at(13.3)
    assert fake.looks[:3] == [at(10.03), at(10.1), at(10.2)]
    assert outcome.steps[0].seen == "3.27 s"


def test_a_condition_is_looked_at_when_something_happens() -> None:
    fake = after(3.251)
    fake.script = [gained(13.251, "lb02")]
    outcome = run(fake, Expect(HOLDS, 4.0))
    assert (fake.clock, outcome.steps[0].seen) == (at(13.251), "3.25 s")


@pytest.mark.parametrize(("comes", "passes"), [(4.0, True), (4.001, False)])
def test_the_last_look_is_when_the_time_is_over(comes: float, passes: bool) -> None:
    fake = after(comes)
    outcome = run(fake, Expect(HOLDS, 4.0))
    assert outcome.passed is passes
    assert fake.clock == at(14)
    if not passes:
        (failed,) = outcome.steps
        assert failed.expected == f"vip {VIP} on lb02 within 4 s"
        assert (failed.seen, failed.said) == (f"{VIP} is on no node", "bad luck")


def test_without_a_time_it_is_met_at_once_or_never() -> None:
    assert run(after(0), Expect(HOLDS)).passed
    fake = after(0.001)
    assert not run(fake, Expect(HOLDS)).passed
    assert fake.clock == at(10)


def test_after_a_failure_nothing_more_is_done() -> None:
    fake = after(100)
    outcome = run(fake, Expect(HOLDS), STOP, Wait(5))
    assert states(outcome) == [FAILED, SKIPPED, SKIPPED]
    assert (fake.orders, fake.clock) == ([], at(10))
    assert (outcome.steps[1].begun, outcome.steps[1].ended) == (0, 0)


def test_what_the_lab_refuses_fails_the_step_with_its_words() -> None:
    outcome = run(Fake(refuses="lb01 is off already"), STOP, Wait(1))
    assert states(outcome) == [FAILED, SKIPPED]
    assert outcome.steps[0].seen == "lb01 is off already"


def test_a_step_that_is_over_its_limit_fails() -> None:
    fake = Fake()
    outcome = run(fake, step(Wait(20.0), limit=5.0), Wait(1))
    assert states(outcome) == [FAILED, SKIPPED]
    assert outcome.steps[0].expected == "an end within 5 s, the limit of the step"
    assert fake.clock == at(15)


def test_an_order_that_takes_too_long_fails() -> None:
    outcome = run(Fake(takes={"order": 6}), step(STOP, limit=5.0))
    assert outcome.steps[0].expected == "an end within 5 s, the limit of the step"


def test_the_scenarios_limit_ends_it_too() -> None:
    fake = Fake()
    outcome = run(fake, Wait(6.0), Wait(6.0), limit=10.0)
    assert states(outcome) == [PASSED, FAILED]
    assert outcome.steps[1].expected == "an end within 10 s, the limit of the scenario"
    assert fake.clock == at(20)
    assert not run(Fake(), Wait(10.0), Wait(0.0), limit=10.0).passed


def test_an_expectation_that_the_limit_cuts_short_says_so() -> None:
    outcome = run(after(9), step(Expect(HOLDS, 20.0), limit=5.0))
    assert outcome.steps[0].expected.endswith("within 20 s, but the limit is over before")
    assert outcome.steps[0].ended == at(15)


def test_what_stays_is_looked_at_until_the_end() -> None:
    fake = Fake()
    assert run(fake, Stays(HOLDS, 3.0)).passed
    assert (fake.clock, fake.looks[-1]) == (at(13), at(13))
    breaks = Fake(met=lambda _one, now: f"{VIP} is on lb01" if at(12) <= now < at(12.05) else "")
    breaks.script = [gained(12.04, "lb01")]
    outcome = run(breaks, Stays(HOLDS, 3.0))
    assert not outcome.passed
    assert outcome.steps[0].seen == f"after 2.00 s: {VIP} is on lb01"
    assert outcome.steps[0].expected == f"vip {VIP} on lb02 for 3 s"


def test_a_fault_is_told_as_an_event_before_what_comes_of_it() -> None:
    fake = Fake(takes={"order": 0.5}, script=[lost(10.2, "lb01")])
    orders = (Put(LinkDown("lb01", "eth1")), Mend(PowerOff("lb01")), Clear("lb02"), Clear())
    outcome = run(fake, *(step(Break(one), f"fault: order {one.__class__}") for one in orders))
    assert fake.orders == list(orders)
    assert outcome.steps[0].seen == "500 ms"
    first, second, *_ = outcome.events
    assert (first.kind, first.what, first.node) == ("fault", "put", "lb01")
    assert second.kind == "vip"
    faults = [one for one in outcome.events if one.kind == "fault"]
    assert [one.what for one in faults] == ["put", "mended", "mended", "mended"]
    assert [one.node for one in faults] == ["lb01", "lb01", "lb02", ""]


def test_a_load_is_finished_when_its_last_request_is_over() -> None:
    sent = [request(10), request(11, 1.0, failure="timeout"), request(12, 0.05)]
    fake = Fake(results=lambda _load: sent)
    outcome = run(fake, Send(load()), Finish(("web",)))
    assert outcome.steps[1].seen == "3 requests, 1 lost"
    assert at(12.05) <= fake.clock <= at(12.1)
    (result,) = outcome.loads
    assert (result.name, result.target, result.requests) == ("web", f"http://{VIP}/", tuple(sent))
    assert fake.forgotten == ["0"]
    told = [(one.at, one.what) for one in outcome.events if one.kind == "traffic"]
    assert told == [
        (at(10), "begun"),
        (at(10.001), "outage"),
        (at(11), "lost"),
        (at(12.05), "answered"),
        (at(12.05), "ended"),
    ]


def test_a_load_without_an_end_is_ended() -> None:
    endless = [request(10 + n / 10, 0.05) for n in range(1000)]
    fake = Fake(results=lambda _load: endless)
    outcome = run(fake, Send(load(count=None)), Wait(2.0), Finish(()))
    assert outcome.steps[2].seen == "20 requests, 0 lost"


def test_loads_are_ended_with_the_scenario() -> None:
    endless = [request(10 + n / 10, 0.3) for n in range(1000)]
    fake = Fake(results=lambda _load: endless)
    outcome = run(fake, Send(load(count=None)), Wait(1.0), Expect(Run("client", "false", 1)))
    assert states(outcome) == [PASSED, PASSED, FAILED]
    assert len(outcome.loads[0].requests) == 10
    assert fake.clock == at(11.2)


def test_the_end_of_a_load_that_hangs_is_not_awaited_for_ever() -> None:
    fake = Fake(results=lambda _load: [request(10), request(11, 10**6)])
    outcome = run(fake, Send(load()), Wait(2.0))
    assert outcome.passed
    assert len(outcome.loads[0].requests) == 1
    assert fake.clock == at(14)


def test_a_load_that_goes_on_is_named_when_the_limit_is_over() -> None:
    fake = Fake(results=lambda _load: [request(10), request(11, 10**6)])
    outcome = run(fake, Send(load()), step(Finish(()), limit=5.0))
    assert outcome.steps[1].seen == "web goes on, 1 request so far"
    assert outcome.steps[1].expected == "an end within 5 s, the limit of the step"


def test_a_load_that_fails_of_itself_is_told() -> None:
    outcome = run(Fake(fails="no memory"), Send(load()), Finish(()))
    assert (outcome.steps[1].state, outcome.steps[1].seen) == (FAILED, "no memory")
    with pytest.raises(LvsnetError, match="no memory"):
        run(Fake(fails="no memory"), Send(load()))


def test_what_is_measured_was_sent_before_the_step() -> None:
    sent = [request(10), request(11, 1.5, failure="timeout"), request(12, failure="timeout")]
    fake = Fake(results=lambda _load: sent)
    outcome = run(fake, Send(load()), Wait(1.5), Expect(Measured("lost", "==", 1.0)))
    assert outcome.passed, outcome.steps
    assert outcome.steps[2].seen == "1 of 2 requests lost: timeout 1"
    assert fake.clock == at(12.5)


def test_what_is_measured_within_a_time_counts_what_comes() -> None:
    sent = [request(10 + n / 2, 0.1) for n in range(9)]
    fake = Fake(results=lambda _load: sent)
    expected = Expect(Measured("answered", ">=", 5.0), 10.0)
    outcome = run(fake, Send(load()), expected)
    assert outcome.passed
    assert outcome.steps[1].seen == "2.10 s, 5 of 5 requests answered"


def test_a_measure_that_stays_counts_to_the_end() -> None:
    late = [request(10), request(11.9, 0.5, failure="timeout")]
    fake = Fake(results=lambda _load: late)
    outcome = run(fake, Send(load()), Wait(0.5), Stays(Measured("lost", "==", 0.0), 1.5))
    assert not outcome.passed
    assert outcome.steps[2].seen.endswith("1 of 2 requests lost: timeout 1")


def test_the_spread_counts_a_real_server_that_has_answered_nothing() -> None:
    fake = Fake(results=lambda _load: [request(10), request(11)], table=("a", "b"))
    outcome = run(fake, Send(load()), Wait(3), Expect(Even(10.0)))
    assert outcome.steps[2].seen == "a 2, b 0"
    assert not outcome.passed


def test_a_command_is_repeated_until_it_is_so() -> None:
    fake = Fake(answers=lambda now: (0, "ok\n") if now >= at(12) else (7, "refused\n"))
    assert run(fake, Expect(Run("client", "curl"), 5.0)).steps[0].seen == "2.00 s, ok"
    assert fake.clock == at(12)
    failed = run(Fake(answers=lambda _now: (7, "refused\n")), Expect(Run("client", "curl")))
    assert failed.steps[0].expected == "client: curl: exit code 0"
    assert failed.steps[0].seen == "exit code 7, refused"


def test_a_command_without_a_time_may_take_the_steps_limit() -> None:
    assert run(Fake(takes={"run": 50}), step(Expect(Run("client", "slow")))).passed
    outcome = run(Fake(takes={"run": 70}), step(Expect(Run("client", "slow"))))
    assert outcome.steps[0].seen == "no end after 60 s"


def test_states_are_compared() -> None:
    fake = Fake(connections={"FIN_WAIT": 50, "ESTABLISHED": 2})
    outcome = run(fake, Expect(States("FIN_WAIT", "==", 50, "lb01")))
    assert (outcome.passed, outcome.steps[0].seen) == (True, "ESTABLISHED 2, FIN_WAIT 50")


def test_two_holders_fail_the_step_at_once_however_short_they_were() -> None:
    fake = Fake(held={VIP: ["lb02"]}, script=[gained(11, "lb01"), lost(11.0004, "lb02")])
    outcome = run(fake, Wait(0.5), Wait(5), Wait(1), always=[NEVER_TWO])
    assert states(outcome) == [PASSED, FAILED, SKIPPED]
    assert fake.clock == at(11.0004)
    words = f"lb02 and lb01 held {VIP} from 1.000 s on, for 400 us"
    assert (outcome.steps[1].seen, outcome.steps[1].expected) == (words, "always: no two holders")
    assert (outcome.always[0].state, outcome.always[0].seen) == (FAILED, words)


def test_two_holders_are_borne_as_long_as_it_says() -> None:
    fake = Fake(held={VIP: ["lb02"]}, script=[gained(11, "lb01"), lost(11.15, "lb02")])
    patient = Always(Single(VIP, 0.2), "no two holders for more than 200ms", 3)
    outcome = run(fake, Wait(5), always=[patient])
    assert outcome.passed
    assert outcome.always[0].seen == "two for 150 ms at most"
    fake = Fake(held={VIP: ["lb02"]}, script=[gained(11, "lb01")])
    outcome = run(fake, Wait(5), Wait(5), always=[patient])
    assert states(outcome) == [FAILED, SKIPPED]
    assert outcome.always[0].ended == at(11.2)
    assert fake.clock == at(11.3)


def test_the_power_loss_of_a_holder_is_no_second_one() -> None:
    events = [off(11, "lb01"), gained(14, "lb02")]
    outcome = run(Fake(held={VIP: ["lb01"]}, script=events), Wait(9), always=[NEVER_TWO])
    assert outcome.passed
    assert outcome.always[0].seen == "never two"


def test_two_that_hold_it_at_the_end_are_told_though_no_step_saw_it() -> None:
    fake = Fake(held={VIP: ["lb02"]}, script=[gained(10.99, "lb01")])
    outcome = run(fake, Wait(1), always=[NEVER_TWO])
    assert states(outcome) == [PASSED]
    assert (outcome.passed, outcome.always[0].state) == (False, FAILED)


def test_a_condition_that_always_holds_is_looked_at_again_and_again() -> None:
    fake = Fake(met=lambda _one, now: "" if now < at(12.34) else f"{VIP} is on lb01")
    outcome = run(fake, Wait(1), Wait(5), always=[Always(HOLDS, "vip on lb02", 3)])
    assert states(outcome) == [PASSED, FAILED]
    assert fake.clock == at(12.4)
    assert outcome.always[0].seen == f"{VIP} is on lb01"


def test_a_run_is_repeated_exactly() -> None:
    def once() -> Outcome:
        fake = after(3)
        fake.script = [off(11, "lb01"), gained(13, "lb02")]
        fake.results = lambda _load: [request(10 + n / 10) for n in range(40)]
        steps = (Send(load(count=40)), Wait(1), STOP, Expect(HOLDS, 4), Finish(()))
        return run(fake, *steps, always=[NEVER_TWO])

    assert once() == once()


def test_how_things_stood_is_told_as_of_the_begin() -> None:
    outcome = run(Fake(stands=[gained(1.5, "lb01"), off(1.5, "lb02")]), Wait(1.0))
    assert outcome.initial == (gained(10, "lb01"), off(10, "lb02"))


def test_what_tables_counted_is_told_from_the_begin_on() -> None:
    def sample(seconds: float, server: str, active: int) -> Sample:
        return Sample(at(seconds), "lb01", "tcp 192.168.10.100:80", server, 1, active, 0)

    counted = [
        *(sample(8, "a", 1), sample(9, "a", 2), sample(11, "a", 3)),
        *(sample(8, "b", 1), sample(10, "b", 2)),
        sample(9, "c", 1),
        sample(10.5, "d", 1),
    ]
    assert run(Fake(counted=counted), Wait(1.0)).samples == (
        *(sample(10, "a", 2), sample(11, "a", 3)),
        sample(10, "b", 2),
        sample(10, "c", 1),
        sample(10.5, "d", 1),
    )
