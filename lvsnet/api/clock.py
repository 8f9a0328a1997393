"""The clock of a running lab, for programs in Python: ``lab.clock.advance(120)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lvsnet.control import clock as clocks
from lvsnet.control.clock import SECOND
from lvsnet.errors import LvsnetError
from lvsnet.progress import silent

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock as State
    from lvsnet.control.place import Place

Span = float | str
"""Seconds, or as in a lab file: ``"500ms"``, ``"120s"``, ``"1h"``."""


class NotReachedError(LvsnetError):
    """The limit was over before a condition was met."""


@dataclass(frozen=True)
class Clock:
    """The clock of a lab with a virtual one (`lvsnet deploy --clock virtual`).

    It is a handle: each call asks the lab.
    """

    lab: str
    place: Place

    @property
    def now(self) -> float:
        """Seconds since the lab's kernel booted."""
        return _since_boot(self._state()) / SECOND

    @property
    def calendar(self) -> datetime:
        """The time that the lab's calendar shows (UTC), in whole microseconds."""
        return clocks.calendar(self._state())

    @property
    def mode(self) -> str:
        """``held``, ``paused`` or ``running``."""
        return self._state().mode

    @property
    def speed(self) -> float:
        """Seconds of the lab's time in a second of real time, while it is running."""
        return self._state().speed

    @property
    def seed(self) -> int | None:
        """What the lab's run is drawn from."""
        return self._state().seed

    def hold(self) -> None:
        """Let it move only while a command needs it: so it is after a deploy."""
        clocks.set_mode(self.place, self.lab, "held")

    def pause(self) -> None:
        """Let nothing move it but `advance`, and `run_until` with a function."""
        clocks.set_mode(self.place, self.lab, "paused")

    def run(self, speed: float = 1.0) -> None:
        """Let it go on by itself, so many times as fast as real time."""
        clocks.set_mode(self.place, self.lab, "running", speed)

    def advance(self, by: Span) -> None:
        """Wind it forward, as fast as this machine can, whatever its mode."""
        clocks.advance(self.place, self.lab, nanoseconds(by))

    def run_until(
        self, goal: str | Callable[[], bool], limit: Span = "1h", *, step: Span = 0.1
    ) -> float:
        """Let the lab go on until something is so; seconds of its time that this took.

        ``goal`` is a condition as of `lvsnet clock run-until`, ``vip 192.168.10.100 on lb02``,
        which is looked at in the lab every 0.1 s of its time; or a function, which is called now
        and after every ``step`` of the lab's time. What it has done in the lab may take time, too.

        Raises:
            NotReachedError: ``limit`` of the lab's time was over before.
            ConditionError: the condition cannot be read, or names what the lab does not have.
        """
        if isinstance(goal, str):
            return self._until_condition(goal, nanoseconds(limit))
        return self._until_true(goal, nanoseconds(limit), nanoseconds(step))

    def _until_condition(self, text: str, limit: int) -> float:
        from lvsnet.observe import grammar

        condition = grammar.parse(text)
        reached = clocks.run_until(self.place, self.lab, condition, limit / SECOND, silent)
        if not reached.met:
            raise self._not_reached(limit, f"{condition}; {reached.seen}")
        return reached.waited

    def _until_true(self, goal: Callable[[], bool], limit: int, step: int) -> float:
        begun = _since_boot(self._state())
        end = begun + limit
        while not goal():
            now = _since_boot(self._state())
            if now >= end:
                raise self._not_reached(limit, "the function has not returned true")
            self.place.advance(self.lab, min(step, end - now))
        return (_since_boot(self._state()) - begun) / SECOND

    def _state(self) -> State:
        return clocks.virtual(self.place, self.lab)

    def _not_reached(self, limit: int, what: str) -> NotReachedError:
        return NotReachedError(
            f"lab {self.lab}: not met in {limit / SECOND:g} s of its time: {what}"
        )


def _since_boot(state: State) -> int:
    return state.now or 0


def nanoseconds(span: Span) -> int:
    """In nanoseconds, above 0."""
    if isinstance(span, str):
        try:
            return clocks.duration(span)
        except ValueError as error:
            raise LvsnetError(str(error)) from error
    if not 0 < span < float("inf"):
        raise LvsnetError(f"{span} s: a time of the lab's is more than nothing, and has an end")
    return max(1, round(span * SECOND))
