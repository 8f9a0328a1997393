"""``$`` definitions, ``~SEQ`` and ``~LST`` of keepalived.conf (``lib/parser.c`` of 2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

LONGEST = 1023
"""Characters of a line while definitions are replaced (``replace_param()``)."""
MOST_REPLACED = 5000
"""On one line; more is a definition of itself, over which keepalived never ends."""

_USE = re.compile(
    r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)([ 0-9]*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$))"
)
_SEQUENCE = re.compile(r"~SEQ(x?)[ \t]*\([ \t]*([^ \t,)]+)[ \t]*,[ \t]*([^)]*)\)[ \t]*(.*)")
_LIST = re.compile(r"~LST[ \t]*\([ \t]*(?:\{([^}]*)\}|([^,{}()]*))[ \t]*,[ \t]*(.*)")
_VALUES = re.compile(r"[ \t]*(?:\{([^}]*)\}|([^,{}()]*))[ \t]*([,)])")
_NUMBER = re.compile(r"[+-]?(0[xX][0-9A-Fa-f]+|\d+)")


class DefinitionError(Exception):
    """Something that keepalived does not read; the message says what and what to do."""


@dataclass(frozen=True)
class Definition:
    lines: tuple[str, ...]
    """More than one when its use becomes several lines."""
    multiline: bool = False
    made: Callable[[str], str] | None = None
    """What makes a value of the parameters, for those that keepalived has itself."""


@dataclass(frozen=True)
class Replaced:
    text: str
    rest: tuple[str, ...] = ()
    """Lines that follow, of a definition with several."""
    count: int = 0
    """Of names that were replaced."""


def replace(text: str, definitions: Mapping[str, Definition]) -> Replaced:
    """Put values in the place of their names, theirs as well.

    Raises DefinitionError when it has no end or the line gets too long.
    """
    at = count = 0
    rest: tuple[str, ...] = ()
    while (at := text.find("$", at)) >= 0:
        use = _USE.match(text, at)
        name = (use[1] or use[3]) if use else ""
        definition = definitions.get(name)
        if use is None or definition is None or not _may_stand(use, definition, text):
            at += 1
            continue
        count += 1
        value = definition.made(use[2] or "") if definition.made else definition.lines[0]
        text = text[:at] + value + text[use.end() :]
        if count > MOST_REPLACED:
            raise DefinitionError(f"${name} is defined by itself, so it has no value")
        if len(text) > LONGEST:
            raise DefinitionError(
                f"the line has more than {LONGEST} characters with the value of ${name} in it"
            )
        if definition.multiline:
            rest = definition.lines[1:] + rest
        if value.lstrip(" \t").startswith("~"):
            break
    return Replaced(text, rest, count)


def _may_stand(use: re.Match[str], definition: Definition, text: str) -> bool:
    """Several lines only at the end of a line; parameters only where they are taken."""
    if definition.multiline and use.end() != len(text):
        return False
    return not (use[2] or "").strip() or (definition.made is not None and use[1] == "_RANDOM")


@dataclass(frozen=True)
class Rounds:
    """A line that is read several times, with other values each time."""

    values: Iterator[Mapping[str, str]]
    text: str


def sequence(text: str, definitions: Mapping[str, Definition]) -> Rounds:
    """A line that begins with ``~SEQ``. Raises DefinitionError when it is none."""
    found = _SEQUENCE.match(text)
    if found is None:
        raise DefinitionError("~SEQ is written ~SEQ(NAME, FIRST, STEP, LAST) TEXT")
    replaced = replace(found[3], definitions)
    numbers = [_number(part.strip(" \t")) for part in replaced.text.split(",")]
    if replaced.rest or not 1 <= len(numbers) <= 3:
        raise DefinitionError("~SEQ takes one to three numbers behind the name")
    if len(numbers) == 1:
        last = numbers[0]
        first, step = (-1 if last < 0 else 1), (-1 if last < 1 else 1)
    elif len(numbers) == 2:
        first, last = numbers
        step = 1 if first <= last else -1
    else:
        first, step, last = numbers
        if not step or (first < last and step < 0) or (first > last and step > 0):
            raise DefinitionError(f"~SEQ never comes from {first} to {last} in steps of {step}")
    if found[1] and (first < 0 or last < 0):
        raise DefinitionError("~SEQx counts with positive numbers only")
    name, form = found[2], "x" if found[1] else "d"
    end = last + (1 if step > 0 else -1)
    # The first round is run whatever the last one is.
    counted = range(first, end, step) or range(first, first + 1)
    return Rounds(({name: format(number, form)} for number in counted), found[4])


def _number(text: str) -> int:
    """As strtol() with base 0 reads it."""
    if not _NUMBER.fullmatch(text):
        raise DefinitionError(f"~SEQ counts with whole numbers, not with {text!r}")
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits.startswith("0") else 10
    try:
        return sign * int(digits, base)
    except ValueError as error:
        raise DefinitionError(f"~SEQ: {text!r} is no octal number") from error


def listed(text: str) -> Rounds:
    """A line that begins with ``~LST``. Raises DefinitionError when it is none."""
    found = _LIST.match(text)
    wrong = DefinitionError("~LST is written ~LST(NAME, VALUE, VALUE) TEXT, or with {NAME, NAME}")
    if found is None:
        raise wrong
    names = [name.strip(" \t") for name in (found[1] if found[2] is None else found[2]).split(",")]
    rounds: list[Mapping[str, str]] = []
    rest = found[3]
    while True:
        part = _VALUES.match(rest)
        if part is None:
            raise wrong
        values = (part[2] if part[1] is None else part[1]).split(",")
        if len(values) > len(names):
            raise DefinitionError("~LST has more values than names")
        values += [""] * (len(names) - len(values))
        pairs = zip(names, values, strict=True)
        rounds.append({name: value.strip(" \t") for name, value in pairs})
        rest = rest[part.end() :]
        if part[3] == ")":
            return Rounds(iter(rounds), rest.lstrip(" \t"))
