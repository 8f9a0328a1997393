"""keepalived's settings of a lab as statements of a machine's keepalived.conf.

They come in the order of the tables of ``lvsnet.keepalived.keywords``, which is that of
keepalived.conf(5), whatever their order in the lab file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.model import Block, Keyword
from lvsnet.keepalived.tree import Item, Statement, statement
from lvsnet.lab.settings import Line, Settings, Tree, is_named
from lvsnet.plan.addressing import interface_name

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab


def _commands(block: Block) -> Iterator[str]:
    for name, keyword in block.keywords.items():
        if keyword.command:
            yield name
        if isinstance(keyword.block, Block):
            yield from _commands(keyword.block)


_COMMANDS = frozenset(_commands(FILE))


@dataclass(frozen=True)
class Machine:
    """Whose configuration it is."""

    lab: Lab
    name: str

    def words(self, line: Line) -> tuple[str, ...]:
        """The words of a line, with the machine's interfaces for segments."""
        here = self.lab.nodes[self.name].interfaces
        return tuple(
            interface_name(self.lab, self.name, word)
            if place in line.interfaces and word in here
            else word
            for place, word in enumerate(line.words)
        )


def written(machine: Machine, block: Block, settings: Settings) -> tuple[Statement, ...]:
    """The settings of a block that ``machine`` has."""
    return tuple(_section(machine, block, settings.given))


def setting(machine: Machine, keyword: Keyword, tree: Tree) -> Iterator[Statement]:
    """One setting: a statement, none, or several."""
    match keyword.block:
        case Block():
            yield from _blocks(machine, keyword, keyword.block, tree)
        case None:
            for line in _lines(machine, tree):
                yield statement(keyword.name, *machine.words(line))
        case _:
            entries = tuple(statement(*machine.words(line)) for line in _lines(machine, tree))
            if entries:
                yield statement(keyword.name, block=entries)


def is_of(tree: Tree, node: str) -> bool:
    """Whether a setting has something for ``node``, by its name."""
    return isinstance(tree, dict) and node in tree


def used(items: Sequence[Item], keyword: str) -> frozenset[str]:
    """What follows ``keyword`` first: the names in its block, in whatever block it is itself."""
    found: set[str] = set()
    for one in _all(items):
        if one.keyword == keyword:
            found.update(one.arguments[:1])
            found.update(inner.keyword for inner in one.block or () if isinstance(inner, Statement))
        elif keyword in one.arguments[:-1]:
            found.add(one.arguments[one.arguments.index(keyword) + 1])
    return frozenset(found)


def runs_commands(items: Sequence[Item]) -> bool:
    """Whether keepalived runs programs by these statements."""
    return any(one.keyword in _COMMANDS and one.arguments for one in _all(items))


def _all(items: Sequence[Item]) -> Iterator[Statement]:
    for item in items:
        if isinstance(item, Statement):
            yield item
            yield from _all(item.block or ())


def _section(machine: Machine, block: Block, given: Mapping[str, Tree]) -> Iterator[Statement]:
    for name, keyword in block.keywords.items():
        if name in given:
            yield from setting(machine, keyword, given[name])


def _blocks(machine: Machine, keyword: Keyword, block: Block, tree: Tree) -> Iterator[Statement]:
    if isinstance(tree, list):
        for one in tree:
            yield from _blocks(machine, keyword, block, one)
    elif isinstance(tree, dict) and is_named(keyword):
        for name, one in tree.items():
            inner = tuple(_section(machine, block, one)) if isinstance(one, dict) else ()
            yield statement(keyword.name, name, block=inner)
    elif isinstance(tree, dict):
        yield statement(keyword.name, block=tuple(_section(machine, block, tree)))


def _lines(machine: Machine, tree: Tree) -> Iterator[Line]:
    return _of_node(tree, machine.name)


def _of_node(tree: Tree, node: str) -> Iterator[Line]:
    match tree:
        case Line():
            yield tree
        case list():
            for one in tree:
                yield from _of_node(one, node)
        case dict():
            yield from _of_node(tree.get(node), node)
        case None:
            pass
