"""What values of a JSON document must be.

Each raises ValueError with ``where`` in the document, what was expected, and what is there.
"""

from __future__ import annotations

from collections.abc import Mapping


def mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _other(value, where, "a mapping")
    return value


def array(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise _other(value, where, "a list")
    return value


def number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _other(value, where, "a number")
    return float(value)


def _other(value: object, where: str, expected: str) -> ValueError:
    return ValueError(f"{where}: expected {expected}, not {type(value).__name__}")
