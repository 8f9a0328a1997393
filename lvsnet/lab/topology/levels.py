"""What holds for a node: its own keys, then its group's, its kind's, and the defaults.

As types/topology.go of containerlab has it: of a single value the most specific level that has one
counts; mappings are merged key by key; lists are put together, defaults first, and what is in them
a second time is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lvsnet.lab.document import Mark, Table
from lvsnet.lab.topology import values
from lvsnet.lab.topology.values import At, Text, Told

T = TypeVar("T")

LINUX = "linux"
BRIDGE = "bridge"


@dataclass(frozen=True)
class Level:
    """A mapping of a node's keys."""

    path: str
    table: Table


@dataclass(frozen=True)
class Spec:
    """A node as it is written, with what it inherits."""

    name: str
    mark: Mark
    """Where its name stands."""
    kind: str
    """In small letters; empty when none is given."""
    levels: tuple[Level, ...]
    """From the most general to its own."""

    @property
    def path(self) -> str:
        return self.levels[-1].path


def specs(topology: Table, told: Told) -> tuple[list[Level], list[Spec]]:
    """All levels that are written, nodes included, and the nodes."""
    defaults = Level("topology.defaults", values.keys(_at(topology, "defaults"), told))
    kinds, groups, nodes = (_named(topology, key, told) for key in ("kinds", "groups", "nodes"))
    found = []
    for name, (own, mark) in nodes.items():
        kind = _kind(own, groups, defaults, told)
        group = _group(own, kinds, kind, defaults, told)
        inherited = [kinds.get(kind), groups.get(group)]
        above = [level for one in inherited if one is not None for level in one[:1]]
        found.append(Spec(name, mark, kind.lower(), (defaults, *above, own)))
    named = [level for levels in (kinds, groups, nodes) for level, _mark in levels.values()]
    return [defaults, *named], found


def _at(topology: Table, key: str) -> At | None:
    return values.inner(topology, key, "topology")


def _named(topology: Table, key: str, told: Told) -> dict[str, tuple[Level, Mark]]:
    at = _at(topology, key)
    return {
        name: (Level(value.path, values.keys(value, told)), mark)
        for name, value, mark in values.each(values.keys(at, told), f"topology.{key}")
    }


def _kind(own: Level, groups: dict[str, tuple[Level, Mark]], defaults: Level, told: Told) -> str:
    """The node's, else its own group's, else that of the defaults' group, else the defaults'."""
    by_groups = [
        groups[name][0]
        for level in (own, defaults)
        if (name := _word(level, "group", told)) in groups
    ]
    kinds = [_word(level, "kind", told) for level in (own, *by_groups, defaults)]
    return next(filter(None, kinds), "")


def _group(
    own: Level, kinds: dict[str, tuple[Level, Mark]], kind: str, defaults: Level, told: Told
) -> str:
    by_kind = [kinds[kind][0]] if kind in kinds else []
    names = [_word(level, "group", told) for level in (own, *by_kind, defaults)]
    return next(filter(None, names), "")


def _word(level: Level, key: str, told: Told) -> str:
    found = values.text(values.inner(level.table, key, level.path), told)
    return found.text if found else ""


def value(spec: Spec, key: str) -> At | None:
    """The value of the most specific level that has one."""
    for level in reversed(spec.levels):
        found = values.inner(level.table, key, level.path)
        if found is not None:
            return found
    return None


def text(spec: Spec, key: str, told: Told) -> Text | None:
    """As `value`; empty text is none."""
    for level in reversed(spec.levels):
        found = values.text(values.inner(level.table, key, level.path), told)
        if found is not None and found.text:
            return found
    return None


def switch(spec: Spec, key: str, told: Told) -> bool | None:
    return values.switch(value(spec, key), told)


def texts(spec: Spec, key: str, told: Told) -> list[Text]:
    """What the lists of all levels hold, each text once, where it stands first."""
    return list(_once(inherited(spec, key, told, values.texts), lambda one: one.text))


def mapping(spec: Spec, key: str, told: Told) -> dict[str, Text]:
    merged: dict[str, Text] = {}
    for level in spec.levels:
        merged |= values.mapping(values.inner(level.table, key, level.path), told)
    return merged


def inherited(
    spec: Spec, key: str, told: Told, reading: Callable[[At | None, Told], list[T]]
) -> list[T]:
    """What the lists of all levels hold, the most general level's first."""
    return [
        one
        for level in spec.levels
        for one in reading(values.inner(level.table, key, level.path), told)
    ]


def _once(items: list[T], name: Callable[[T], str]) -> list[T]:
    found: dict[str, T] = {}
    for item in items:
        found.setdefault(name(item), item)
    return list(found.values())
