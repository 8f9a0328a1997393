"""Which place each step of a path has among the arrows on its bars and links."""

from __future__ import annotations

from typing import TypeVar

from lvsnet.observe.graph.scene import Scene
from lvsnet.observe.graph.sizes import LANE, LEAST_BAR, SLOT
from lvsnet.observe.graph.ways import Hop

T = TypeVar("T")


class Slots:
    """The places that are taken, for each service by itself: one at a time is shown."""

    def __init__(self, scene: Scene) -> None:
        self._lines = {bar.name: len(bar.prefixes) for bar in scene.bars}
        self._lanes: dict[tuple[str, str], list[int]] = {}
        self._slots: dict[tuple[str, str, str], list[tuple[int, bool]]] = {}
        for path in scene.paths:
            for number, step in enumerate(path.steps):
                for hop in (hop for way in step.ways for hop in way):
                    _add(self._lanes.setdefault((path.service, hop.segment), []), number)
                    ends = ((hop.source, True), (hop.target, False))
                    for node, leaves in ends:
                        key = (path.service, node, hop.segment)
                        _add(self._slots.setdefault(key, []), (number, leaves))

    def height(self, segment: str) -> float:
        """A bar's: with room for the arrows of the service that has most of them there."""
        most = max((len(own) for (_, bar), own in self._lanes.items() if bar == segment), default=0)
        return max(LEAST_BAR + 14 * (self._lines[segment] - 1), LANE * most + 14)

    def lane(self, service: str, hop: Hop, step: int) -> float:
        """How far from a bar's middle."""
        own = self._lanes[service, hop.segment]
        return (own.index(step) - (len(own) - 1) / 2) * LANE

    def slot(self, service: str, node: str, segment: str, step: int, *, leaves: bool) -> float:
        """How far from a link's middle."""
        own = self._slots[service, node, segment]
        return (own.index((step, leaves)) - (len(own) - 1) / 2) * SLOT


def _add(taken: list[T], one: T) -> None:
    if one not in taken:
        taken.append(one)
