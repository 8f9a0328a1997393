"""Single values of a topology, read as containerlab's YAML parser gives them to its fields.

It wants text where a field holds text: a number or ``true`` is then the characters that it was
written with, and nothing is empty text (gopkg.in/yaml.v2, decode.go). What is wrong is told with
its place, and the reading goes on without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from lvsnet.errors import Problem
from lvsnet.lab.document import Fault, Item, Leaf, Listing, Mark, Node, Table
from lvsnet.lab.scalars import Float, Integer, Scalar
from lvsnet.lab.suggest import hint, nearest
from lvsnet.lab.values import shown

MOST_TOLD = 200
"""Errors that are told of one file."""

T = TypeVar("T")

_TRUE = frozenset("y Y yes Yes YES true True TRUE on On ON".split())
_FALSE = frozenset("n N no No NO false False FALSE off Off OFF".split())
"""The words of YAML 1.1 (yaml.v2, resolve.go)."""


@dataclass
class Told:
    """What is wrong or unwise in a topology, as far as it has been read."""

    faults: list[Fault] = field(default_factory=list)
    warned: list[tuple[Fault, str]] = field(default_factory=list)
    """With the names of their rules."""
    meant: set[str] = field(default_factory=set)
    """Keys that misspelt ones are likely to stand for."""

    def error(self, mark: Mark | None, message: str) -> None:
        self.faults.append(Fault(mark, message))

    def missing(self, key: str, mark: Mark, path: str) -> None:
        """That a key is not there, unless it is only misspelt, which has been told."""
        if key not in self.meant:
            self.error(mark, f"{path}: '{key}' is missing" if path else f"'{key}' is missing")

    def warning(self, mark: Mark, rule: str, message: str) -> None:
        self.warned.append((Fault(mark, message), rule))

    def errors(self, file: str) -> tuple[Problem, ...]:
        """In the order of the file, each once: a value that several nodes inherit is one."""
        found = _in_order(_problem(file, fault, "", warning=False) for fault in self.faults)
        if len(found) <= MOST_TOLD:
            return found
        more = f"{len(found) - MOST_TOLD} further errors are not shown"
        return (*found[:MOST_TOLD], Problem(file, None, None, more))

    def warnings(self, file: str) -> tuple[Problem, ...]:
        """In the order of the file, each once."""
        return _in_order(_problem(file, fault, rule, warning=True) for fault, rule in self.warned)


def _problem(file: str, fault: Fault, rule: str, *, warning: bool) -> Problem:
    line, column = (fault.mark.line, fault.mark.column) if fault.mark else (None, None)
    # Keys and values may have line breaks and other control characters.
    message = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in fault.message
    )
    return Problem(file, line, column, message, rule, warning)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    def place(one: Problem) -> tuple[bool, int, int, str]:
        return one.line is None, one.line or 0, one.column or 0, one.message

    return tuple(sorted(dict.fromkeys(problems), key=place))


@dataclass(frozen=True)
class At:
    """A value with its place and the path to it, as messages have it."""

    value: Node
    mark: Mark
    path: str


@dataclass(frozen=True)
class Text:
    """Text, and where it stands."""

    text: str
    mark: Mark
    path: str


def inner(table: Table, key: str, path: str) -> At | None:
    """The value of a key; None when it is not there or is nothing."""
    entry = table.entries.get(key)
    if entry is None or _is_nothing(entry.node):
        return None
    return At(entry.node, entry.value, f"{path}.{key}" if path else key)


def each(table: Table, path: str) -> Iterator[tuple[str, At, Mark]]:
    """The values of a mapping whose keys are the user's, each with its key and that one's place."""
    for key, entry in table.entries.items():
        part = f".{key}" if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f"[{key}]"
        yield key, At(entry.node, entry.value, f"{path}{part}"), entry.key


def known_keys(table: Table, path: str, known: Iterable[str], told: Told) -> None:
    """Tell keys that containerlab has not got there."""
    valid = list(known)
    for key, entry in table.entries.items():
        if key not in valid:
            above = f"{path}: " if path else ""
            told.meant |= {nearest(key, valid) or ""}
            told.error(entry.key, f"{above}unknown key {shown(key)}{hint(key, valid)}")


def is_empty(at: At) -> bool:
    """Whether it is a list or a mapping without anything in it."""
    return (isinstance(at.value, Listing) and not at.value.items) or (
        isinstance(at.value, Table) and not at.value.entries
    )


def table(at: At | None, told: Told) -> Table | None:
    if at is None:
        return None
    if isinstance(at.value, Table):
        return at.value
    told.error(at.mark, f"{at.path}: expected a mapping of keys to values, not {_shown(at.value)}")
    return None


def keys(at: At | None, told: Told) -> Table:
    """A mapping that may be left empty, or away."""
    if at is None or _is_nothing(at.value):
        return Table()
    return table(at, told) or Table()


def listing(at: At | None, told: Told) -> list[At]:
    """The items; none of what is no list."""
    if at is None:
        return []
    if not isinstance(at.value, Listing):
        told.error(at.mark, f"{at.path}: expected a list, not {_shown(at.value)}")
        return []
    items: list[Item] = at.value.items
    return [At(item.node, item.value, f"{at.path}[{index}]") for index, item in enumerate(items)]


def text(at: At | None, told: Told) -> Text | None:
    if at is None:
        return None
    if isinstance(at.value, Leaf):
        return Text(_written(at.value.value), at.mark, at.path)
    told.error(at.mark, f"{at.path}: expected text, not {_shown(at.value)}")
    return None


def texts(at: At | None, told: Told) -> list[Text]:
    return [one for item in listing(at, told) if (one := text(item, told)) is not None]


def mapping(at: At | None, told: Told) -> dict[str, Text]:
    """A mapping of names to texts."""
    found = table(at, told)
    if at is None or found is None:
        return {}
    values = ((key, text(value, told)) for key, value, _mark in each(found, at.path))
    return {key: value for key, value in values if value is not None}


def switch(at: At | None, told: Told) -> bool | None:
    if at is None:
        return None
    value = at.value.value if isinstance(at.value, Leaf) else None
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    told.error(at.mark, f"{at.path}: expected true or false, not {_shown(at.value)}")
    return None


def number(at: At | None, low: int, high: int, told: Told) -> int | None:
    """A whole number from ``low`` to ``high``."""
    if at is None:
        return None
    value = at.value.value if isinstance(at.value, Leaf) else None
    if not isinstance(value, Integer):
        told.error(at.mark, f"{at.path}: expected a whole number, not {_shown(at.value)}")
        return None
    if not low <= value <= high:
        size = "small; at least" if value < low else "large; at most"
        limit = low if value < low else high
        told.error(at.mark, f"{at.path}: {value.written} is too {size} {limit}")
        return None
    return int(value)


def valid(one: Text | None, reading: Callable[[str], T], told: Told) -> T | None:
    """What a function of ``lvsnet.lab.values`` makes of a text."""
    if one is None:
        return None
    try:
        return reading(one.text)
    except ValueError as error:
        told.error(one.mark, f"{one.path}: {error}")
        return None


def one_of(one: Text | None, choices: Mapping[str, T], told: Told) -> T | None:
    """What stands for one of these words, whose letters may be small or capital."""
    if one is None:
        return None
    if one.text.lower() in choices:
        return choices[one.text.lower()]
    told.error(
        one.mark, f"{one.path}: {shown(one.text)} is not valid{hint(one.text.lower(), choices)}"
    )
    return None


def _written(value: Scalar) -> str:
    if isinstance(value, Integer | Float):
        return value.written
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _shown(node: Node) -> str:
    if isinstance(node, Leaf):
        return shown(node.value)
    return "a list" if isinstance(node, Listing) else "a mapping"


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Leaf) and node.value is None
