"""Values with units: durations and sizes."""

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

PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,9})?(us|ms|s|m|h)$"
_LONGEST = 365 * 24 * _MICROSECONDS["h"]

_BYTES = {"G": 2**30, "M": 2**20, "K": 2**10}
"""From the largest unit to the smallest."""

_SIZE_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,9})?[KMG](iB)?$"


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
            "pattern": PATTERN,
            "description": "A duration with its unit: 500ms, 2s, 1.5s, 2m, 1h.",
        }


@dataclass(frozen=True, order=True, init=False)
class Size:
    """An amount of memory in bytes, a whole number of KiB.

    ``Size("1.5G")`` reads what a user writes: a decimal number and one of the units K, M and G,
    powers of 1024, as KiB, MiB and GiB are. ``str()`` gives a whole number of the largest unit
    that divides it, which reads back as an equal size and is what the kernel's mem= takes:
    ``Size("1024MiB")`` is ``1G``, ``Size("1.5G")`` is ``1536M``.

    Raises ValueError, with a message for the user, for anything else.
    """

    bytes: int

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "bytes", _bytes(text))

    def __str__(self) -> str:
        unit = next((u for u, size in _BYTES.items() if self.bytes % size == 0), "K")
        return f"{self.bytes // _BYTES[unit]}{unit}"

    def __repr__(self) -> str:
        return f"Size({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Size], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _validated_size, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": _SIZE_PATTERN,
            "description": "A size with its unit, K, M or G, powers of 1024: 512M, 1G, 1.5GiB.",
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


def _bytes(text: str) -> int:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"{text} needs a unit: K, M or G, such as {text}M")
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([KMG])(iB)?", text)
    if match is None:
        meant = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([kmgKMG])([bB]|iB|ib)?", text)
        if meant is not None:
            near = f"{meant[1]}{meant[2].upper()}"
            raise ValueError(f"{text!r}: units are K, M and G, powers of 1024; write {near}")
        raise ValueError(f"{text!r} is not a size; write a number with a unit, such as 512M or 1G")
    exact = Decimal(match[1]) * _BYTES[match[2]]
    if exact % _BYTES["K"]:
        raise ValueError(f"{text} is not a whole number of K")
    return int(exact)


def _validated_size(value: object) -> Size:
    if isinstance(value, Size):
        return value
    if isinstance(value, str):
        return Size(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} needs a unit: K, M or G, such as {value}M")
    raise ValueError("expected a size: a number with a unit, such as 512M or 1G")
