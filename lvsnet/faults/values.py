"""The values in an order's text: times, parts of packets, rates, numbers.

Each function raises ValueError with what it expects, for a message that goes on with what it found.
"""

from __future__ import annotations

import re
from decimal import Decimal

from lvsnet.faults.text import duration
from lvsnet.lab.units import Duration

PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
RATE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kmg]?)bit", re.IGNORECASE)
BYTES = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kKmMgG]?)i?(?:B|[Bb]ytes?)(?:ps|/s)?",
)
PREFIXES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
SLOWEST, FASTEST = 8, 10**12
"""Bits a second: netem counts bytes, and beyond the fastest nothing is limited."""


def time(text: str, shortest: int, longest: int) -> int:
    """Microseconds, of a duration as lab files have them."""
    try:
        found = Duration(text).microseconds
    except ValueError as error:
        raise ValueError("a duration with its unit, such as 20ms or 2s") from error
    if not shortest <= found <= longest:
        raise ValueError(f"{duration(shortest)} to {duration(longest)}")
    return found


def percent(text: str) -> float:
    match = PERCENT.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise ValueError("a part of the packets from 0% to 100%, such as 0.5%")
    return float(match[1])


def rate(text: str) -> int:
    """Bits a second, as tc(8) takes them: powers of 1000, and no matter which case."""
    in_bytes = BYTES.fullmatch(text)
    if in_bytes is not None:
        prefix = {"K": "k", "m": "M", "g": "G"}.get(in_bytes[2], in_bytes[2])
        same = f"{Decimal(in_bytes[1]) * 8:f}{prefix}bit"
        raise ValueError(f"bits a second, of which a byte has 8, such as {same}")
    match = RATE.fullmatch(text)
    bits = float(match[1]) * PREFIXES[match[2].lower()] if match else 0.0
    if not SLOWEST <= bits <= FASTEST or bits != int(bits):
        raise ValueError("bits a second, such as 100Mbit, 2.5Gbit or 64kbit")
    return int(bits)


def count(text: str, most: int) -> int:
    found = number(text, most)
    if not found:
        raise ValueError(f"a number from 1 to {most}")
    return found


def number(text: str, most: int) -> int | None:
    """A whole number of ASCII digits; None when it is none, or larger."""
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(most)):
        return None
    return found if (found := int(text)) <= most else None
