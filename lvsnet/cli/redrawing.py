"""A picture of lines that is drawn anew in its place, or one below the other where it has none."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HOME, CLEAR, TO_END_OF_LINE, TO_END = "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"
"""ECMA-48: CUP, ED, EL, ED."""
PAUSE = 1.0
"""Seconds of real time between two pictures, at least."""

Picture = Callable[[int | None], list[str]]
"""The lines for so many columns; None: as many as need be."""


class Screen:
    """Where a picture is drawn. What comes too early is drawn when its time has come."""

    def __init__(self) -> None:
        self._placed = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._picture: Picture | None = None
        self._drawn: float | None = None
        self._draws = False

    def show(self, picture: Picture) -> None:
        self._picture = picture
        if not self._placed:
            self._add(picture)
            return
        left = 0.0 if self._drawn is None else self._drawn + PAUSE - time.monotonic()
        if left <= 0:
            self._draw()
        else:
            signal.setitimer(signal.ITIMER_REAL, left)

    def again(self, _number: int, _stack: FrameType | None) -> None:
        """The handler of a signal: time has come, or the window has another size."""
        if self._draws:
            signal.setitimer(signal.ITIMER_REAL, PAUSE)
        elif self._placed:
            self._draw()

    def _add(self, picture: Picture) -> None:
        between = "" if self._drawn is None else "\n"
        self._drawn = time.monotonic()
        sys.stdout.write(between + "".join(f"{line}\n" for line in picture(None)))
        sys.stdout.flush()

    def _draw(self) -> None:
        if self._picture is None:
            return
        self._draws = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        columns, rows = shutil.get_terminal_size()
        lines = fitted(self._picture(columns), columns, rows - 1)
        clear = CLEAR if self._drawn is None else ""
        self._drawn = time.monotonic()
        text = "".join(f"{line}{TO_END_OF_LINE}\n" for line in lines)
        sys.stdout.write(f"{clear}{HOME}{text}{TO_END}")
        sys.stdout.flush()
        self._draws = False


@contextmanager
def screen() -> Iterator[Screen]:
    """A screen for as long as a lab is watched; there is nothing to take back of it."""
    found = Screen()
    before = {
        number: signal.signal(number, found.again) for number in (signal.SIGALRM, signal.SIGWINCH)
    }
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def fitted(lines: list[str], columns: int, rows: int) -> list[str]:
    """The lines that there is room for, each cut to it; the last then says how many there are."""
    if len(lines) > rows > 0:
        more = f"… and {len(lines) - rows + 1} more lines"
        lines = [*lines[: rows - 1], more]
    return [line if len(line) <= columns else f"{line[: columns - 1]}…" for line in lines]
