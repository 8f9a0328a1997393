"""Links from the upper end to the lower one, with the steps that use them: for pictures as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lvsnet.observe.graph import layers
from lvsnet.observe.graph.paths import Kind, Path
from lvsnet.observe.graph.scene import Link, Scene


@dataclass(frozen=True)
class Use:
    """A step of a path on a link."""

    number: int
    kind: Kind
    leaves: bool
    """Whether it goes from the node to the segment."""


@dataclass(frozen=True)
class Used:
    """A link with what uses it."""

    link: Link
    node_above: bool
    uses: tuple[Use, ...]


def used(scene: Scene, path: Path | None) -> tuple[Used, ...]:
    """All links, in rows from above: first those of nodes to bars below them."""
    depth = layers.depths(scene)
    rows = layers.rows(scene, depth)
    uses = {} if path is None else _uses(path)
    found = [
        Used(
            link,
            rows[link.node] <= depth[link.segment],
            tuple(uses.get((link.node, link.segment), ())),
        )
        for link in scene.links
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (depth[one.link.segment], not one.node_above, rows[one.link.node]),
        )
    )


def in_rows(scene: Scene) -> tuple[tuple[str, ...], ...]:
    """The names of the boxes of each row, from above."""
    rows = layers.rows(scene, layers.depths(scene))
    return tuple(
        tuple(box.name for box in scene.boxes if rows[box.name] == row)
        for row in sorted(set(rows.values()))
    )


def _uses(path: Path) -> Mapping[tuple[str, str], Sequence[Use]]:
    found: dict[tuple[str, str], list[Use]] = {}
    for step in path.steps:
        for hop in (hop for way in step.ways for hop in way):
            for node, leaves in ((hop.source, True), (hop.target, False)):
                use = Use(step.number, step.kind, leaves)
                known = found.setdefault((node, hop.segment), [])
                if use not in known:
                    known.append(use)
    return found
