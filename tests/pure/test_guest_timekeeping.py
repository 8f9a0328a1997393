"""How far a lab's time may go: as its mode says, and what needs it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.guest.clock import NEVER
from lvsnet.guest.timekeeping import (
    CHUNK,
    CREEP,
    FASTEST,
    SECOND,
    SLOWEST,
    STRETCH,
    Demand,
    Mode,
    Timekeeper,
)

times = st.integers(0, 3600 * SECOND)
dues = times | st.just(NEVER) | st.just(2**63 - 1)
walls = st.floats(0, 1e6, allow_nan=False)
speeds = st.sampled_from([SLOWEST, 0.5, 1.0, 10.0, 333.3, FASTEST])
counts = st.integers(0, 2)
demands = st.builds(Demand, counts, counts, counts, st.lists(times, max_size=2))
nothing = Demand()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(Mode), speeds, times, dues, demands, st.lists(walls, max_size=4))
def test_a_guest_may_always_run_what_is_due_at_this_instant(
    mode: Mode, speed: float, now: int, due: int, demand: Demand, walls: list[float]
) -> None:
    keeper = Timekeeper(mode, speed)
    for wall in sorted(walls):
        assert keeper.until(now, due, demand, wall) >= now


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([Mode.held, Mode.paused]), times, dues, st.lists(walls, max_size=4))
def test_a_clock_that_nobody_needs_stands_still(
    mode: Mode, now: int, due: int, walls: list[float]
) -> None:
    keeper = Timekeeper(mode)
    keeper.began(now - 2 * CREEP)
    for wall in sorted(walls):
        assert keeper.until(now, due, nothing, wall) == now
        assert keeper.wakes(due, nothing) is None


@settings(max_examples=40, deadline=None)
@given(times, times)
def test_a_command_gets_to_the_next_timer_however_far_that_is(now: int, ahead: int) -> None:
    until = Timekeeper().until(now, now + ahead, Demand(hurried=1), 0.0)
    assert until == max(now + ahead, now + CHUNK)


@settings(max_examples=40, deadline=None)
@given(times)
def test_no_command_makes_a_lab_without_timers_wait_for_one(now: int) -> None:
    assert Timekeeper().until(now, NEVER, Demand(hurried=1), 0.0) == now + CHUNK


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(Mode),
    times,
    st.lists(st.integers(1, 3600 * SECOND), min_size=1, max_size=3),
    st.lists(st.integers(1, 40 * SECOND), max_size=60),
    st.integers(0, 2),
)
def test_a_target_is_come_to_and_not_passed_in_every_mode(
    mode: Mode, now: int, ahead: list[int], timers: list[int], hurried: int
) -> None:
    keeper, targets = Timekeeper(mode), [now + one for one in ahead]
    demand = Demand(hurried=hurried, targets=targets)
    steps = 0
    while now < min(targets):
        due = now + timers.pop() if timers else NEVER
        until = keeper.until(now, due, demand, float(steps))
        assert now < until <= min(targets)
        now = until
        steps += 1
    assert now == min(targets)
    assert steps <= 60 + 3600 * SECOND // STRETCH + 1


@settings(max_examples=40, deadline=None)
@given(times, dues, st.integers(0, 5 * CREEP), st.integers(1, 3), st.integers(0, 3))
def test_a_command_in_a_paused_lab_takes_no_more_than_its_readings_of_the_clock(
    begun: int, due: int, passed: int, hurried: int, live: int
) -> None:
    keeper = Timekeeper(Mode.paused)
    keeper.began(begun)
    now = begun + passed
    until = keeper.until(now, due, Demand(hurried, live), 0.0)
    assert until == max(now, begun + CREEP)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([Mode.held, Mode.paused]), times, dues, st.integers(0, 5 * CREEP))
def test_a_request_that_needs_no_time_may_be_begun(
    mode: Mode, begun: int, due: int, passed: int
) -> None:
    keeper = Timekeeper(mode)
    keeper.began(begun)
    now = begun + passed
    assert keeper.until(now, due, Demand(brief=1), 0.0) == max(now, begun + CREEP)
    assert keeper.wakes(due, Demand(brief=1)) is None


def test_a_pause_takes_back_what_an_earlier_command_was_given() -> None:
    keeper = Timekeeper()
    keeper.began(0)
    keeper.set(Mode.paused, 1.0)
    assert keeper.until(CREEP + 1, 2 * CREEP, Demand(hurried=1), 0.0) == CREEP + 1


@settings(max_examples=40, deadline=None)
@given(
    speeds,
    times,
    walls,
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1)), min_size=1, max_size=30),
)
def test_a_running_clock_is_never_ahead_of_the_hosts_and_catches_up(
    speed: float, start: int, wall: float, steps: list[tuple[float, float]]
) -> None:
    """However slow the guest is: of what it may run it does a part, at most."""
    keeper, began, now = Timekeeper(Mode.running, speed), wall, start
    assert keeper.until(now, NEVER, nothing, wall) == start
    for passed, part in steps:
        wall += passed
        until = keeper.until(now, NEVER, nothing, wall)
        assert until == max(now, start + int((wall - began) * speed * SECOND))
        now = min(until, now + int((until - now) * part))


@settings(max_examples=40, deadline=None)
@given(speeds, times, walls, st.integers(0, 100 * SECOND))
def test_a_timer_that_has_to_wait_is_woken_for_when_it_is_due(
    speed: float, now: int, wall: float, ahead: int
) -> None:
    keeper = Timekeeper(Mode.running, speed)
    keeper.until(now, now + ahead, nothing, wall)
    at = keeper.wakes(now + ahead, nothing)
    assert at is not None
    assert at == pytest.approx(wall + ahead / SECOND / speed)
    assert keeper.until(now, now + ahead, nothing, at + 1e-6) >= now + ahead or at > 1e8


@settings(max_examples=40, deadline=None)
@given(speeds, speeds, times, st.integers(0, 9 * SECOND))
def test_another_speed_holds_from_then_on(
    before: float, after: float, now: int, moved: int
) -> None:
    keeper = Timekeeper(Mode.running, before)
    keeper.until(now, NEVER, nothing, 5.0)
    now += moved
    keeper.set(Mode.running, after)
    assert keeper.until(now, NEVER, nothing, 9.0) == now
    assert keeper.until(now, NEVER, nothing, 10.0) == now + int(after * SECOND)


def test_a_lab_that_was_wound_forward_goes_on_at_its_pace_from_there() -> None:
    keeper = Timekeeper(Mode.running, 2.0)
    keeper.until(0, NEVER, nothing, 100.0)
    target = 3600 * SECOND
    assert keeper.until(0, NEVER, Demand(targets=[target]), 101.0) == STRETCH
    assert keeper.until(target, NEVER, nothing, 102.0) == target
    assert keeper.until(target, NEVER, nothing, 103.0) == target + 2 * SECOND


def test_a_clock_that_was_held_does_not_make_up_for_it() -> None:
    keeper = Timekeeper(Mode.running)
    keeper.until(0, NEVER, nothing, 0.0)
    keeper.set(Mode.held, 1.0)
    assert keeper.until(0, NEVER, nothing, 50.0) == 0
    keeper.set(Mode.running, 1.0)
    assert keeper.until(0, NEVER, nothing, 100.0) == 0
    assert keeper.until(0, NEVER, nothing, 101.0) == SECOND


def test_who_lives_in_real_time_has_a_held_clock_run_beside_the_hosts() -> None:
    keeper, somebody = Timekeeper(Mode.held, 10.0), Demand(live=1)
    assert keeper.until(0, NEVER, somebody, 7.0) == 0
    assert keeper.until(0, NEVER, somebody, 8.5) == 3 * SECOND // 2
    assert keeper.wakes(2 * SECOND, somebody) == pytest.approx(9.0)
    # While he is there a command hurries on; then it goes on from where that has come to.
    assert keeper.until(SECOND, NEVER, Demand(hurried=1, live=1), 8.5) == 2 * SECOND
    assert keeper.until(9 * SECOND, NEVER, somebody, 9.0) == 9 * SECOND
    assert keeper.until(9 * SECOND, NEVER, somebody, 10.0) == 10 * SECOND
    # Nobody is there, somebody comes later.
    assert keeper.until(10 * SECOND, NEVER, nothing, 20.0) == 10 * SECOND
    assert keeper.until(10 * SECOND, NEVER, somebody, 30.0) == 10 * SECOND


def test_who_lives_in_real_time_does_not_move_a_paused_clock() -> None:
    keeper = Timekeeper(Mode.paused)
    keeper.began(0)
    for wall in (0.0, 100.0):
        assert keeper.until(0, NEVER, Demand(live=1), wall) == CREEP
    assert keeper.wakes(SECOND, Demand(live=1)) is None
