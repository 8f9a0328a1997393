"""A YAML document as a tree in which every key and value has its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from lvsnet.lab.scalars import Scalar

Loc = tuple[str | int, ...]
"""Keys and list indices from the top of the document to a value."""
Plain = Scalar | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, order=True)
class Mark:
    """A place in the file; both count from 1."""

    line: int
    column: int


@dataclass
class Leaf:
    value: Scalar
    size: int = 1
    height: int = 0


@dataclass
class Listing:
    items: list[Item] = field(default_factory=list)
    size: int = 0
    """Values in it, itself included, with aliases expanded; 0 until its end is read."""
    height: int = 0
    """Levels of collections, itself included."""


@dataclass
class Table:
    entries: dict[str, Entry] = field(default_factory=dict)
    size: int = 0
    height: int = 0


Node = Leaf | Listing | Table


@dataclass(frozen=True)
class Item:
    value: Mark
    node: Node


@dataclass(frozen=True)
class Entry:
    key: Mark
    value: Mark
    node: Node


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place."""

    mark: Mark | None
    message: str


@dataclass(frozen=True)
class Document:
    root: Node | None
    """None when the text is no YAML document, which ``faults`` then tells."""
    start: Mark
    faults: tuple[Fault, ...]


def plain(node: Node, without: frozenset[Loc] = frozenset(), at: Loc = ()) -> Plain:
    """Give the values alone, leaving out what is at the places ``without``."""
    match node:
        case Leaf():
            return node.value
        case Listing():
            return [
                plain(item.node, without, (*at, index))
                for index, item in enumerate(node.items)
                if (*at, index) not in without
            ]
        case Table():
            return {
                key: plain(entry.node, without, (*at, key))
                for key, entry in node.entries.items()
                if (*at, key) not in without
            }


def restore(node: Node, without: frozenset[Loc], loc: Loc) -> Loc:
    """Turn a place in ``plain(node, without)`` into the place in the document.

    They differ in lists that have lost items. Parts that lead nowhere are kept as they are.
    """
    done: Loc = ()
    here: Node | None = node
    for part in loc:
        if isinstance(here, Listing) and isinstance(part, int):
            kept = [i for i in range(len(here.items)) if (*done, i) not in without]
            part = kept[part] if part < len(kept) else part
        done = (*done, part)
        here = child(here, part)
    return done


def child(node: Node | None, part: str | int) -> Node | None:
    if isinstance(node, Table) and isinstance(part, str) and part in node.entries:
        return node.entries[part].node
    if isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
        return node.items[part].node
    return None


def place(document: Document, loc: Loc) -> tuple[Mark, Mark]:
    """Give where the key and the value at ``loc`` are.

    For an item of a list both are the item's; where ``loc`` leads beyond the document, both
    are those of the last part of it that exists.
    """
    key = value = document.start
    node = document.root
    for part in loc:
        if isinstance(node, Table) and isinstance(part, str) and part in node.entries:
            entry = node.entries[part]
            key, value, node = entry.key, entry.value, entry.node
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            item = node.items[part]
            key, value, node = item.value, item.value, item.node
        else:
            break
    return key, value
