"""In which row of a picture each node is: clients above, real servers below, directors between.

Rows of nodes and of bars take turns. A bar's depth is how many networks lie between it and the
clients; row n of nodes is right above the bars of depth n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lvsnet.observe.graph.scene import Box, Scene


def depths(scene: Scene) -> Mapping[str, int]:
    """Bar -> 0 for one with clients, and one more with every node that has to be passed."""
    segments = _segments(scene)
    clients = [one.name for one in scene.boxes if one.role == "client"]
    near = [one.name for one in scene.bars if any(one.name in segments[name] for name in clients)]
    found: dict[str, int] = {}
    left = [one.name for one in scene.bars]
    while left:
        # Without clients, or where no way leads, the first bar in the lab file's order.
        row = [one for one in near if one in left] or left[:1]
        near = []
        depth = 0 if not found else max(found.values()) + 1
        while row:
            found |= dict.fromkeys(row, depth)
            left = [one for one in left if one not in found]
            beside = {two for one in row for own in segments.values() if one in own for two in own}
            row = [one for one in left if one in beside]
            depth += 1
    return found


def rows(scene: Scene, depth: Mapping[str, int]) -> Mapping[str, int]:
    """Node -> its row."""
    segments = _segments(scene)
    found = {one.name: _row(one, segments[one.name], depth) for one in scene.boxes}
    last = max(depth.values(), default=0) + 1
    for one in scene.boxes:
        own = {depth[name] for name in segments[one.name]}
        if one.role == "director" and len(own) == 1:
            row = min(own) + 1
            there = [other.role for other in scene.boxes if found[other.name] == row]
            # Beside a router, but not among real servers alone.
            if row < last and any(role in ("router", "director") for role in there):
                found[one.name] = row
    return found


def _row(box: Box, segments: Sequence[str], depth: Mapping[str, int]) -> int:
    own = [depth[name] for name in segments]
    if not own:
        return 0
    deepest = max(own) == max(depth.values()) > 0
    if box.role == "realserver" or (box.role == "host" and len(own) == 1 and deepest):
        return max(own) + 1
    if len(set(own)) > 1:
        return max(own)
    return own[0] + (len(own) > 1 and box.role != "client")


def _segments(scene: Scene) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {one.name: [] for one in scene.boxes}
    for link in scene.links:
        found[link.node].append(link.segment)
    return found
