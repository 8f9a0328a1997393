"""Where boxes are from left to right.

The library fast-sugiyama puts the vertices of a layered graph into an order with few crossings and
aligns them (Sugiyama; Brandes and Koepf). It takes all of them for equally wide, so what it gives
is then spread by their real widths, with the same order and the same alignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

Vertex = tuple[str, int]
"""What is somewhere, and in which layer."""


@dataclass(frozen=True)
class Item:
    """What needs room in a layer: a column of boxes, or a link on its way past others."""

    name: str
    """Items of one name are in one column, straight above one another."""
    layer: int
    place: float
    """Where the library has it, in units."""
    left: float
    right: float
    """Pixels that it takes on both sides of its column's middle."""
    belongs: str = ""
    """The name of the box whose link it is; empty for one that is a box itself."""
    shift: float = 0.0
    """How far from that box's middle the link begins."""


def order(edges: Sequence[tuple[Vertex, Vertex]]) -> Mapping[Vertex, float]:
    """Each vertex's place in its layer, in units; each edge leads to the next layer.

    Equal edges give equal places.
    """
    from fast_sugiyama import from_edges

    numbers = {one: n for n, one in enumerate(dict.fromkeys(one for edge in edges for one in edge))}
    vertices = list(numbers)
    found: dict[Vertex, float] = {}
    if not edges:
        return found
    start = 0.0
    parts = from_edges(
        [(numbers[one], numbers[other]) for one, other in edges],
        vertex_spacing=1,
        dummy_vertices=False,
        check_layout=False,
    )
    for positions, width, *_ in sorted(parts, key=lambda part: min(n for n, _ in part[0])):
        first = min(x for _, (x, _) in positions)
        for number, (x, _) in positions:
            found[vertices[int(number)]] = round(start + x - first, 3)
        start += width + 1
    return found


def spread(items: Sequence[Item], gap: float) -> Mapping[str, float]:
    """Name -> the middle of its column, in pixels.

    Links that pass other layers go straight on from their boxes, and what the library has aligned
    stays so, as far as that does not change the order in any layer. Each column is halfway between
    the leftmost place that is possible for it and the rightmost one, so that layers are in the
    middle of one another.
    """
    apart = list(_apart(items, gap))
    fixed: Fixed = {one.name: (one.name, 0.0) for one in items}
    for one in items:
        if one.belongs:
            fixed = _merged(fixed, (one.belongs, 0.0), (one.name, one.shift), apart)
    boxes = sorted((one for one in items if not one.belongs), key=lambda one: one.place)
    for _, aligned in groupby(boxes, key=lambda one: one.place):
        first, *others = aligned
        for other in others:
            fixed = _merged(fixed, (first.name, 0.0), (other.name, 0.0), apart)
    return _between(fixed, apart)


Apart = tuple[str, str, float]
"""One name, another one to the right of it, and by how many pixels at least."""
Fixed = Mapping[str, tuple[str, float]]
"""Name -> the column that it moves with, and how far to the right of that it is."""


def _apart(items: Sequence[Item], gap: float) -> Iterator[Apart]:
    ordered = sorted(items, key=lambda one: (one.layer, one.place, one.name))
    for _, layer in groupby(ordered, key=lambda one: one.layer):
        for one, other in pairwise(layer):
            yield one.name, other.name, one.right + gap + other.left


def _merged(
    fixed: Fixed, one: tuple[str, float], other: tuple[str, float], apart: Sequence[Apart]
) -> Fixed:
    """With the other one's column fixed to the one's; as it was, where that cannot be."""
    column, shift = fixed[one[0]]
    moved, own = fixed[other[0]]
    by = shift + other[1] - one[1] - own
    found = {
        name: (column, far + by) if kept == moved else (kept, far)
        for name, (kept, far) in fixed.items()
    }
    return found if column != moved and _possible(found, apart) else fixed


def _possible(fixed: Fixed, apart: Sequence[Apart]) -> bool:
    """Whether no column would have to be to the right of itself."""
    after: dict[str, set[str]] = {column: set() for column, _ in fixed.values()}
    for one, other, far in apart:
        (left, shift), (right, further) = fixed[one], fixed[other]
        if left != right:
            after[left].add(right)
        elif further - shift < far:
            return False
    while after:
        last = [column for column, behind in after.items() if not behind]
        if not last:
            return False
        after = {one: behind - set(last) for one, behind in after.items() if one not in last}
    return True


def _between(fixed: Fixed, apart: Sequence[Apart]) -> Mapping[str, float]:
    needed: list[Apart] = []
    for one, other, far in apart:
        (left, shift), (right, further) = fixed[one], fixed[other]
        if left != right:
            needed.append((left, right, far + shift - further))
    columns = dict.fromkeys(column for column, _ in fixed.values())
    before = _longest(columns, needed)
    after = _longest(columns, [(other, one, far) for one, other, far in needed])
    whole = max(before.values(), default=0.0)
    return {
        name: (before[column] + whole - after[column]) / 2 + shift
        for name, (column, shift) in fixed.items()
    }


def _longest(columns: Iterable[str], needed: Sequence[Apart]) -> dict[str, float]:
    """The least place of each column that keeps the others so far behind it."""
    found = dict.fromkeys(columns, 0.0)
    changed = True
    while changed:
        changed = False
        for one, other, far in needed:
            if found[one] + far > found[other]:
                found[other] = found[one] + far
                changed = True
    return found
