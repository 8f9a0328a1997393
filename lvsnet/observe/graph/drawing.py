"""A scene as a picture: how large boxes are, where bars lie, how arrows run along them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lvsnet.observe.graph import columns as folding
from lvsnet.observe.graph import layers, sizes
from lvsnet.observe.graph.columns import Column, layer_of_depth, layer_of_row, passed, passing
from lvsnet.observe.graph.paths import Path, Step
from lvsnet.observe.graph.picture import (
    Arrow,
    Picture,
    PlacedBar,
    PlacedBox,
    PlacedLink,
    PlacedPath,
    Point,
)
from lvsnet.observe.graph.placing import Item, spread
from lvsnet.observe.graph.scene import Bar, Box, Link, Scene
from lvsnet.observe.graph.sizes import AISLE, BESIDE, BETWEEN, FOLD, GAP, RAIL, SLOT
from lvsnet.observe.graph.slots import Slots
from lvsnet.observe.graph.spans import Span, spans


@dataclass(frozen=True)
class _Way:
    """A link's way: from the bar straight to its box, or by a rail at the box's left."""

    box: PlacedBox
    x: float
    """Of the end at the box, or of the rail."""
    bar: float
    """Of the end at the bar: the same unless it has to pass others elsewhere."""
    rail: bool
    above: bool
    """Whether the box is above the bar."""

    def points(self, offset: float, lane: float) -> tuple[Point, ...]:
        """From the lane of a bar to the box's edge."""
        if self.rail:
            y = self.box.y + self.box.height / 2 + offset
            return (self.x + offset, lane), (self.x + offset, y), (self.box.x, y)
        edge = self.box.y + self.box.height if self.above else self.box.y
        if self.x == self.bar:
            return (self.x + offset, lane), (self.x + offset, edge)
        turn = edge + (AISLE / 2 if self.above else -AISLE / 2)
        turn += offset / 2 if (self.bar > self.x) is self.above else -offset / 2
        return (
            (self.bar + offset, lane),
            (self.bar + offset, turn),
            (self.x + offset, turn),
            (self.x + offset, edge),
        )


def picture(scene: Scene) -> Picture:
    """Everything in its place; the same scene gives the same picture."""
    depth = layers.depths(scene)
    stacks = folding.columns(scene, layers.rows(scene, depth))
    boxes = {one.name: one for one in scene.boxes}
    middles = _middles(stacks, depth, boxes)
    slots = Slots(scene)
    lying = _spans(scene, stacks, depth, middles)
    levels = _levels(lying, depth, slots)
    tops, heights, bottom = _tops(stacks, boxes, levels)
    placed = {
        name: PlacedBox(boxes[name], x, y, sizes.width(boxes[name]), sizes.height(boxes[name]))
        for stack in stacks
        for name, x, y in _stacked(stack, middles[stack.name], tops, heights, boxes, depth)
    }
    ways = {
        (name, segment): way
        for stack in stacks
        for name, segment, way in _ways(stack, middles, placed, depth)
    }
    bars = {
        one.name: _bar(
            one,
            lying[one.name],
            tops[layer_of_depth(depth[one.name])],
            {level: high for (deep, level), high in levels.items() if deep == depth[one.name]},
            slots.height(one.name),
        )
        for one in scene.bars
    }
    shown = tuple(_link(one, ways, bars) for one in scene.links)
    paths = tuple(_path(one, ways, bars, slots) for one in scene.paths)
    lefts = [one.x for one in placed.values()] + [one.x for one in bars.values()]
    rights = [one.x + one.width for one in placed.values()]
    rights += [one.x + one.width for one in bars.values()]
    left = min(lefts, default=0.0)
    return _moved(
        Picture(
            scene.lab,
            scene.live,
            round(max(rights, default=0.0) - left, 1),
            bottom,
            tuple(placed[one.name] for one in scene.boxes),
            tuple(bars.values()),
            shown,
            paths,
            scene.notes,
        ),
        -left,
    )


def _middles(
    stacks: Sequence[Column], depth: Mapping[str, int], boxes: Mapping[str, Box]
) -> Mapping[str, float]:
    """Columns, and links by the names that they have where they pass other layers."""
    places = folding.places(stacks, depth)
    items = []
    for one in stacks:
        half = _wide(one, boxes) / 2
        rail = RAIL if len(one.boxes) > 1 else 0.0
        layer = layer_of_row(one.row)
        items.append(Item(one.name, layer, places[one.name, layer], half + rail, half))
        for segment in one.segments:
            name, shift = passing(one, segment), _shift(one, segment, depth)
            for layer in passed(one, depth[segment]):
                if layer % 2 == 0:
                    place = places[name, layer]
                    items.append(Item(name, layer, place, SLOT * 2, SLOT * 2, one.name, shift))
    return spread(items, GAP)


def _shift(stack: Column, segment: str, depth: Mapping[str, int]) -> float:
    """How far from the middle of its box a link begins: the nearest bar's in the middle's left."""
    above = layer_of_depth(depth[segment]) < layer_of_row(stack.row)
    same = [
        one
        for one in stack.segments
        if (layer_of_depth(depth[one]) < layer_of_row(stack.row)) is above
    ]
    return (same.index(segment) - (len(same) - 1) / 2) * BESIDE


def _tops(
    stacks: Sequence[Column],
    boxes: Mapping[str, Box],
    levels: Mapping[tuple[int, int], float],
) -> tuple[Mapping[int, float], Mapping[int, float], float]:
    """Where each layer begins and how high it is, and where the last one ends."""
    heights: dict[int, float] = {}
    for one in stacks:
        layer = layer_of_row(one.row)
        heights[layer] = max(heights.get(layer, 0.0), _tall(one, boxes))
    for (deep, _), high in levels.items():
        layer = layer_of_depth(deep)
        heights[layer] = heights.get(layer, -BETWEEN) + high + BETWEEN
    tops, y = {}, 0.0
    for layer in sorted(heights):
        tops[layer] = y
        y += heights[layer] + AISLE
    return tops, heights, max(y - AISLE, 0.0)


def _stacked(
    stack: Column,
    middle: float,
    tops: Mapping[int, float],
    heights: Mapping[int, float],
    boxes: Mapping[str, Box],
    depth: Mapping[str, int],
) -> Iterator[tuple[str, float, float]]:
    """Each box of a column with its upper left corner."""
    layer = layer_of_row(stack.row)
    high = _tall(stack, boxes)
    below = [one for one in stack.segments if layer_of_depth(depth[one]) > layer]
    # As near to its bars as can be, and in the middle between two.
    part = 0.5 if 0 < len(below) < len(stack.segments) else 1.0 if below else 0.0
    y = tops[layer] + (heights[layer] - high) * part
    for name in stack.boxes:
        yield name, middle - _wide(stack, boxes) / 2, y
        y += sizes.height(boxes[name]) + FOLD


def _ways(
    stack: Column,
    middles: Mapping[str, float],
    placed: Mapping[str, PlacedBox],
    depth: Mapping[str, int],
) -> Iterator[tuple[str, str, _Way]]:
    for segment in stack.segments:
        above = layer_of_depth(depth[segment]) > layer_of_row(stack.row)
        near = stack.boxes[-1] if above else stack.boxes[0]
        for name in stack.boxes:
            box = placed[name]
            if name == near:
                x = middles[stack.name] + _shift(stack, segment, depth)
                bar = middles.get(passing(stack, segment), x)
                yield name, segment, _Way(box, x, bar, False, above)
            else:
                x = box.x - RAIL / 2
                yield name, segment, _Way(box, x, x, True, above)


def _spans(
    scene: Scene,
    stacks: Sequence[Column],
    depth: Mapping[str, int],
    middles: Mapping[str, float],
) -> Mapping[str, Span]:
    boxes = {one.name: one for one in scene.boxes}
    ends: dict[str, list[float]] = {one.name: [] for one in scene.bars}
    across: dict[str, list[float]] = {one.name: [] for one in scene.bars}
    for stack in stacks:
        for segment in stack.segments:
            straight = middles[stack.name] + _shift(stack, segment, depth)
            x = middles.get(passing(stack, segment), straight)
            ends[segment].append(x)
            if len(stack.boxes) > 1:
                ends[segment].append(middles[stack.name] - _wide(stack, boxes) / 2 - RAIL / 2)
            between = list(passed(stack, depth[segment]))
            for one in scene.bars:
                if layer_of_depth(depth[one.name]) in between:
                    across[one.name].append(x)
    return spans(scene.bars, depth, ends, across)


def _levels(
    lying: Mapping[str, Span], depth: Mapping[str, int], slots: Slots
) -> Mapping[tuple[int, int], float]:
    """Depth and level -> how high the bars there are."""
    found: dict[tuple[int, int], float] = {}
    for name, span in lying.items():
        key = (depth[name], span.level)
        found[key] = max(found.get(key, 0.0), slots.height(name))
    return found


def _bar(bar: Bar, span: Span, top: float, levels: Mapping[int, float], high: float) -> PlacedBar:
    above = sum(size + BETWEEN for level, size in levels.items() if level < span.level)
    return PlacedBar(bar, span.begin, top + above, span.end - span.begin, high)


def _wide(stack: Column, boxes: Mapping[str, Box]) -> float:
    return max(sizes.width(boxes[name]) for name in stack.boxes)


def _tall(stack: Column, boxes: Mapping[str, Box]) -> float:
    return sum(sizes.height(boxes[name]) + FOLD for name in stack.boxes) - FOLD


def _link(
    link: Link, ways: Mapping[tuple[str, str], _Way], bars: Mapping[str, PlacedBar]
) -> PlacedLink:
    bar, way = bars[link.segment], ways[link.node, link.segment]
    points = way.points(0.0, bar.y if way.above else bar.y + bar.height)
    return PlacedLink(link, tuple(reversed(points)))


def _path(
    path: Path,
    ways: Mapping[tuple[str, str], _Way],
    bars: Mapping[str, PlacedBar],
    slots: Slots,
) -> PlacedPath:
    arrows = [
        arrow
        for number, step in enumerate(path.steps)
        for arrow in _arrows(path.service, number, step, ways, bars, slots)
    ]
    steps = tuple((step.number, step.kind, step.words) for step in path.steps)
    return PlacedPath(path.service, path.title, tuple(dict.fromkeys(arrows)), steps, path.notes)


def _arrows(
    service: str,
    number: int,
    step: Step,
    ways: Mapping[tuple[str, str], _Way],
    bars: Mapping[str, PlacedBar],
    slots: Slots,
) -> Iterator[Arrow]:
    for way in step.ways:
        for n, hop in enumerate(way):
            bar = bars[hop.segment]
            lane = bar.y + bar.height / 2 + slots.lane(service, hop, number)
            begin, end = (
                ways[node, hop.segment].points(
                    slots.slot(service, node, hop.segment, number, leaves=leaves), lane
                )
                for node, leaves in ((hop.source, True), (hop.target, False))
            )
            points = (*reversed(begin), *end)
            yield Arrow(number, 0 if n else step.number, step.kind, points, hop.source, hop.target)


def _moved(one: Picture, by: float) -> Picture:
    """The picture, so far to the right."""

    def moved(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple((round(x + by, 1), round(y, 1)) for x, y in points)

    return replace(
        one,
        boxes=tuple(replace(box, x=round(box.x + by, 1), y=round(box.y, 1)) for box in one.boxes),
        bars=tuple(replace(bar, x=round(bar.x + by, 1), y=round(bar.y, 1)) for bar in one.bars),
        links=tuple(replace(link, points=moved(link.points)) for link in one.links),
        paths=tuple(
            replace(
                path,
                arrows=tuple(replace(arrow, points=moved(arrow.points)) for arrow in path.arrows),
            )
            for path in one.paths
        ),
    )
