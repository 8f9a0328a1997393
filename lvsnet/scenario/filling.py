"""The values of a matrix in the texts of a scenario: ``${key}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lvsnet.lab.document import Entry, Item, Leaf, Listing, Mark, Node, Table
from lvsnet.lab.suggest import nearest
from lvsnet.lab.topology.values import Told

_VALUE = re.compile(r"(\$?)\$\{([^{}]*)\}")


def uses(node: Node) -> set[str]:
    """The names that stand in its texts as ``${name}``."""
    match node:
        case Leaf(value=str(said)):
            return {match[2] for match in _VALUE.finditer(said) if not match[1]}
        case Listing():
            return {key for item in node.items for key in uses(item.node)}
        case Table():
            return {key for entry in node.entries.values() for key in uses(entry.node)}
        case _:
            return set()


def filled(entry: Entry, values: Mapping[str, Node], texts: Mapping[str, str], told: Told) -> Entry:
    return Entry(entry.key, entry.value, _put(entry.node, entry.value, values, texts, told))


def _put(
    node: Node, mark: Mark, values: Mapping[str, Node], texts: Mapping[str, str], told: Told
) -> Node:
    """The value with each ``${key}`` of the matrix replaced; ``$${`` stands for ``${``.

    What is nothing else becomes the value itself, a number for one. Other names stay: a shell's.
    """
    match node:
        case Leaf(value=str(said)):
            whole = _VALUE.fullmatch(said)
            if whole and not whole[1] and isinstance(values.get(whole[2]), Leaf):
                return values[whole[2]]
            for match in _VALUE.finditer(said):
                near = nearest(match[2], texts)
                if not match[1] and match[2] not in texts and near:
                    told.error(
                        mark,
                        f"the matrix has no {match[2]}; did you mean ${{{near}}}? "
                        f"$${{{match[2]}}} is taken as it is",
                    )
            return Leaf(_VALUE.sub(lambda match: _replaced(match, texts), said))
        case Listing():
            return Listing(
                [
                    Item(item.value, _put(item.node, item.value, values, texts, told))
                    for item in node.items
                ]
            )
        case Table():
            return Table(
                {key: filled(entry, values, texts, told) for key, entry in node.entries.items()}
            )
        case _:
            return node


def _replaced(match: re.Match[str], texts: Mapping[str, str]) -> str:
    if match[1]:
        return match[0][1:]
    return texts.get(match[2], match[0])
