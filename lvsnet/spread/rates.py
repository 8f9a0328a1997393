"""Rates of traffic and parts of a link, as they are written on a command line.

Each reader raises ValueError, with a message for the user.
"""

from __future__ import annotations

import re
from fractions import Fraction

PREFIXES = {"T": 10**12, "G": 10**9, "M": 10**6, "k": 10**3, "": 1}
"""From the largest; decimal, as the rates of links are."""
RATE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([kMGT]?)(?:bit(?:/s)?|bps)")
NEAR = re.compile(r"(-?[0-9]{1,12}(?:\.[0-9]{1,9})?) ?([kKmMgGtT]?)(i?)(.*)")
PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
EXPECTED = "write bits a second with kbit, Mbit, Gbit or Tbit, such as 800Mbit or 1.5Gbit"


def rate(text: str) -> Fraction:
    """Bits a second, above zero: ``800Mbit``, ``1.5Gbit/s``, ``10Gbps``."""
    match = RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(_why_not(text.strip()))
    found = Fraction(match[1]) * PREFIXES[match[2]]
    if not found:
        raise ValueError(f"{text} is nothing: write a rate above zero, such as 1Gbit")
    return found


def part(text: str) -> Fraction:
    """A part of a link, above zero and up to one: ``80%``."""
    match = PERCENT.fullmatch(text.strip())
    found = Fraction(match[1]) / 100 if match else Fraction(0)
    if not 0 < found <= 1:
        raise ValueError(f"{text!r} is not a part of a link: write above 0% up to 100%, as in 80%")
    return found


def written(bits: Fraction) -> str:
    """A rate for people, with four digits at most: ``1.5Gbit``."""
    size = next((size for size in PREFIXES.values() if bits >= size), 1)
    prefix = next(name for name, one in PREFIXES.items() if one == size)
    value = float(bits / size)
    digits = f"{value:.4g}" if value < 1000 else f"{value:.0f}"
    return f"{digits}{prefix}bit"


def percent(fraction: Fraction) -> str:
    """For people, to a tenth of a percent; never 100% for what is only nearly so."""
    tenths = round(fraction * 1000)
    if tenths == 1000 and fraction != 1:
        return "<100%" if fraction < 1 else ">100%"
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"


def _why_not(text: str) -> str:
    match = NEAR.fullmatch(text)
    if match is None:
        return f"{text!r} is not a rate: {EXPECTED}"
    number, prefix, binary, unit = match.groups()
    if number.startswith("-"):
        return f"{text} is below zero: write a rate above zero, such as {number[1:]}{prefix}bit"
    if not unit and not binary:
        meant = {"": "M", "K": "k", "m": "M", "g": "G", "t": "T"}.get(prefix, prefix)
        return f"{text} has no unit: {EXPECTED}; did you mean {number}{meant}bit?"
    right = {"K": "k", "m": "M", "g": "G", "t": "T"}.get(prefix, prefix)
    if binary:
        return f"{text}: links are counted by thousands, not by 1024: {EXPECTED}"
    if unit in ("B", "B/s", "Bps", "byte", "bytes", "Byte", "Bytes", "bytes/s", "Bytes/s"):
        times = f"{float(Fraction(number) * 8):.12g}{right}bit"
        return f"{text} counts bytes and a link's rate is in bits, 8 to a byte: write {times}"
    if unit in ("b", "b/s"):
        times = f"{float(Fraction(number) * 8):.12g}{right}bit"
        return (
            f"{text} may be bits or bytes: write {number}{right}bit, or {times} if it is bytes, "
            "of 8 bits each"
        )
    if unit in ("bit", "bit/s", "bps"):
        return f"{text}: {prefix} is no prefix of a rate here: write {number}{right}bit"
    return f"{text!r} is not a rate: {EXPECTED}"
