"""Times and numbers of a scenario's results, as people read them."""

from __future__ import annotations

SECOND = 1_000_000_000
MILLISECOND = 1_000_000


def lasting(nanoseconds: int) -> str:
    """``3.31 s``, ``12.5 ms``, ``340 us``: three digits."""
    for unit, size in (("s", SECOND), ("ms", MILLISECOND)):
        if nanoseconds >= size:
            return f"{_three(nanoseconds / size)} {unit}"
    return f"{_three(nanoseconds / 1000)} us"


def _three(number: float) -> str:
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}"


def seconds(number: float) -> str:
    """As somebody writes a duration: ``4 s``, ``3.609 s``, ``50 ms``."""
    if 0 < number < 1:
        return f"{number * 1000:.6g} ms"
    return f"{number:.6g} s"


def since(begun: int, at: int) -> str:
    """A time, as seconds since the scenario began: ``83.457 s``."""
    return f"{(at - begun) / SECOND:.3f} s"


def times(count: int, noun: str) -> str:
    """``1 request``, ``2 requests``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
