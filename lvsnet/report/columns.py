"""Columns of whole numbers, as text that is short and exact: a page has many of them.

Each number is told by its difference from the one before, the sign as its lowest bit, in bytes of
seven bits whose eighth says that more follow (LEB128, DWARF 5, 7.6); the bytes in base64. What is
sent every 50 ms takes 4 bytes, and what seldom changes one. assets/columns.js reads it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable


def packed(numbers: Iterable[int]) -> str:
    """The column as text; differences from one number to the next stay below 2**52."""
    content = bytearray()
    before = 0
    for number in numbers:
        difference, before = number - before, number
        rest = difference * 2 if difference >= 0 else -difference * 2 - 1
        while rest > 0x7F:
            content.append(rest & 0x7F | 0x80)
            rest >>= 7
        content.append(rest)
    return b64encode(content).decode()
