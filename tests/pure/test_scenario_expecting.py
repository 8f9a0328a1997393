"""Expectations: when they are met, what is seen, and what is expected, in words."""

from __future__ import annotations

import pytest

from lvsnet.observe.conditions import Condition, ServiceName, VipOn
from lvsnet.scenario import expecting, words
from lvsnet.scenario.expecting import Sent, Verdict
from lvsnet.scenario.model import Even, Expectation, Holds, Measured, Run, States
from lvsnet.traffic import analysis
from lvsnet.traffic.model import Load, Request, Summary, Target

SECOND = 1_000_000_000
LOAD = Load("web", ("client",), Target("http", "10.0.0.1", 80), 20.0)


def request(seconds: float, server: str = "a", failure: str = "", connection: int = 0) -> Request:
    took = 500_000_000 if failure else 2_500_000
    return Request(
        round(seconds * SECOND), took, "client", "" if failure else server, failure, connection
    )


def summary(*requests: Request) -> Summary:
    return analysis.summary(requests)


OUTAGE = summary(
    request(1),
    request(2, failure="timeout"),
    request(3, failure="timeout"),
    request(4, failure="refused"),
    request(5, "b"),
)


@pytest.mark.parametrize(
    ("what", "comparison", "number", "met", "seen"),
    [
        ("outage", "<=", 4.0, True, "4.00 s, from 0.003 s to 4.003 s, 3 requests lost"),
        ("outage", "<", 3.999, False, "4.00 s, from 0.003 s to 4.003 s, 3 requests lost"),
        ("outages", "==", 1, True, "1 outage: 4.00 s"),
        ("lost", "<=", 2, False, "3 of 5 requests lost: timeout 2, refused 1"),
        ("lost", "==", 3, True, "3 of 5 requests lost: timeout 2, refused 1"),
        ("requests", ">", 4, True, "5 requests"),
        ("answered", "!=", 2, False, "2 of 5 requests answered"),
        ("p50", "<=", 0.0025, True, "2.50 ms"),
        ("p99", "<", 0.0025, False, "2.50 ms"),
        ("longest", ">=", 0.0026, False, "2.50 ms"),
    ],
)
def test_a_number_is_measured(
    what: str, comparison: str, number: float, met: bool, seen: str
) -> None:
    assert expecting.measured(Measured(what, comparison, number), OUTAGE, SECOND) == Verdict(
        met, seen
    )


def test_answers_of_one_real_server_are_counted() -> None:
    one = Measured("answered", "==", 1, server="b")
    assert expecting.measured(one, OUTAGE, SECOND) == Verdict(True, "1 of 5 requests answered by b")
    nobody = Measured("answered", "==", 0, server="c")
    assert expecting.measured(nobody, OUTAGE, SECOND).met


@pytest.mark.parametrize("what", ["outage", "outages", "lost", "p50", "longest"])
def test_of_no_requests_nothing_is_known(what: str) -> None:
    expected = Measured(what, "<=", 100)
    assert expecting.measured(expected, summary(), SECOND) == Verdict(False, "no request was sent")


@pytest.mark.parametrize("what", ["p50", "p90", "p99", "longest"])
def test_without_an_answer_nobody_knows_how_long_one_takes(what: str) -> None:
    failed = summary(request(1, failure="timeout"))
    verdict = expecting.measured(Measured(what, "<=", 100), failed, SECOND)
    assert verdict == Verdict(False, "none of 1 request was answered")


def test_an_outage_that_goes_on_is_told_so() -> None:
    seen = expecting.measured(
        Measured("outage", "<=", 1), summary(request(1), request(2, failure="reset")), SECOND
    ).seen
    assert seen == "1.50 s, from 0.003 s to 1.500 s, 1 request lost, no answer after it"
    clean = expecting.measured(Measured("outage", "<=", 1), summary(request(1)), SECOND)
    assert clean == Verdict(True, "no outage")


def shares(**answers: int) -> Summary:
    return summary(*(request(n, server) for server, count in answers.items() for n in range(count)))


@pytest.mark.parametrize(
    ("answers", "weights", "balanced", "met"),
    [
        ({"a": 100, "b": 100}, (), (), True),
        ({"a": 110, "b": 90}, (), (), True),
        ({"a": 111, "b": 89}, (), (), False),
        ({"a": 200}, (), (), True),
        ({"a": 200}, (), ("a", "b"), False),
        ({"page": 200}, (), ("a", "b"), True),
        ({"a": 200, "b": 100}, (("a", 2), ("b", 1)), (), True),
        ({"a": 150, "b": 150}, (("a", 2), ("b", 1)), (), False),
        ({"a": 200, "b": 100, "c": 1}, (("a", 2), ("b", 1)), (), False),
        ({"a": 200}, (("a", 1), ("b", 0)), (), True),
        ({"a": 200, "b": 1}, (("a", 1), ("b", 0)), (), False),
    ],
)
def test_the_spread_is_compared_with_what_is_due(
    answers: dict[str, int],
    weights: tuple[tuple[str, int], ...],
    balanced: tuple[str, ...],
    met: bool,
) -> None:
    verdict = expecting.even(Even(10.0, weights), shares(**answers), balanced)
    assert verdict.met is met, verdict


def test_the_spread_is_told_by_name() -> None:
    assert expecting.even(Even(10.0), shares(b=1, a=2), ("a", "b", "c")).seen == "a 2, b 1, c 0"
    failed = summary(request(1, failure="timeout"))
    assert expecting.even(Even(10.0), failed, ("a",)) == Verdict(False, "no answers")


@pytest.mark.parametrize(
    ("expected", "code", "output", "verdict"),
    [
        (Run("n", "c"), 0, "one\ntwo\n", Verdict(True, "two")),
        (Run("n", "c"), 0, "", Verdict(True, "")),
        (Run("n", "c"), 1, "", Verdict(False, "exit code 1")),
        (Run("n", "c", None), 1, "bad\n", Verdict(True, "bad")),
        (Run("n", "c", 0, "w[o0]"), 0, "one\ntwo\n", Verdict(True, "'wo'")),
        (Run("n", "c", 0, "x"), 0, "one\ntwo\n", Verdict(False, "its output is 'one\\ntwo'")),
        (Run("n", "c", 0, "x"), 2, "no\n", Verdict(False, "exit code 2, no")),
        (Run("n", "c"), None, "so far\n", Verdict(False, "no end after 5 s, so far")),
    ],
)
def test_a_command_is_judged_by_its_code_and_output(
    expected: Run, code: int | None, output: str, verdict: Verdict
) -> None:
    assert expecting.ran(expected, code, output, 5.0) == verdict


def test_a_long_output_is_cut() -> None:
    seen = expecting.ran(Run("n", "c", 0, "x"), 0, "y" * 500, 5.0).seen
    assert seen == f"its output is {'y' * 200 + '...'!r}"


def test_a_state_that_no_connection_is_in_is_none() -> None:
    expected = States("FIN_WAIT", "==", 0, "lb01")
    assert expecting.states(expected, {}) == Verdict(True, "lb01 has no connections")
    assert not expecting.states(expected, {"FIN_WAIT": 1}).met


@pytest.mark.parametrize(
    ("expectation", "text"),
    [
        (Holds(Condition((VipOn("10.0.0.1", "lb01"),))), "vip 10.0.0.1 on lb01"),
        (States("FIN_WAIT", ">=", 5, "lb01"), "state FIN_WAIT >= 5 on lb01"),
        (
            States("NONE", "<", 5, "lb01", ServiceName("10.0.0.1:80")),
            "state NONE < 5 on lb01 for 10.0.0.1:80",
        ),
        (Measured("outage", "<=", 3.609375), "outage <= 3.60938 s"),
        (Measured("p99", "<=", 0.05, "web"), "p99 <= 50 ms of web"),
        (Measured("answered", "==", 10, "web", "b"), "answered == 10 by b of web"),
        (Even(10.0), "spread even within 10%"),
        (Even(2.5, (("a", 2), ("b", 1)), "web"), "spread a:2 b:1 within 2.5% of web"),
        (Run("client", "true"), "client: true: exit code 0"),
        (Run("client", "ls", None, "x+"), "client: ls: an end and 'x+' in its output"),
    ],
)
def test_what_is_expected_is_told(expectation: Expectation, text: str) -> None:
    assert expecting.in_words(expectation) == text


def test_several_loads_are_one_by_time_with_connections_of_their_own() -> None:
    one = Sent(LOAD, (request(1, connection=1), request(3, connection=2)))
    two = Sent(LOAD, (request(2, connection=1), request(4, connection=1)))
    both = expecting.together([one, two])
    assert [(r.at // SECOND, r.connection) for r in both] == [(1, 1), (2, 3), (3, 2), (4, 3)]
    assert len(expecting.together([one, two], 3 * SECOND)) == 2
    assert expecting.together([one], 3 * SECOND) == one.requests[:1]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0.00 us"),
        (340_000, "340 us"),
        (12_500_000, "12.5 ms"),
        (999_999_999, "1000 ms"),
        (3_312_345_678, "3.31 s"),
        (4 * SECOND, "4.00 s"),
        (125 * SECOND, "125 s"),
    ],
)
def test_lengths_have_three_digits(nanoseconds: int, text: str) -> None:
    assert words.lasting(nanoseconds) == text


def test_times_are_since_the_scenario_began() -> None:
    assert words.since(SECOND, 83_457_000_000) == "82.457 s"
