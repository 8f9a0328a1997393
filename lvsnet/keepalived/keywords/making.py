"""Short ways to write the tables of keywords."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from lvsnet.keepalived.keywords.model import (
    Argument,
    Block,
    Choice,
    Command,
    Entries,
    Group,
    Integer,
    Keyword,
    Option,
    Path,
    Shape,
    Text,
    Time,
    Truth,
    User,
    Value,
)

Used = Literal["last", "first", "all"]

UINT = 4294967295
INT = 2147483647
WHOLE_S = 4294
"""UINT_MAX / TIMER_HZ: the longest time of those that keepalived keeps as microseconds."""
MICRO_S = "4294.967295"
"""UINT_MAX microseconds."""
LONGEST_S = "18446744073709"
"""What read_timer() takes when it has no bound of its own (TIMER_MAXIMUM)."""

USER = (Argument(User(), optional=True), Argument(Group(), optional=True))


def block(name: str, file: str, section: str, *keywords: Keyword) -> Block:
    return Block(name, {one.name: one for one in keywords}, file, section)


def keyword(name: str, *values: Value, means: str = "", default: str = "") -> Keyword:
    """A keyword with an argument of each of ``values``."""
    shape = Shape(tuple(Argument(value) for value in values))
    return Keyword(name, (shape,), means=means, default=default)


def flag(name: str, means: str = "") -> Keyword:
    return Keyword(name, means=means)


def truth(name: str, means: str = "") -> Keyword:
    """Alone it means yes."""
    return optional(name, Truth(), means)


def optional(name: str, value: Value, means: str = "", default: str = "") -> Keyword:
    """A keyword that can also stand alone."""
    shape = Shape((Argument(value, optional=True),))
    return Keyword(name, (shape,), means=means, default=default)


def many(name: str, value: Value | tuple[Value, ...], means: str = "") -> Keyword:
    return Keyword(name, (Shape((Argument(value, many=True),)),), means=means)


def number(name: str, low: int, high: int, means: str = "", default: str = "") -> Keyword:
    return keyword(name, Integer(low, high), means=means, default=default)


def seconds(
    name: str, low: str, high: str, places: int, means: str = "", default: str = ""
) -> Keyword:
    value = Time(Decimal(low), Decimal(high), places)
    return keyword(name, value, means=means, default=default)


def whole_seconds(
    name: str, means: str = "", default: str = "", low: int = 0, high: int = WHOLE_S
) -> Keyword:
    return seconds(name, str(low), str(high), 0, means, default)


def text(name: str, means: str = "", default: str = "") -> Keyword:
    return keyword(name, Text(), means=means, default=default)


def path(name: str, means: str = "", default: str = "") -> Keyword:
    return keyword(name, Path(), means=means, default=default)


def choice(name: str, *words: str, means: str = "", default: str = "") -> Keyword:
    return keyword(name, Choice(words), means=means, default=default)


def command(name: str, means: str = "") -> Keyword:
    """A command, and who runs it; of several the first is used."""
    shape = Shape((Argument(Command()), *USER))
    return Keyword(name, (shape,), means=means, used="first", command=True)


def entries(name: str, *shapes: Shape, means: str = "", several: bool = False) -> Keyword:
    """A keyword whose block has lines without keywords."""
    return Keyword(name, block=Entries(shapes, several), means=means, used="all")


def holding(one: Keyword, inner: Block, used: Used = "all") -> Keyword:
    """``one`` with a block of statements."""
    return replace(one, block=inner, used=used)


def used_first(one: Keyword) -> Keyword:
    """``one``, of several of which keepalived takes the first and warns."""
    return replace(one, used="first")


def alias(one: Keyword, name: str, deprecated: bool = True) -> Keyword:
    """Another name of ``one``."""
    return replace(one, name=name, deprecated=deprecated, instead=one.name)


def given(name: str, *values: Value, means: str = "") -> Option:
    """An option with an argument of each of ``values``."""
    return Option(name, tuple(Argument(value) for value in values), means)
