"""A lab's virtual clock with sockets: what the guest sees is the same however its host dawdles."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from guest_lab import MS, Lab, running
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.guest import wire
from lvsnet.guest.clock import Phase
from lvsnet.guest.timekeeping import CREEP, SECOND, Mode
from lvsnet.guest.virtual import PATIENCE
from lvsnet.guest.wire import Type

periods = st.lists(st.integers(700, 3000) | st.integers(5 * MS, SECOND), max_size=2)
commands = st.tuples(
    st.lists(st.integers(1, 9000) | st.sampled_from(["clock", "print", "read"]), max_size=6),
    st.integers(0, 9000),
)
scripts = st.lists(commands | st.integers(1, 40 * MS), max_size=4)
"""Commands with so many bytes of input, and times to advance by."""
noises = st.lists(st.integers(0, 40), max_size=16)


def play(lab: Lab, script: Sequence[tuple[list[int | str], int] | int]) -> None:
    for one in script:
        if isinstance(one, int):
            lab.advance(one)
        else:
            lab.serve(lab.open(*one))


@settings(max_examples=60, deadline=None)
@given(scripts, noises)
def test_the_same_commands_give_the_same_run_however_slow_host_and_clients_are(
    script: list[tuple[list[int | str], int] | int], noise: list[int]
) -> None:
    journals = []
    for hurry in ([], noise):
        with running(30 * MS, 50_000, noise=hurry) as lab:
            play(lab, script)
            journals.append((lab.guest.journal, lab.clock.now()))
    assert journals[0] == journals[1]


@settings(max_examples=20, deadline=None)
@given(scripts, noises)
def test_what_somebody_follows_is_the_same_whether_he_takes_it_at_once_or_not_at_all(
    script: list[tuple[list[int | str], int] | int], noise: list[int]
) -> None:
    journals = []
    for takes in (True, False):
        with running(30 * MS, 50_000, noise=noise) as lab:
            steps: list[int | str] = ["print", 3000]
            stream = lab.open(steps * 50, op="log", follow=True)
            lab.settle()
            lab.requests[stream].takes = takes
            play(lab, [([5000, "clock", 9000], 0), *script])
            journals.append((lab.guest.journal, lab.clock.now()))
    assert journals[0] == journals[1]


@settings(max_examples=15, deadline=None)
@given(periods, scripts, noises)
def test_a_held_clock_stands_still_when_everything_has_been_answered(
    every: list[int], script: list[tuple[list[int | str], int] | int], noise: list[int]
) -> None:
    with running(*[max(one, 5 * MS) for one in every], noise=noise) as lab:
        play(lab, script)
        lab.settle()
        now, journal = lab.clock.now(), list(lab.guest.journal)
        for _ in range(40):
            lab.turn(passes=100.0)
        assert (lab.clock.now(), lab.guest.journal) == (now, journal)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 20 * MS), min_size=1, max_size=4), noises, st.sampled_from(Mode))
def test_a_lab_is_wound_forward_to_the_nanosecond(
    steps: list[int], noise: list[int], mode: Mode
) -> None:
    with running(MS, 7 * MS, noise=noise) as lab:
        lab.clock.set(mode, 1.0)
        for step in steps:
            target = lab.advance(step)
            assert lab.clock.now() == target
            assert lab.guest.time <= target
            wakes = [at for at, what in lab.guest.journal if what == "d0 is awake"]
            # It sleeps for 1 ms, and its readings of the clock cost at most some of that.
            assert target - 2 * MS < (wakes[-1] if wakes else 0) <= target


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(0, 0.02), min_size=3, max_size=40),
    st.sampled_from([0.25, 1.0, 10.0]),
    noises,
)
def test_a_running_clock_is_never_ahead_of_the_hosts_and_catches_up(
    passes: list[float], speed: float, noise: list[int]
) -> None:
    with running(2 * MS, 3 * MS, noise=noise) as lab:
        lab.clock.set(Mode.running, speed)
        lab.turn()
        start, began = lab.clock.now(), lab.wall.now
        for passed in passes:
            lab.turn(passed)
            assert lab.guest.time <= start + (lab.wall.now - began) * speed * SECOND + 1
        for _ in range(200):
            lab.turn()
        assert lab.clock.now() == start + int((lab.wall.now - began) * speed * SECOND)


@settings(max_examples=15, deadline=None)
@given(st.lists(commands, min_size=1, max_size=3), st.lists(st.floats(0, 0.02), min_size=1), noises)
def test_commands_are_answered_while_the_clock_runs(
    script: list[tuple[list[int | str], int]], passes: list[float], noise: list[int]
) -> None:
    with running(MS, 300_000, noise=noise) as lab:
        lab.clock.set(Mode.running, 1.0)
        for number, (steps, stdin) in enumerate(script):
            stream = lab.open(steps, stdin)
            for turn in range(4000):
                lab.turn(0.0001 + passes[(number + turn) % len(passes)])
                if stream not in lab.requests:
                    break
            assert stream not in lab.requests


def test_input_that_comes_when_a_timer_is_due_is_read_all_the_same() -> None:
    with running(MS) as lab:
        lab.clock.set(Mode.running, 1.0)
        lab.settle()
        stream = lab.open(["print"])
        lab.turn(passes=1.0)
        lab.serve(stream)


def test_a_target_that_is_nearer_than_the_clocks_reading_is_reached() -> None:
    with running() as lab:
        lab.open(["clock"])
        for by in range(1, 40):
            target = lab.advance(by)
            assert lab.clock.now() == target
            lab.clock.line.send(wire.credit(1, wire.STDOUT, 1))


@settings(max_examples=20, deadline=None)
@given(st.lists(commands, min_size=1, max_size=3), noises)
def test_a_command_in_a_paused_lab_takes_no_more_than_its_readings_of_the_clock(
    script: list[tuple[list[int | str], int]], noise: list[int]
) -> None:
    with running(MS // 2, noise=noise) as lab:
        lab.clock.set(Mode.paused, 1.0)
        for steps, stdin in script:
            began = lab.clock.now()
            lab.serve(lab.open(steps, stdin))
            assert began <= lab.clock.now() <= began + CREEP
            for _ in range(20):
                lab.turn(passes=1.0)
            assert lab.clock.now() <= began + CREEP


def test_a_command_that_has_to_wait_for_a_paused_clock_is_known_to_be_stuck() -> None:
    with running() as lab:
        lab.clock.set(Mode.paused, 1.0)
        began = lab.clock.now()
        stream = lab.open([50 * MS])
        lab.settle()
        assert lab.clock.stuck == lab.wall.now
        assert lab.clock.now() <= began + CREEP
        lab.advance(51 * MS)
        lab.settle()
        assert stream not in lab.requests
        assert lab.clock.stuck is None


def test_commands_that_wait_for_a_paused_clock_are_given_up_after_a_while() -> None:
    with running() as lab:
        lab.clock.set(Mode.paused, 1.0)
        stream = lab.open([50 * MS])
        lab.settle()
        assert lab.clock.turn() == lab.wall.now + PATIENCE
        lab.wall.now += PATIENCE - 0.1
        assert lab.clock.given_up() == []
        lab.wall.now += 0.2
        assert lab.clock.given_up() == [stream]
        assert lab.clock.given_up() == []


def test_the_silence_of_a_guest_that_never_sleeps_is_known() -> None:
    with running() as lab:
        lab.open(["clock"], input="live")
        while lab.clock.controller.phase is not Phase.RUNNING:
            lab.run_guest()
            lab.carry(4096)
            lab.clock.turn()
        lab.wall.now += 10
        assert lab.clock.silence() == pytest.approx(10)
        assert lab.clock.turn() is None
        lab.settle()
        lab.wall.now += 10
        assert lab.clock.silence() == 0


def test_a_guest_is_not_let_go_before_its_client_has_taken_what_it_said() -> None:
    with running() as lab:
        stream = lab.open(["print", MS, "print"])
        request = lab.requests[stream]
        request.told_end = True
        lab.from_client(wire.eof(stream, wire.STDIN))
        for _ in range(50):  # the client does nothing at all
            lab.wall.now += 60.0
            lab.run_guest()
            lab.carry(4096)
            lab.clock.turn()
        assert request.untaken == [3000]
        assert lab.clock.controller.phase is Phase.STANDING
        assert all("print" not in what for at, what in lab.guest.journal if at >= MS)
        lab.serve(stream)
        assert request.got == 6000


def test_a_client_for_which_its_machine_has_no_time_is_waited_for() -> None:
    journals = []
    for idle in (0, 50):
        with running(50_000) as lab:
            stream = lab.open(["clock", MS, "clock"], input="soon")
            for _ in range(idle):  # the client does nothing at all
                lab.wall.now += 60.0
                lab.run_guest()
                lab.carry(4096)
                lab.clock.turn()
            lab.serve(stream)
            journals.append((lab.guest.journal, lab.clock.now()))
    assert journals[0] == journals[1]


def test_a_client_whose_pipe_is_silent_is_served() -> None:
    with running() as lab:
        stream = lab.open([MS, "print"], input="soon")
        lab.requests[stream].told_end = True
        lab.settle()
        assert stream in lab.requests
        lab.from_client(wire.with_json(Type.MESSAGE, stream, {"input": "live"}))
        lab.serve(stream)


def test_somebody_who_follows_a_log_sees_what_is_there_in_a_held_lab() -> None:
    with running(5 * MS) as lab:
        now = lab.clock.now()
        stream = lab.open(["clock", "print", SECOND], op="log", follow=True)
        request = lab.requests[stream]
        lab.settle()
        assert request.got == 3000
        for _ in range(40):
            lab.turn(passes=1.0)
        assert stream in lab.requests
        assert lab.clock.now() <= now + CREEP


def test_who_lives_in_real_time_is_served_at_its_pace() -> None:
    with running() as lab:
        now, wall = lab.clock.now(), lab.wall.now
        stream = lab.open([SECOND, "print"], op="shell", input="live")
        while stream in lab.requests:
            lab.turn(passes=0.01)
        assert lab.clock.now() - now == pytest.approx((lab.wall.now - wall) * SECOND, abs=50 * MS)


def test_a_guest_that_has_gone_is_told() -> None:
    with running() as lab:
        lab.kernel.close()
        with pytest.raises(ConnectionError, match="closed its clock"):
            lab.clock.serve()
