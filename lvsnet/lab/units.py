"""Values with units: durations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import CoreSchema

_MICROSECONDS = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
"""From the longest unit to the shortest."""

_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,9})?(us|ms|s|m|h)$"
_LONGEST = 365 * 24 * _MICROSECONDS["h"]


@dataclass(frozen=True, order=True, init=False)
class Duration:
    """A length of time in whole microseconds, from 0 to one year.

    ``Duration("1.5s")`` reads what a user writes: a decimal number and one of the units us, ms,
    s, m and h. Two durations are equal when they are equally long, however they were written.
    ``str()`` gives a whole number of the longest unit that divides it, which reads back as an
    equal duration: ``Duration("120s")`` is ``2m``, ``Duration("1.5s")`` is ``1500ms``.

    Raises ValueError, with a message for the user, for anything else.
    """

    microseconds: int

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "microseconds", _microseconds(text))

    @property
    def seconds(self) -> Decimal:
        """Seconds, exactly; ``str()`` of it is plain digits without trailing zeros: ``1.5``."""
        whole, rest = divmod(self.microseconds, 1_000_000)
        return Decimal(f"{whole}.{rest:06}".rstrip("0").rstrip("."))

    def __str__(self) -> str:
        if self.microseconds == 0:
            return "0s"
        unit = next(u for u, size in _MICROSECONDS.items() if self.microseconds % size == 0)
        return f"{self.microseconds // _MICROSECONDS[unit]}{unit}"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Duration], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _validated, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": _PATTERN,
            "description": "A duration with its unit: 500ms, 2s, 1.5s, 2m, 1h.",
        }


def _microseconds(text: str) -> int:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"{text} needs a unit: us, ms, s, m or h, such as {text}s")
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(us|ms|s|m|h)", text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a duration; write a number with a unit, such as 500ms, 2s or 1.5s"
        )
    exact = Decimal(match[1]) * _MICROSECONDS[match[2]]
    if exact != int(exact):
        raise ValueError(f"{text} is finer than a microsecond")
    if exact > _LONGEST:
        raise ValueError(f"{text} is longer than a year")
    return int(exact)


def _validated(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, str):
        return Duration(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} needs a unit: us, ms, s, m or h, such as {value}s")
    raise ValueError("expected a duration: a number with a unit, such as 500ms, 2s or 1.5s")
