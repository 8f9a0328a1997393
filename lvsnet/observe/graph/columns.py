"""Which boxes stand above one another, and in which order columns are.

A row with many machines alike, such as twenty real servers, is folded: they stand in columns, and
the lower ones are linked by a rail at their left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lvsnet.observe.graph.placing import Vertex, order
from lvsnet.observe.graph.scene import Scene

MOST_BESIDE = 8
"""Boxes alike, beside one another."""


@dataclass(frozen=True)
class Column:
    """Boxes above one another, the first of which stands for all."""

    boxes: tuple[str, ...]
    row: int
    segments: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.boxes[0]


def columns(scene: Scene, rows: Mapping[str, int]) -> tuple[Column, ...]:
    """All boxes, in the order of the lab file, folded where too many are alike."""
    own = {
        box.name: tuple(link.segment for link in scene.links if link.node == box.name)
        for box in scene.boxes
    }
    found = []
    alike: dict[tuple[object, ...], list[str]] = {}
    for box in scene.boxes:
        key = (box.role, rows[box.name], own[box.name])
        # Only those with one link can hang below others.
        alike.setdefault(key if len(own[box.name]) == 1 else (*key, box.name), []).append(box.name)
    for names in alike.values():
        high = -(-len(names) // MOST_BESIDE)
        beside = -(-len(names) // high)
        # Row by row, so that names run on from left to right.
        for n in range(beside):
            boxes = tuple(names[n::beside])
            found.append(Column(boxes, rows[boxes[0]], own[boxes[0]]))
    position = {box.name: n for n, box in enumerate(scene.boxes)}
    return tuple(sorted(found, key=lambda one: position[one.name]))


def layer_of_row(row: int) -> int:
    return 2 * row


def layer_of_depth(depth: int) -> int:
    return 2 * depth + 1


def places(columns: Sequence[Column], depth: Mapping[str, int]) -> Mapping[Vertex, float]:
    """Where columns, bars and the links between them are in their layers, in units.

    A link that passes further layers is a vertex in each: `passing` says its name.
    """
    edges: list[tuple[Vertex, Vertex]] = []
    for column in columns:
        for segment in column.segments:
            edges += _chain(column, segment, depth[segment])
    found = dict(order(edges))
    last = max(found.values(), default=-1.0)
    for column in columns:
        vertex = (column.name, layer_of_row(column.row))
        if vertex not in found:
            last += 1
            found[vertex] = last
    return _as_in_the_file(columns, depth, found)


def passing(column: Column, segment: str) -> str:
    """What a link on its way past other layers is called; no node's name has a blank."""
    return f"{column.name} {segment}"


def passed(column: Column, depth: int) -> Iterator[int]:
    """The layers between a column and a bar."""
    ends = sorted((layer_of_row(column.row), layer_of_depth(depth)))
    yield from range(ends[0] + 1, ends[1])


def _chain(column: Column, segment: str, depth: int) -> Iterator[tuple[Vertex, Vertex]]:
    here, there = layer_of_row(column.row), layer_of_depth(depth)
    between = [(passing(column, segment), layer) for layer in passed(column, depth)]
    bar, box = (f"{segment} bar", there), (column.name, here)
    chain = [bar, *between, box] if there < here else [box, *between, bar]
    yield from pairwise(chain)


def _as_in_the_file(
    columns: Sequence[Column], depth: Mapping[str, int], found: dict[Vertex, float]
) -> Mapping[Vertex, float]:
    """Where the library had no reason for an order, that of the lab file, from left to right.

    Columns with the same links change places, with what belongs to them; so does the whole
    picture, when most of its rows are the wrong way round.
    """
    vertices = {
        one.name: [
            (one.name, layer_of_row(one.row)),
            *(
                (passing(one, segment), layer)
                for segment in one.segments
                for layer in passed(one, depth[segment])
            ),
        ]
        for one in columns
    }
    backwards = 0
    for layer, row in groupby(sorted(columns, key=lambda one: one.row), key=lambda one: one.row):
        xs = [found[one.name, layer_of_row(layer)] for one in row]
        backwards += sum((x > y) - (x < y) for n, x in enumerate(xs) for y in xs[n + 1 :])
    if backwards > 0:
        widest = max(found.values())
        found = {vertex: widest - x for vertex, x in found.items()}
    alike: dict[tuple[object, ...], list[Column]] = {}
    for one in columns:
        alike.setdefault((one.row, one.segments), []).append(one)
    for same in alike.values():
        for level in zip(*(vertices[one.name] for one in same), strict=True):
            xs = sorted(found[vertex] for vertex in level)
            found |= dict(zip(level, xs, strict=True))
    return found
