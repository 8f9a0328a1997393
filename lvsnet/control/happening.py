"""What has happened in a lab, and what goes on happening, from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.observe import past
from lvsnet.observe.event import Event
from lvsnet.observe.past import Past
from lvsnet.progress import silent

if TYPE_CHECKING:
    from lvsnet.control.place import Place


@dataclass(frozen=True)
class History:
    """What has happened in a lab, in order."""

    events: tuple[Past, ...]
    now: int
    """Until when, in nanoseconds of the clock that events have."""


def history(place: Place, lab: str) -> History:
    """What has happened until now."""
    match place.act(lab, "look.history", {}, silent):
        case {"now": int(now), "events": list(found)}:
            return History(tuple(map(past.from_json, found)), now)
    raise LvsnetError(f"lab {lab}: another version of lvsnet deployed it; destroy and deploy it")


def follow(
    place: Place, lab: str, recall: Callable[[History], None], tell: Callable[[Event], None]
) -> None:
    """Tell what has happened, and then each event as it comes, until this is interrupted.

    It moves no held clock. None is missing between the two, and none is told twice.

    Raises:
        LvsnetError: the lab has ended, or was destroyed.
    """
    before: list[Past] = []

    def take(line: str) -> None:
        match json.loads(line):
            case {"now": int(now)}:
                recall(History(tuple(before), now))
            case [at, kind, node, what, subject, text]:
                tell(Event(at, kind, node, what, subject, text))
            case told:
                before.append(past.from_json(told))

    place.follow(lab, "look.story", {}, take)
    raise LvsnetError(f"lab {lab} has ended")
