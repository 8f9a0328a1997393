"""Plain YAML scalars, read by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2).

So ``no`` and ``on`` are text, ``22:22`` is text, and ``012`` is twelve. A number remembers how it
was written, because text that looks like a number is often meant as text: a file mode ``0644``,
a version ``1.10``.
"""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_NUMBER = 40
"""Characters; anything longer is no number of a lab, and Python limits what int() reads."""


class Integer(int):
    """An integer and the characters that it was written with."""

    written: str

    def __new__(cls, value: int, written: str) -> Integer:
        self = super().__new__(cls, value)
        self.written = written
        return self


class Float(float):
    """A floating-point number and the characters that it was written with."""

    written: str

    def __new__(cls, value: float, written: str) -> Float:
        self = super().__new__(cls, value)
        self.written = written
        return self


Scalar = str | Integer | Float | bool | None


def resolve(text: str) -> Scalar:
    """Give the value of a plain (unquoted, untagged) scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return Integer(int(text, base), text)
    if _FLOAT.fullmatch(text):
        return Float(float(text.replace(".inf", "inf").replace(".nan", "nan")), text)
    return text
