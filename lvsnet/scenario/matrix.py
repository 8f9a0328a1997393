"""The matrix of a scenario: which variants it has, and what each changes in a lab's document.

A key is a field of services or of VRRP instances (``method``, ``check.interval``, ``advert_int``,
``priority.lb01``), which is changed in all that have a place for it; or a path from the top of the
lab file (``services.web.method``), in which what follows ``sysctls``, ``files``, ``env`` or
``daemons`` of a node is one key. ``lab`` chooses the lab file. The document is changed before it
becomes a Lab, so that a value that is wrong is told as any other, at its place in the matrix.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.lab import model, model_services, model_vrrp
from lvsnet.lab.document import Document, Entry, Item, Leaf, Listing, Loc, Mark, Node, Table, plain
from lvsnet.lab.scalars import Float, Integer
from lvsnet.lab.settings_model import every_key
from lvsnet.lab.suggest import hint
from lvsnet.lab.topology.values import At, Told, is_empty, keys, listing
from lvsnet.lab.topology.values import table as mapping_at

LAB = "lab"
MOST_VARIANTS = 256
"""Of one scenario."""
REST_IS_ONE_KEY = ("sysctls", "files", "env", "daemons")
NAMED = ("segments", "nodes", "vrrp", "vrrp_script", "vrrp_sync_group", "services")
"""Mappings of the lab file whose keys the user chose: a matrix adds none."""
_OF_SERVICES = frozenset(every_key(model_services.Service))
_OF_INSTANCES = frozenset(every_key(model_vrrp.VrrpInstance))
_AT_TOP = frozenset(every_key(model.Lab)) - {"scenarios"}


class NoPlaceError(LvsnetError):
    """A key leads to no place of a lab; the message continues one that begins with the key."""


@dataclass(frozen=True)
class Value:
    """A key of the matrix with one of its values."""

    key: str
    node: Node
    mark: Mark
    """Where the value stands."""
    key_mark: Mark

    @property
    def text(self) -> str:
        """As its author wrote it; what is no single value is shown as JSON."""
        if isinstance(self.node, Leaf):
            value = self.node.value
            if isinstance(value, Integer | Float):
                return value.written
            if isinstance(value, str):
                return value
        return json.dumps(plain(self.node), ensure_ascii=False)


Combination = tuple[Value, ...]
"""A value for each key, in the order of the keys."""


def combinations(matrix: At | None, told: Told) -> tuple[Combination, ...]:
    """The variants that a matrix has, the last key's values changing fastest; one without any.

    It is a mapping of keys to lists of values, of which every combination is a variant, or a list
    of mappings of keys to values, each of which is one.
    """
    if matrix is None:
        return ((),)
    if isinstance(matrix.value, Listing):
        found = _listed(matrix, told)
    else:
        found = _crossed(matrix, told)
    if len(found) > MOST_VARIANTS:
        told.error(
            matrix.mark, f"{matrix.path}: has {len(found)} variants; at most {MOST_VARIANTS}"
        )
        return ()
    seen: list[tuple[str, ...]] = []
    for one in found:
        texts = tuple(value.text for value in one)
        if texts in seen:
            where = one[-1].mark if one else matrix.mark
            told.error(where, f"{matrix.path}: the variant {', '.join(texts)} is there twice")
        seen.append(texts)
    return tuple(found)


def _crossed(matrix: At, told: Told) -> list[Combination]:
    axes: list[list[Value]] = []
    for key, entry in keys(matrix, told).entries.items():
        path = f"{matrix.path}.{key}"
        at = At(entry.node, entry.value, path)
        if is_empty(at):
            told.error(at.mark, f"{path}: is empty; at least one value is needed")
        values = listing(at, told) if isinstance(entry.node, Listing) else [at]
        axes.append([Value(key, one.value, one.mark, entry.key) for one in values])
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > MOST_VARIANTS:
        told.error(matrix.mark, f"{matrix.path}: has {size} variants; at most {MOST_VARIANTS}")
        return []
    return list(itertools.product(*axes))


def _listed(matrix: At, told: Told) -> list[Combination]:
    found: list[Combination] = []
    if is_empty(matrix):
        told.error(matrix.mark, f"{matrix.path}: is empty; at least one variant is needed")
    for one in listing(matrix, told):
        table = mapping_at(one, told)
        if table is None:
            continue
        values = tuple(
            Value(key, entry.node, entry.value, entry.key) for key, entry in table.entries.items()
        )
        if found and {value.key for value in values} != {value.key for value in found[0]}:
            others = ", ".join(value.key for value in found[0])
            told.error(one.mark, f"{one.path}: has other keys than the first, which has {others}")
            continue
        found.append(values)
    return found


def texts(combination: Combination) -> dict[str, str]:
    """What ``${key}`` stands for."""
    return {value.key: value.text for value in combination}


def places(root: Table, key: str) -> tuple[Loc, ...]:
    """Where a key's value belongs in a lab's document; nowhere when it only names a value.

    Raises:
        NoPlaceError: it names a part of a lab file that this lab does not have.
    """
    first, *rest = key.split(".")
    for fields, section in ((_OF_SERVICES, "services"), (_OF_INSTANCES, "vrrp")):
        if first in fields:
            return _in_each(root, section, (first, *rest))
    if first in _AT_TOP or (first in root.entries and first != "scenarios"):
        return (_path(root, key.split(".")),)
    return ()


def _in_each(root: Table, section: str, parts: Sequence[str]) -> tuple[Loc, ...]:
    """In every service or instance that has the mapping which the last part is a key of.

    Of those with the key itself, where some have it: a priority is only some nodes'.
    """
    among = root.entries.get(section)
    if among is None or not isinstance(among.node, Table) or not among.node.entries:
        raise NoPlaceError(f"this lab has no {section}")
    above: list[Loc] = []
    there: list[Loc] = []
    for name, entry in among.node.entries.items():
        holder: Node | None = entry.node
        for part in parts[:-1]:
            inner = holder.entries.get(part) if isinstance(holder, Table) else None
            holder = inner.node if inner is not None else None
        if isinstance(holder, Table):
            above.append((section, name, *parts))
            if parts[-1] in holder.entries:
                there.append((section, name, *parts))
    found = there if len(parts) > 1 and there else above
    if not found:
        raise NoPlaceError(f"none of this lab's {section} has {'.'.join(parts[:-1])}")
    return tuple(found)


def _path(root: Table, parts: Sequence[str]) -> Loc:
    loc: Loc = ()
    here: Node | None = root
    rest = list(parts)
    while rest:
        if len(loc) == 3 and loc[0] == "nodes" and loc[2] in REST_IS_ONE_KEY:
            return (*loc, ".".join(rest))
        if isinstance(here, Leaf) and here.value is not None:
            raise NoPlaceError(f"{'.'.join(map(str, loc))} is no mapping in this lab")
        if isinstance(here, Listing):
            index = int(rest[0]) if rest[0].isdecimal() and len(rest[0]) < 6 else len(here.items)
            if index >= len(here.items):
                raise NoPlaceError(
                    f"{'.'.join(map(str, loc))} is a list of {len(here.items)}; "
                    f"write a number from 0 behind it, not {rest[0]}"
                )
            here, loc, rest = here.items[index].node, (*loc, index), rest[1:]
            continue
        entries = here.entries if isinstance(here, Table) else {}
        # Names may have dots in them.
        name = next(
            (one for n in range(len(rest), 0, -1) if (one := ".".join(rest[:n])) in entries),
            rest[0],
        )
        if name not in entries and len(loc) == 1 and loc[0] in NAMED:
            raise NoPlaceError(f"this lab has no {loc[0]}.{name}{hint(name, entries)}")
        here = entries[name].node if name in entries else None
        rest = rest[name.count(".") + 1 :]
        loc = (*loc, name)
    return loc


def changed(document: Document, changes: Iterable[tuple[Loc, Node, Mark]]) -> Document:
    """The document with other values at some places; the old one stays as it is.

    A mark is where the value is said to stand.
    """
    root = document.root
    for loc, node, mark in changes:
        if root is not None:
            root = _with(root, loc, _moved(node, mark), mark)
    return Document(root, document.start, document.faults)


def _with(here: Node, loc: Loc, node: Node, mark: Mark) -> Node:
    if not loc:
        return node
    part, rest = loc[0], loc[1:]
    if isinstance(here, Listing) and isinstance(part, int):
        items = list(here.items)
        items[part] = Item(mark, _with(items[part].node, rest, node, mark))
        return Listing(items, here.size, here.height)
    old = here.entries if isinstance(here, Table) else {}
    entry = old.get(str(part))
    if entry is None or not rest:
        made = Entry(mark, mark, _with(Table(), rest, node, mark))
    else:
        made = Entry(entry.key, entry.value, _with(entry.node, rest, node, mark))
    size, height = (here.size, here.height) if isinstance(here, Table) else (0, 0)
    return Table({**old, str(part): made}, size, height)


def _moved(node: Node, mark: Mark) -> Node:
    """The same value, all of which stands at one place."""
    if isinstance(node, Table):
        return Table(
            {key: Entry(mark, mark, _moved(one.node, mark)) for key, one in node.entries.items()},
            node.size,
            node.height,
        )
    if isinstance(node, Listing):
        return Listing(
            [Item(mark, _moved(one.node, mark)) for one in node.items], node.size, node.height
        )
    return node
