"""The sentences of scenarios: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

from contextlib import suppress

import pytest
import scenarios
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.observe.conditions import (
    Condition,
    Connections,
    Server,
    ServiceName,
    Succeeds,
    VipOn,
)
from lvsnet.scenario import sentences
from lvsnet.scenario.model import (
    Even,
    Expect,
    Expectation,
    Holds,
    Measured,
    Single,
    States,
    Stays,
)
from lvsnet.scenario.sentence_reader import Span
from lvsnet.scenario.sentences import Sentence, parse, parse_watched

VIP = "192.168.10.100"
ON_LB02 = Holds(Condition((VipOn(VIP, "lb02"),)))

spans = st.builds(
    lambda times, takeovers: (times, takeovers),
    st.lists(st.sampled_from(("4s", "200ms", "1.5s", "2m")), max_size=2),
    st.integers(0, 2),
).filter(lambda span: bool(span[0]) or span[1] > 0)
SECONDS = {"4s": 4.0, "200ms": 0.2, "1.5s": 1.5, "2m": 120.0}


def span_text(span: tuple[list[str], int]) -> str:
    return " + ".join((*span[0], *["takeover"] * span[1]))


def span_of(span: tuple[list[str], int]) -> Span:
    return Span(round(sum(SECONDS[one] for one in span[0]), 6), span[1])


def words(expectation: Expectation) -> str:
    match expectation:
        case Holds(condition):
            return str(condition)
        case Measured(what, comparison, number, load, server):
            unit = f"{round(number * 1e6)}us" if what in sentences.TIMES else f"{number:.0f}"
            by = f" by {server}" if server else ""
            return f"{what} {comparison} {unit}{by}{of(load)}"
        case Even(within, weights, load):
            among = " ".join(f"{name}:{weight}" for name, weight in weights) or "even"
            return f"spread {among} within {within:.6f}%{of(load)}"
        case States(state, comparison, number, director, service):
            behind = f" for {service}" if service else ""
            return f"state {state} {comparison} {number} on {director}{behind}"
        case _:
            raise AssertionError(expectation)


def of(load: str) -> str:
    return f" of {load}" if load else ""


written = st.one_of(
    scenarios.conditions.map(Holds),
    scenarios.time_measures,
    scenarios.number_measures,
    scenarios.spreads.filter(lambda one: one.within <= 1000),
    scenarios.states,
)


@given(written, st.sampled_from(("", "within", "for")), spans)
def test_what_is_written_is_what_is_meant(
    expectation: Expectation, word: str, span: tuple[list[str], int]
) -> None:
    tail = f" {word} {span_text(span)}" if word else ""
    sentence = parse(f"{words(expectation)}{tail}")
    assert sentence.expectation == expectation
    assert sentence.within == (span_of(span) if word == "within" else None)
    assert sentence.stays == (span_of(span) if word == "for" else None)
    assert sentence.needs_takeover == (word != "" and span[1] > 0)
    act = sentences.act(sentence, 3.5)
    assert act.expectation == expectation
    due = span_of(span).with_takeover(3.5)
    match act:
        case Expect(_, within):
            assert within == pytest.approx(due if word else 0.0)
            assert word != "for"
        case Stays(_, seconds):
            assert seconds == pytest.approx(due)
            assert word == "for"


@given(
    st.text(
        alphabet="vip on outage <= 4s within for takeover + spread even 10% lb01:2 ", max_size=60
    )
)
def test_any_text_is_a_sentence_or_is_refused_as_none(text: str) -> None:
    for read in (parse, parse_watched):
        with suppress(LvsnetError):
            read(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"vip {VIP} on lb02 within 4s", Sentence(ON_LB02, Span(4.0))),
        (f"  vip  {VIP}\n on lb02  within  takeover +100ms ", Sentence(ON_LB02, Span(0.1, 1))),
        (f"vip {VIP} on lb02 for 10s", Sentence(ON_LB02, stays=Span(10.0))),
        (
            "outage <= takeover + 1s of web",
            Sentence(Measured("outage", "<=", 1.0, "web"), limit=Span(1.0, 1)),
        ),
        (
            f"active == 0 on lb01 for {VIP}:80 for 10s",
            Sentence(
                Holds(
                    Condition(
                        (Connections("active", "==", 0, "lb01", None, ServiceName(f"{VIP}:80")),)
                    )
                ),
                stays=Span(10.0),
            ),
        ),
        (
            "inactive == 25 to nginx01 on lb01",
            Sentence(
                Holds(Condition((Connections("inactive", "==", 25, "lb01", Server("nginx01")),)))
            ),
        ),
        (
            "exec client: curl -sm1 lb01 within 5s",
            Sentence(Holds(Condition((Succeeds("client", "curl -sm1 lb01"),))), Span(5.0)),
        ),
        (
            "exec client: echo within reach",
            Sentence(Holds(Condition((Succeeds("client", "echo within reach"),)))),
        ),
        (
            "spread nginx01:2 nginx02:1 within 10% of web within 2s",
            Sentence(Even(10.0, (("nginx01", 2), ("nginx02", 1)), "web"), Span(2.0)),
        ),
        ("state FIN_WAIT>=50 on lb01", Sentence(States("FIN_WAIT", ">=", 50, "lb01"))),
        (
            "answered == 10 by nginx01",
            Sentence(Measured("answered", "==", 10.0, "", "nginx01")),
        ),
    ],
)
def test_forms(text: str, meant: Sentence) -> None:
    assert parse(text) == meant


def test_a_takeover_is_put_in() -> None:
    act = sentences.act(parse("outage <= takeover + 1s within takeover + takeover"), 3.609375)
    assert act == Expect(Measured("outage", "<=", 4.609375), 7.21875)


@pytest.mark.parametrize(
    ("text", "watch", "grace"),
    [
        ("no two holders", Single(), Span(0.1)),
        (f"no two holders of {VIP}", Single(VIP), Span(0.1)),
        ("no two holders of 2001:DB8:0::1", Single("2001:db8::1"), Span(0.1)),
        ("no two holders for more than 0s", Single(), Span(0.0)),
        (f"no  two holders of {VIP} for more than 200ms", Single(VIP), Span(0.2)),
        ("no two holders for more than takeover", Single(), Span(0.0, 1)),
        (f"vip {VIP} on lb02", ON_LB02, Span(0.0)),
    ],
)
def test_what_is_always_watched(text: str, watch: Single | Holds, grace: Span) -> None:
    watched = parse_watched(text)
    assert (watched.watch, watched.grace) == (watch, grace)
    bound = sentences.watch(watched, 3.0)
    if isinstance(bound, Single):
        assert bound.grace == grace.with_takeover(3.0)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        (
            "",
            "expected 'vip', 'real_server', 'exec', 'active', 'inactive', 'connections', 'li",
            None,
        ),
        (
            "lots <= 4",
            "or 'state' (did you mean 'lost'?), not 'lots', at character 1 of the sen",
            0,
        ),
        (f"vpi {VIP} on lb01", "(did you mean 'vip'?), not 'vpi'", 0),
        (f"vip {VIP} an lb01", "expected 'on', not 'an', at character 20 of the condition", 19),
        (f"vip {VIP} on lb01 withn 4s", "'and', 'within', 'for' or the end, not 'withn'", 27),
        (f"vip {VIP} on lb01 within 4", "expected a time with its unit, such as 4s, not '4'", 34),
        (f"vip {VIP} on lb01 within 4 s", "expected a time with its unit, such as 4s, not '4'", 34),
        (
            f"vip {VIP} on lb01 within",
            "expected a time, such as 500ms or 4s, or 'takeover', at",
            33,
        ),
        (f"vip {VIP} on lb01 within 4sec", "expected a time that can be read ('4sec' is not", 34),
        (f"vip {VIP} on lb01 within 4s for 2s", "the end behind 'within 4s': one time will", 37),
        (f"vip {VIP} on lb01 within 4s + ", "expected a time, such as 500ms", 38),
        ("outage <= 4", "expected a time with its unit, such as 4s, not '4', at character 11", 10),
        ("outage 4s", "expected '==', '!=', '>=', '<=', '>' or '<', not '4s'", 7),
        ("lost <= 4s", "expected a whole number, not '4s', at character 9 of the sentence", 8),
        ("lost <= 4 by nginx01", "only 'answered' is told by real servers, not 'by'", 10),
        ("outage <= 4s and lost <= 1", "'and' joins conditions only; write a step for ea", 13),
        ("outage <= 4s of", "expected a load's name, at the end", 15),
        ("spread even", "expected 'within', at the end of the sentence", 11),
        ("spread even within 10", "expected a percentage, such as 10%, not '10'", 19),
        ("spread nginx01 within 1%", "expected 'even', or real servers with weights", 7),
        ("spread a:1 a:2 within 1%", "expected each real server once, not 'a:2'", 11),
        ("spread a:0 within 1%", "expected a weight above 0 before this", 11),
        ("state FINWAIT == 1 on lb01", "(did you mean 'FIN_WAIT'?), not 'FINWAIT'", 6),
        ("state FIN_WAIT == 1 at lb01", "expected 'on', not 'at', at character 21 of the s", 20),
        ("state FIN_WAIT == 1 on lb01 for 10.0.0.1", "expected VIP:PORT, such as", 32),
        ("state FIN_WAIT == 1 to a on lb01", "expected 'on' and a director", 20),
        ("no two holders", "expected an expectation: 'no two holders' belongs in 'always'", 0),
        (f"vip {VIP} on lb01 for 0s", "'for' needs a time above 0", None),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str, at: int | None) -> None:
    with pytest.raises(LvsnetError) as caught:
        parse(text)
    first, *shown = str(caught.value).split("\n")
    assert message in first
    assert sentences.first_line(caught.value) == first
    assert [line.index("^") - 2 for line in shown[1:]] == ([] if at is None else [at])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("np", "expected 'no two holders', 'vip', 'real_server', 'exec', 'active', 'inactive' or"),
        ("no two holder", "expected 'holders', not 'holder', at character 8"),
        ("no two holders of 1.2", "expected a VIP, without prefix length or port, not '1.2'"),
        ("no two holders for 2s", "expected 'more', not '2s'"),
        ("lost <= 4", "a measure is for 'expect', not 'lost'"),
        (f"vip {VIP} on lb02 for 2s", "has neither 'within' nor 'for', not 'for', at character 28"),
        (f"vip {VIP} on lb02 within 2s", "has neither 'within' nor 'for', not 'within'"),
    ],
)
def test_what_cannot_be_watched_is_told(text: str, message: str) -> None:
    with pytest.raises(LvsnetError) as caught:
        parse_watched(text)
    assert message in str(caught.value)
