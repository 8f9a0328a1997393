"""What programs in Python see of running labs, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.observe.conditions import Condition, Reached, to_json
from lvsnet.plan import codec
from lvsnet.progress import Report, silent
from lvsnet.traffic import records
from lvsnet.traffic.model import Request

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def until(place: Place, lab: str, condition: Condition, limit: float, report: Report) -> Reached:
    """Wait in a lab with whatever clock until a condition is met, ``limit`` seconds at most.

    Raises:
        ConditionError: the condition names what the lab does not have.
    """
    from lvsnet.observe import checking

    checking.check(condition, place.record(lab).plan)
    asked = {"condition": to_json(condition), "limit": limit}
    return codec.decode(Reached, place.act(lab, "look.until", asked, report), "reached")


def up(place: Place, lab: str, deadline: float, report: Report) -> None:
    """Wait until every VIP has one holder and every checked real server is in the tables.

    Raises:
        LvsnetError: ``deadline`` seconds of the lab's time passed, or a daemon ended meanwhile.
    """
    place.act(lab, "look.up", {"deadline": deadline}, report)


def log(place: Place, lab: str, node: str) -> str:
    """The end of what a node's daemons said.

    Raises:
        LvsnetError: there is no such node.
    """
    said = place.act(lab, "look.log", {"node": node}, silent)
    if not isinstance(said, str):
        raise _other_version(lab)
    return said


def requests(place: Place, lab: str, id: str) -> tuple[tuple[Request, ...], bool]:
    """A load's requests that are over so far, and whether there will be no others.

    Raises:
        LvsnetError: there is no such load.
    """
    match place.act(lab, "look.requests", {"id": id}, silent):
        case [packed, bool() as over]:
            return tuple(records.unpacked(packed)), over
    raise _other_version(lab)


def stop(place: Place, lab: str, id: str) -> None:
    """Have a load send no new requests, and do not wait for those under way.

    Raises:
        LvsnetError: there is no such load.
    """
    place.act(lab, "look.stop", {"id": id}, silent)


def _other_version(lab: str) -> LvsnetError:
    return LvsnetError(f"lab {lab}: another version of lvsnet deployed it; destroy and deploy it")
