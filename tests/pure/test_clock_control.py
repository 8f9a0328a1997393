"""A lab's clock: its state in words and for programs, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clocks import HELD, START, Lab, place_of, real
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.control import clock
from lvsnet.control.clock import REAL, Clock
from lvsnet.docker import labs as docker
from lvsnet.errors import LvsnetError
from lvsnet.host import labs as host
from lvsnet.observe.conditions import ConditionError
from lvsnet.observe.grammar import parse
from lvsnet.progress import silent

VIP = parse("vip 192.168.10.100 on lb02")
ANSWER = {
    "clock": "virtual",
    "mode": "running",
    "speed": 10,
    "now": 5,
    "start": START,
    "seed": 7,
}
DAY = 86400 * clock.SECOND


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (0, "0:00:00.000000"),
        (83_456_789_999, "0:01:23.456789"),
        (DAY - 1, "23:59:59.999999"),
        (DAY, "1 day, 0:00:00.000000"),
        (3 * DAY + 3_600_000_001_000, "3 days, 1:00:00.000001"),
    ],
)
def test_time_since_boot(now: int, words: str) -> None:
    assert clock.elapsed(replace(HELD, now=now)) == words


def test_for_programs() -> None:
    assert clock.plain(HELD) == {
        "kind": "virtual",
        "mode": "held",
        "speed": 1.0,
        "now": 83.456789012,
        "calendar": "2026-11-23T12:01:23.456789+00:00",
        "seed": 7,
    }
    unknown = {"now": None, "calendar": None, "seed": None}
    assert clock.plain(REAL) == {"kind": "real", "mode": "running", "speed": 1.0, **unknown}


@pytest.mark.parametrize(
    ("mode", "speed", "words"),
    [
        ("held", 1.0, "held: moves only while a command needs it"),
        ("paused", 1.0, "paused: moves only when it is advanced"),
        ("running", 1.0, "running: beside real time"),
        ("running", 10.0, "running: 10 times as fast as real time"),
        ("running", 0.5, "running: 0.5 times as fast as real time"),
    ],
)
def test_modes_in_words(mode: str, speed: float, words: str) -> None:
    assert clock.mode_in_words(replace(HELD, mode=mode, speed=speed)) == words


def test_an_answer_of_the_supervisor() -> None:
    assert clock.from_answer({"clock": "real"}, "dr") is REAL
    assert clock.from_answer(ANSWER, "dr") == Clock("virtual", "running", 10.0, 5, START, 7)


@pytest.mark.parametrize("answer", [{}, {"clock": "solar"}, {**ANSWER, "now": 1.5}])
def test_an_answer_of_another_version_is_told(answer: dict[str, object]) -> None:
    with pytest.raises(LvsnetError, match="lab dr: another version of lvsnet deployed it"):
        clock.from_answer(answer, "dr")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("120s", 120 * clock.SECOND), ("1.5h", 5400 * clock.SECOND), ("1us", 1000)],
)
def test_durations_are_as_in_a_lab_file(text: str, nanoseconds: int) -> None:
    assert clock.duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-5s", "a clock goes forward only"),
        ("0s", "above 0"),
        ("0.0h", "above 0"),
        ("5", "5 needs a unit: us, ms, s, m or h"),
        ("5d", "is not a duration"),
        ("", "is not a duration"),
        ("9000h", "longer than a year"),
        ("0.1us", "finer than a microsecond"),
    ],
)
def test_other_durations_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clock.duration(text)


@given(st.floats())
def test_speeds_are_bounded(speed: float) -> None:
    assert (clock.bad_speed(speed) == "") == (0.001 <= speed <= 1e6)


def test_the_real_clock_is_left_alone_with_one_message() -> None:
    told = []
    for place in (real(), host, docker):
        found = place_of(place) if isinstance(place, Lab) else place
        assert found.clock("dr") is REAL
        for act in (
            lambda at: clock.set_mode(at, "dr", "held"),
            lambda at: clock.advance(at, "dr", 1),
            lambda at: clock.run_until(at, "dr", VIP, 1.0, silent),
        ):
            with pytest.raises(LvsnetError, match=r"deploy it with --clock virtual$") as caught:
                act(found)
            told.append(str(caught.value))
    assert len(told) == 9
    assert len(set(told)) == 1
    for act in (
        lambda at: at.set_clock("dr", "held", 1.0),
        lambda at: at.advance("dr", 1),
        lambda at: at.until("dr", VIP, 1.0, silent),
    ):
        for place in (host, docker):
            with pytest.raises(LvsnetError, match="real clock"):
                act(place)


@pytest.mark.parametrize("by", [0, -1])
def test_a_clock_does_not_go_backwards(by: int) -> None:
    lab = Lab()
    with pytest.raises(LvsnetError, match="forward only"):
        clock.advance(place_of(lab), "dr", by)
    assert lab.asked == []


def test_a_condition_is_checked_before_it_is_waited_for() -> None:
    lab = Lab()
    with pytest.raises(ConditionError, match="no node lb3"):
        clock.run_until(place_of(lab), "dr", parse("exec lb3: true"), 1.0, silent)
    assert lab.asked == []
    assert clock.run_until(place_of(lab), "dr", VIP, 60.0, silent).met
    assert lab.asked == [("vip 192.168.10.100 on lb02", 60.0)]


def test_a_paused_clock_is_not_waited_for() -> None:
    lab = Lab(replace(HELD, mode="paused"))
    with pytest.raises(
        LvsnetError, match=r"is on lb01, and its clock is paused, at 0:01:23.456789; `lvsnet clock"
    ):
        clock.run_until(place_of(lab), "dr", VIP, 60.0, silent)
    lab.after = 0.0
    assert clock.run_until(place_of(lab), "dr", VIP, 60.0, silent).met
    assert lab.asked == [(str(VIP), 0.0), (str(VIP), 0.0)]
