"""Packets of a running lab, from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lvsnet.observe.capture_model import Capture, Frame
from lvsnet.observe.capturing import Reading
from lvsnet.plan import codec

if TYPE_CHECKING:
    from lvsnet.control.place import Place

Take = Callable[[Sequence[Frame]], None]
"""Gets what has passed, as soon as it has; first nothing, once it listens."""


def follow(place: Place, lab: str, capture: Capture, reading: Reading, take: Take) -> None:
    """Capture until this is interrupted, or the capture's time is over; ``reading`` has the places.

    Moves no held clock.

    Raises:
        LvsnetError: the filter is none, a node has no such interface, the lab has ended.
    """

    def told(line: str) -> None:
        if line:
            begun = reading.begun
            frames = list(reading.take(json.loads(line)))
            if frames or begun != reading.begun:
                take(frames)

    place.follow(lab, "look.capture", {"capture": codec.encode(capture)}, told)
