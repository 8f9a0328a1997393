"""What links are to carry: the sentences, what they name, and what came of them."""

from __future__ import annotations

from contextlib import suppress

import pytest
import scenarios
from hypothesis import given
from hypothesis import strategies as st
from scenario_world import Fake, at, off

from lvsnet.compiled import compile_file
from lvsnet.engine.link_counters import Counters
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs
from lvsnet.scenario import carrying, checking, expecting, running, sentences
from lvsnet.scenario.carrying import Look
from lvsnet.scenario.model import Carried, Expect, Links, Scenario, Step
from lvsnet.scenario.result import FAILED, PASSED, StepResult
from lvsnet.scenario.sentences import Sentence, parse, parse_watched

IN = Carried("lb01", "eth1", "in", "rate", "", 75_000_000, 5.0)
NOTHING = Counters(7, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_file(example_labs()["nat"]).plan


@given(scenarios.links)
def test_what_is_said_of_it_is_read_as_it(links: Links) -> None:
    assert parse(str(links)) == Sentence(links)
    assert parse(f"  {str(links).replace(' ', '  ')}\n") == Sentence(links)
    assert sentences.act(parse(str(links)), 3.5) == Expect(links)
    assert expecting.in_words(links) == str(links)


@given(
    st.text(alphabet="link lb01:eth1 in out 75Mbit within 5% over 4s drops == 0 and <", max_size=70)
)
def test_any_text_is_a_sentence_or_is_refused_as_none(text: str) -> None:
    for read in (parse, parse_watched):
        with suppress(LvsnetError):
            read(f"link {text}")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("link lb01:eth1 in 75Mbit within 5% over 4s", Links((IN,), 4.0)),
        (
            "link lb01:lan out<=100mbit over 500ms",
            Links((Carried("lb01", "lan", "out", "rate", "<=", 10**8),), 0.5),
        ),
        (
            "link lb01:lan in drops == 0 and link lb01:eth1 in 75Mbit within 5% over 1s + 500ms",
            Links((Carried("lb01", "lan", "in", "drops", "==", 0), IN), 1.5),
        ),
    ],
)
def test_forms(text: str, links: Links) -> None:
    assert parse(text) == Sentence(links)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("link", "expected a node and its interface, such as lb01:eth1, at the end", 4),
        ("link lb01 in", "expected an interface behind the node, such as lb01:eth1, at", 9),
        ("link lb01:eth1 75Mbit", "expected 'in' or 'out', as lb01 sees it, not '75Mbit'", 15),
        ("link lb01:eth1 in over 4s", "expected a rate, a comparison with one, or 'drops'", 18),
        ("link lb01:eth1 in 75MB within", "a byte has 8, such as 600Mbit, not '75MB'", 18),
        ("link lb01:eth1 in <= 1.5kB/s", "a byte has 8, such as 12.0kbit, not '1.5kB/s'", 21),
        ("link lb01:eth1 in 75 within", "expected bits a second, such as 100Mbit", 18),
        ("link lb01:eth1 in 75Mbit over 4s", "expected 'within', not 'over'", 25),
        ("link lb01:eth1 in 75Mbit within 5s", "a percentage, such as 10%, not '5s'", 32),
        ("link lb01:eth1 in drops 0 over 4s", "expected '==', '!=', '>='", 24),
        ("link lb01:eth1 in drops == 0", "expected 'and' or 'over', with the time in", 28),
        ("link lb01:eth1 in drops == 0 and vip", "expected 'link', not 'vip'", 33),
        ("link lb01:eth1 in drops == 0 over 4", "a time with its unit, such as 4s", 34),
        ("link lb01:eth1 in drops == 0 over takeover", "without 'takeover', not 'takeover'", 34),
        ("link lb01:eth1 in drops == 0 over 0s", "expected a time from 10ms to 24h", 34),
        (
            "link lb01:eth1 in drops == 0 over 4s within 9s",
            "the end: what links carry is measured once, in the time behind 'over', not 'within'",
            37,
        ),
        ("link lb01:eth1 in drops == 0 over 4s for 9s", "is measured once", 37),
        ("lnik lb01:eth1 in drops == 0 over 4s", "(did you mean 'link'?), not 'lnik'", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str, at: int) -> None:
    with pytest.raises(LvsnetError) as caught:
        parse(text)
    first, *shown = str(caught.value).split("\n")
    assert message in first
    assert shown[1].index("^") - 2 == at


def test_links_are_not_watched_all_the_time() -> None:
    with pytest.raises(LvsnetError, match="a measure is for 'expect', not 'link'"):
        parse_watched("link lb01:eth1 in drops == 0 over 4s")


def test_an_interface_may_be_named_by_its_segment(plan: Plan) -> None:
    links = parse(
        "link lb01:back in drops == 0 and link lb02:eth1 out drops == 0 over 1s"
    ).expectation
    assert str(checking.resolved(links, plan)) == (
        "link lb01:eth2 in drops == 0 and link lb02:eth1 out drops == 0 over 1s"
    )


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("lb011:eth1", "lab nat has no node lb011; there is .* did you mean lb01"),
        ("lb01:eth3", r"lb01 has no interface eth3; it has eth1 \(in front\), eth2 \(in back\); d"),
    ],
)
def test_what_is_not_there_is_told(plan: Plan, place: str, why: str) -> None:
    links = parse(
        f"link lb01:eth1 in drops == 0 and link {place} in drops == 0 over 1s"
    ).expectation
    with pytest.raises(LvsnetError, match=why):
        checking.expectation(links, plan)


def judged(
    expected: Carried, before: Counters, after: Counters, seconds: float
) -> tuple[bool, str]:
    verdict = carrying.carried((expected,), [Look(at(1), before)], [Look(at(1 + seconds), after)])
    return verdict.met, verdict.seen


@pytest.mark.parametrize(
    ("text", "before", "after", "met", "seen"),
    [
        ("in 1Mbit within 5%", (0, 9), (475_000, 9), True, "950 kbit/s"),
        ("in 1Mbit within 5%", (0, 9), (474_999, 9), False, "950 kbit/s"),
        ("in 1Mbit within 5%", (1, 9), (525_001, 9), True, "1.05 Mbit/s"),
        ("in 1Mbit within 5%", (1, 9), (525_002, 9), False, "1.05 Mbit/s"),
        ("out <= 1Mbit", (7, 100), (7, 500_100), True, "1 Mbit/s"),
        ("out < 1Mbit", (7, 100), (7, 500_100), False, "1 Mbit/s"),
        ("out >= 8bit", (7, 100), (7, 100), False, "0 bit/s"),
        ("in == 2Gbit", (0, 0), (10**9, 0), True, "2 Gbit/s"),
    ],
)
def test_a_rate_is_the_mean_of_the_time(
    text: str, before: tuple[int, int], after: tuple[int, int], met: bool, seen: str
) -> None:
    (link,) = links_of(f"link lb01:eth1 {text} over 4s")
    first, last = Counters(7, *before, 3, 3), Counters(7, *after, 9, 9)
    place = f"lb01:eth1 {text.split()[0]}"
    assert judged(link, first, last, 4.0) == (met, f"{place} {seen}")


def links_of(text: str) -> tuple[Carried, ...]:
    found = parse(text).expectation
    assert isinstance(found, Links)
    return found.links


@pytest.mark.parametrize(
    ("direction", "met", "seen"), [("in", True, "2 packets"), ("out", False, "5 packets")]
)
def test_drops_are_those_of_the_time(direction: str, met: bool, seen: str) -> None:
    (link,) = links_of(f"link lb01:eth1 {direction} drops == 2 over 4s")
    before, after = Counters(7, 0, 0, 10, 20), Counters(7, 0, 0, 12, 25)
    assert judged(link, before, after, 4.0) == (met, f"lb01:eth1 {direction} {seen} dropped")


def test_counters_that_began_anew_say_nothing() -> None:
    (link,) = links_of("link lb01:eth1 in drops < 5 over 4s")
    again = Counters(7, 0, 0, 1, 0)
    met, seen = judged(link, Counters(7, 0, 0, 10, 0), again, 4.0)
    assert (met, seen) == (False, "lb01:eth1 in: its shaping was put anew, and counts from 0")
    met, seen = judged(link, NOTHING, Counters(8, 0, 0, 1, 0), 4.0)
    assert (met, seen) == (False, "lb01:eth1 in: lb01 has been off meanwhile")


def outcome(fake: Fake, text: str) -> StepResult:
    act = sentences.act(parse(text), 0.0)
    scenario = Scenario("test", (Step(act, text, 7),))
    return running.run(scenario, fake, lambda _result: None).steps[0]


def test_all_links_are_measured_in_the_same_seconds() -> None:
    def passed(place: str, now: int) -> Counters:
        bytes_a_second = {"lb01:eth1": 125_000, "lb02:eth1": 250_000}[place]
        return Counters(1, bytes_a_second * now // at(1), 0, 0, 0)

    text = "link lb01:eth1 in 1Mbit within 1% and link lb02:eth1 in 2Mbit within 1% over 4s"
    # What happens meanwhile does not end it.
    fake = Fake(passed=passed, script=[off(11, "nginx01")])
    found = outcome(fake, text)
    assert (found.state, found.seen) == (PASSED, "lb01:eth1 in 1 Mbit/s, lb02:eth1 in 2 Mbit/s")
    assert (found.begun, found.ended) == (at(10), at(14))
    found = outcome(Fake(passed=passed), text.replace("2Mbit", "3Mbit"))
    assert (found.state, found.seen) == (FAILED, "lb01:eth1 in 1 Mbit/s, lb02:eth1 in 2 Mbit/s")
    assert found.expected == text.replace("2Mbit", "3Mbit")


def test_a_node_that_is_off_cannot_be_measured() -> None:
    def passed(_place: str, now: int) -> Counters:
        if now > at(10):
            raise LvsnetError("lb01 does not run")
        return NOTHING

    found = outcome(Fake(passed=passed), "link lb01:eth1 in drops == 0 over 4s")
    assert (found.state, found.seen) == (FAILED, "lb01 does not run")
    assert found.expected == "link lb01:eth1 in drops == 0 over 4s"
