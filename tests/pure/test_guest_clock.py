"""The clock's controller against a model of the guest: whatever is asked of it, nothing panics."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from guest_time import S64_MAX, Guest, PanicError, Process, ReadClock, Sleep, Turnstile, Until
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.guest.clock import MESSAGE, NEVER, ClockError, Controller, Op, Phase

END = 6000
times = st.integers(1, 1500) | st.sampled_from([255, 256, 257, 512])
scripts = st.lists(times | st.sampled_from(["clock", "say"]), max_size=6)
"""What a program does: sleeps for so long, reads the clock, writes to the line."""
inputs = st.lists(st.tuples(st.integers(0, END), st.binary(min_size=1, max_size=3)), max_size=5)
noise = st.lists(st.integers(0, 40), max_size=12)


def program(guest: Guest, name: str, script: Sequence[int | str]) -> Process:
    for step in script:
        if isinstance(step, int):
            yield Sleep(step)
        elif step == "clock":
            yield ReadClock()
        else:
            guest.line += name.encode()
            yield Turnstile()
        guest.note(f"{name} {step}")


def agent(guest: Guest) -> Process:
    """Looks at the clock, says what it has read, and waits for its host, as the real one does."""
    while True:
        yield Until(lambda: bool(guest.tty))
        content = bytes(guest.tty)
        guest.tty.clear()
        guest.note(f"read {content!r}")
        yield ReadClock()
        guest.line += content
        yield Turnstile()
        guest.note("let go on")


def started(programs: Sequence[Sequence[int | str]]) -> Guest:
    guest = Guest()
    guest.spawn(agent(guest))
    for number, script in enumerate(programs):
        guest.spawn(program(guest, f"p{number}", script))
    return guest


@dataclass
class Host:
    """Carries words between guest and controller; its haste is drawn from ``noise``."""

    guest: Guest
    noise: Sequence[int] = ()
    controller: Controller = field(default_factory=Controller)
    _drawn: int = 0
    _words: bytearray = field(default_factory=bytearray)

    def draw(self) -> int | None:
        """A number, or None: as much as there is."""
        if not self.noise:
            return None
        self._drawn += 1
        return self.noise[self._drawn % len(self.noise)]

    def carry(self) -> bool:
        """Carry something, or let the guest run; whether there was anything."""
        self.guest.tell(self.controller.take_output())
        if self.draw() not in (0, 1, 2):
            self.guest.run()
        self._words += self.guest.take_words()
        if not self._words:
            self.guest.run()
            self._words += self.guest.take_words()
        length = self.draw()
        piece = bytes(self._words[: None if length is None else length + 1])
        del self._words[: len(piece)]
        self.controller.receive(piece)
        output = self.controller.take_output()
        self.guest.tell(output)
        return bool(piece or output)

    def settle(self) -> None:
        """Carry what there is to carry."""
        while self.carry():
            pass

    def stretch(self, least: int, most: int) -> int:
        """A time between these."""
        drawn = self.draw()
        return most if drawn is None else min(most, least + drawn * 60)

    def act(self, coming: deque[tuple[int, bytes]], end: int) -> bool:
        """Do what may be done now; whether there is anything still to do."""
        controller = self.controller
        if not controller.stopped or controller.due is None:
            return True
        limit = coming[0][0] if coming else end
        if controller.due <= limit:
            controller.release(self.stretch(controller.due, limit))
        elif controller.now < limit:
            controller.pass_to(min(limit, self.stretch(controller.now + 99, limit)))
        elif coming:
            self.guest.give(coming.popleft()[1])
            controller.call()
        else:
            return False
        return True

    def play(self, schedule: Sequence[tuple[int, bytes]], end: int) -> None:
        """Give the input of a schedule at its times, and go on up to ``end``."""
        coming = deque(sorted(schedule, key=lambda one: one[0]))
        while True:
            carried = self.carry()
            phase, given = self.controller.phase, len(coming)
            if not self.act(coming, end):
                return
            acted = (phase, given) != (self.controller.phase, len(coming))
            if not (carried or acted or self.controller.due is not None):
                pytest.fail(f"nobody says a word any more: {self.controller}")


@settings(max_examples=60, deadline=None)
@given(st.lists(scripts, max_size=3), inputs, noise)
def test_a_schedule_gives_the_same_events_at_the_same_times_however_hasty_the_host(
    programs: list[list[int | str]], schedule: list[tuple[int, bytes]], hurry: list[int]
) -> None:
    plain, hasty = Host(started(programs)), Host(started(programs), hurry)
    plain.play(schedule, END)
    hasty.play(schedule, END)
    assert hasty.guest.journal == plain.guest.journal
    assert hasty.guest.line == plain.guest.line
    read = b"".join(content for _, content in sorted(schedule, key=lambda one: one[0]))
    assert sum(len(content) for _, content in schedule) >= len(plain.guest.tty)
    assert plain.guest.tty in read


@settings(max_examples=30, deadline=None)
@given(st.lists(scripts, min_size=1, max_size=3), noise, st.lists(times, min_size=1, max_size=5))
def test_a_target_is_reached_exactly_and_what_is_due_later_has_not_fired(
    programs: list[list[int | str]], hurry: list[int], steps: list[int]
) -> None:
    free = Host(started(programs))
    free.play([], 2 * END)
    host, target = Host(started(programs), hurry), 0
    for step in steps:
        target += step
        host.play([], target)
        assert host.controller.now == target
        assert host.guest.time <= target
        assert host.guest.journal == [one for one in free.guest.journal if one[0] <= target]


@settings(max_examples=30, deadline=None)
@given(st.lists(scripts, max_size=3), noise)
def test_what_is_not_let_go_does_not_move(
    programs: list[list[int | str]], hurry: list[int]
) -> None:
    host = Host(started(programs), hurry)
    host.settle()
    assert host.controller.stopped
    assert host.controller.now == host.guest.time == 0
    journal = list(host.guest.journal)
    host.settle()
    assert (host.guest.time, host.guest.journal) == (0, journal)


@settings(max_examples=30, deadline=None)
@given(st.lists(scripts, max_size=3), inputs, noise)
def test_input_is_noticed_at_the_time_at_which_it_was_given(
    programs: list[list[int | str]], schedule: list[tuple[int, bytes]], hurry: list[int]
) -> None:
    """Later only where the guest is just reading its clock, and then once that has cost its bit."""
    host = Host(started(programs), hurry)
    host.play(schedule, 2 * END)
    noticed = [(at, what) for at, what in host.guest.journal if what.startswith("input")]
    for given_at, content in schedule:
        assert any(0 <= at - given_at <= 256 for at, _ in noticed), (given_at, content)


def test_input_that_comes_when_a_timer_is_due_as_well_is_not_lost() -> None:
    host = Host(started([[500]]))
    host.settle()
    host.controller.pass_to(500)
    host.guest.give(b"x")
    host.controller.call()
    host.play([], 2000)
    assert (500, "read b'x'") in host.guest.journal
    assert (500, "p0 500") in host.guest.journal


def test_a_guest_that_reads_its_clock_takes_more_input_after_that() -> None:
    """Its interrupt is pending, so that it asks for nothing when it is called again."""
    host = Host(started([["clock"]]))
    host.settle()
    assert (host.controller.phase, host.controller.request) == (Phase.WAITING, 256)
    for content in (b"x", b"y"):
        host.guest.give(content)
        host.controller.call()
        host.settle()
        if host.controller.due == host.controller.now:
            host.controller.release(host.controller.now)
        host.settle()
    assert host.controller.due == 256
    host.play([], 256)
    assert (256, "read b'xy'") in host.guest.journal


def test_a_guest_without_a_timer_is_never_let_run() -> None:
    host = Host(started([]))
    host.settle()
    assert host.controller.request == S64_MAX
    with pytest.raises(ValueError, match="due 9223372036854775807"):
        host.controller.release(S64_MAX)
    host.controller.pass_to(NEVER)
    host.settle()
    assert host.guest.time == 0


def test_a_guest_that_stands_goes_on_at_the_same_instant() -> None:
    host = Host(started([[40, "say", "say", 10]]))
    host.play([], 39)
    host.controller.release(1000)
    host.settle()
    assert (host.controller.phase, host.controller.now) == (Phase.STANDING, 40)
    assert host.guest.line == b"p0"
    with pytest.raises(ValueError, match="STANDING"):
        host.controller.release(39)
    with pytest.raises(ValueError, match="waits"):
        host.controller.pass_to(41)
    host.controller.release(40)
    host.settle()
    assert (host.controller.phase, host.controller.now) == (Phase.STANDING, 40)
    host.controller.release(40)
    host.settle()
    assert host.guest.journal[-1] == (40, "p0 say")
    assert host.controller.request == 50


def test_input_that_a_standing_guest_is_given_is_seen_once_it_goes_on() -> None:
    host = Host(started([["say", 10]]))
    host.settle()
    assert host.controller.phase is Phase.STANDING
    host.guest.give(b"x")
    host.controller.call()
    host.controller.release(0)
    host.settle()
    assert (0, "read b'x'") in host.guest.journal


def test_long_runs_need_no_words() -> None:
    host = Host(started([[50] * 100]))
    host.settle()
    host.controller.release(10_000)
    host.settle()
    assert len(host.guest.journal) == 100
    assert host.controller.request == S64_MAX
    assert len(host.guest.spoken) <= 6


def test_no_time_passes_beyond_the_next_timer() -> None:
    host = Host(started([[500]]))
    host.settle()
    host.controller.pass_to(499)
    with pytest.raises(ValueError, match="up to 500, not to 501"):
        host.controller.pass_to(501)
    with pytest.raises(ValueError, match="from 499"):
        host.controller.pass_to(498)
    host.guest.give(b"x")
    host.controller.call()
    with pytest.raises(ValueError, match="heard its call"):
        host.controller.pass_to(500)
    with pytest.raises(ValueError, match="due None"):
        host.controller.release(500)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ([(Op.WAIT, 0)], "operation 3 while it is STARTING"),
        ([(Op.START, 0), (Op.START, 0)], "operation 1 while it is RUNNING"),
        ([(Op.START, 0), (Op.WAIT, 5), (Op.WAIT, 5)], "while it is WAITING"),
        ([(Op.START, 0), (Op.UPDATE, 5), (Op.WAIT, 4)], "time 4 after 5"),
        ([(Op.START, 0), (Op.WAIT, 5), (Op.BROADCAST, 0)], "while it is WAITING"),
        ([(Op.START, 0), (Op.BROADCAST, 0), (Op.UPDATE, 5)], "while it is STANDING"),
        ([(Op.START, 0), (Op.BROADCAST, 0), (Op.REQUEST, 5)], "while it is STANDING"),
        ([(Op.START, 0), (Op.GET_TOD, 0)], "operation 8 while it is RUNNING"),
        ([(Op.START, 0), (Op.RUN, 0)], "operation 6 while it is RUNNING"),
        ([(77, 0)], "operation 77"),
    ],
)
def test_a_guest_that_says_what_it_cannot_say_now_is_found_out(
    said: list[tuple[int, int]], complaint: str
) -> None:
    controller = Controller()
    content = b"".join(MESSAGE.pack(one, n, time) for n, (one, time) in enumerate(said))
    with pytest.raises(ClockError, match=complaint):
        controller.receive(content)


@pytest.mark.parametrize(
    ("told", "panic"),
    [
        ((Op.RUN, 9, 499), "BUG: at 499 instead of 500"),
        ((Op.ACK, 9, 0), "an ACK that was not waited for"),
        ((Op.RUN, 9, S64_MAX), "sleep forever"),
        ((Op.WAIT, 9, 0), "unexpected message"),
    ],
)
def test_the_model_panics_where_the_kernel_does(told: tuple[int, int, int], panic: str) -> None:
    host = Host(started([[500]]))
    host.settle()
    host.guest.tell(MESSAGE.pack(*told))
    with pytest.raises(PanicError, match=panic):
        host.guest.run()


def test_the_model_panics_of_another_sequence_number() -> None:
    guest = started([])
    guest.tell(MESSAGE.pack(Op.ACK, 2, 0))
    with pytest.raises(PanicError, match="different seqno! 2 != 1"):
        guest.run()


def test_the_model_panics_when_time_goes_backwards() -> None:
    host = Host(started([[500], [600]]))
    host.play([], 550)
    host.guest.give(b"x")
    host.guest.run()
    _, sequence, _ = host.guest.spoken[-1]
    host.guest.tell(MESSAGE.pack(Op.ACK, sequence, 300))
    with pytest.raises(PanicError, match="backwards 500 -> 300"):
        host.guest.run()


def test_the_model_panics_of_input_while_it_runs() -> None:
    guest = started([])
    with pytest.raises(PanicError, match="while the guest runs"):
        guest.give(b"x")
