"""A lab's clock, from outside: its state in words, and what it can be asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.observe.conditions import Condition, Reached
    from lvsnet.progress import Report

SECOND = 1_000_000_000
"""In nanoseconds."""


@dataclass(frozen=True)
class Clock:
    """The state of a lab's clock."""

    kind: str
    """``real``, that of the machine, or ``virtual``."""
    mode: str
    """``held``, ``paused`` or ``running``; the last of a real one."""
    speed: float
    """Seconds of the lab's time in a second of real time, while it is running."""
    now: int | None
    """Nanoseconds since the lab's kernel booted; None of a real clock."""
    start: int | None
    """The calendar's time then, in nanoseconds since 1970 (UTC); None of a real clock."""
    seed: int | None
    """What the lab's run is drawn from; None with a real clock."""


REAL = Clock("real", "running", 1.0, None, None, None)


def from_answer(answer: Mapping[str, object], lab: str) -> Clock:
    """What a lab's supervisor answers to ``clock``.

    Raises:
        LvsnetError: another version of lvsnet deployed the lab.
    """
    match answer:
        case {"clock": "real"}:
            return REAL
        case {
            "clock": "virtual",
            "mode": str() as mode,
            "speed": int() | float() as speed,
            "now": int() as now,
            "start": int() as start,
            "seed": int() as seed,
        }:
            return Clock("virtual", mode, float(speed), now, start, seed)
    raise LvsnetError(f"lab {lab}: another version of lvsnet deployed it, with another clock")


def refusal(lab: str) -> LvsnetError:
    """What is said when the clock of a lab that has the real one is to be held or moved."""
    return LvsnetError(
        f"lab {lab} runs on the real clock of this machine, which nobody can hold, pause or wind; "
        f"`lvsnet destroy {lab}`, and deploy it with --clock virtual"
    )


def virtual(place: Place, lab: str) -> Clock:
    """The clock of a lab that has a virtual one.

    Raises:
        LvsnetError: it has the real one.
    """
    clock = place.clock(lab)
    if clock.kind != "virtual":
        raise refusal(lab)
    return clock


def set_mode(place: Place, lab: str, mode: str, speed: float = 1.0) -> Clock:
    """Have a lab's clock ``held``, ``paused`` or ``running`` at a speed.

    Raises:
        LvsnetError: it is the real one, or no clock can be as fast or slow.
    """
    virtual(place, lab)
    if why := bad_speed(speed):
        raise LvsnetError(why)
    return place.set_clock(lab, mode, speed)


def bad_speed(speed: float) -> str:
    """Why no clock can run at a speed; empty if one can."""
    from lvsnet.guest.timekeeping import FASTEST, SLOWEST

    if SLOWEST <= speed <= FASTEST:
        return ""
    return f"a clock runs at a speed from {SLOWEST:g} to {FASTEST:g}, not {speed:g}"


def advance(place: Place, lab: str, by: int) -> tuple[Clock, Clock]:
    """Move a lab's clock on by nanoseconds; how it was before, and is then.

    Raises:
        LvsnetError: it is the real one, or ``by`` is not above 0.
    """
    if by <= 0:
        raise LvsnetError("a clock goes forward only: advance it by more than nothing")
    before = virtual(place, lab)
    return before, place.advance(lab, by)


def run_until(
    place: Place, lab: str, condition: Condition, limit: float, report: Report
) -> Reached:
    """Let a lab go on until a condition is met, or ``limit`` seconds of its time have passed.

    With a paused clock the condition is met now, or never.

    Raises:
        ConditionError: the condition names what the lab does not have.
        LvsnetError: the lab's clock is the real one, or is paused and the condition not met.
    """
    from lvsnet.observe import checking

    clock = virtual(place, lab)
    checking.check(condition, place.record(lab).plan)
    if clock.mode != "paused":
        return place.until(lab, condition, limit, report)
    reached = place.until(lab, condition, 0.0, report)
    if reached.met:
        return reached
    raise LvsnetError(
        f"lab {lab}: {reached.seen}, and its clock is paused, at {elapsed(clock)}; "
        "`lvsnet clock hold` lets it move when something needs it"
    )


def duration(text: str) -> int:
    """Nanoseconds of a duration that somebody writes, as in a lab file: ``120s``, ``1.5h``.

    Raises:
        ValueError: it is none, or not above 0; the message is for the user.
    """
    from lvsnet.lab.units import Duration

    if text.startswith("-"):
        raise ValueError(f"{text}: a clock goes forward only")
    found = Duration(text).microseconds * 1000
    if not found:
        raise ValueError(f"{text}: write a duration above 0, such as 500ms, 2s or 1h")
    return found


def elapsed(clock: Clock) -> str:
    """A lab's time since its boot, ``0:01:23.456789``; ``1 day, 0:00:00.000000`` after a day."""
    return since_boot(clock.now or 0)


def since_boot(nanoseconds: int) -> str:
    """A time of a lab's clock, as `elapsed`."""
    days, seconds, microseconds = _parts(nanoseconds)
    named = f"{days} day{'s' if days > 1 else ''}, " if days else ""
    minutes, rest = divmod(seconds, 60)
    return f"{named}{minutes // 60}:{minutes % 60:02}:{rest:02}.{microseconds:06}"


def booted(place: Place, lab: str) -> int | None:
    """When the clock of a lab that runs on this machine's own kernel was 0, by the calendar in
    nanoseconds since 1970; None of one in a guest, whose times are shown since its boot."""
    if not place.about(lab).kernel.startswith("host"):
        return None
    return time.time_ns() - time.monotonic_ns()


def stamp(at: int, booted: int | None) -> str:
    """A time of a lab's clock as `since_boot`; or by what `booted` gave the time of day, here."""
    if booted is None:
        return since_boot(at)
    microseconds = (booted + at) // 1000
    found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return f"{found.astimezone():%H:%M:%S.%f}"


def calendar(clock: Clock) -> datetime:
    """The time of a lab's calendar, in whole microseconds; that of this machine's if it is real."""
    if clock.now is None or clock.start is None:
        return datetime.now(UTC)
    microseconds = (clock.start + clock.now) // 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def mode_in_words(clock: Clock) -> str:
    """``held: moves only while a command needs it``."""
    if clock.kind == "real":
        return "as time goes by"
    if clock.mode == "held":
        return "held: moves only while a command needs it"
    if clock.mode == "paused":
        return "paused: moves only when it is advanced"
    return f"running: {pace(clock.speed)}"


def pace(speed: float) -> str:
    return "beside real time" if speed == 1 else f"{speed:g} times as fast as real time"


def plain(clock: Clock) -> dict[str, object]:
    """For programs: ``{kind, mode, speed, now, calendar, seed}``.

    ``now`` in seconds since boot, ``calendar`` as in ISO 8601; both null of a real clock.
    """
    return {
        "kind": clock.kind,
        "mode": clock.mode,
        "speed": clock.speed,
        "now": None if clock.now is None else clock.now / SECOND,
        "calendar": None if clock.now is None else calendar(clock).isoformat(),
        "seed": clock.seed,
    }


def _parts(nanoseconds: int) -> tuple[int, int, int]:
    """Days, seconds of the day, microseconds of the second."""
    whole, rest = divmod(nanoseconds, SECOND)
    return (*divmod(whole, 86400), rest // 1000)
