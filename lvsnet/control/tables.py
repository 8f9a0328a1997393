"""The IPVS tables of a lab's nodes, from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.observe.table_model import Table, Wanted
from lvsnet.plan import codec
from lvsnet.progress import silent

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def look(place: Place, lab: str, wanted: Wanted) -> tuple[Table, ...]:
    """One look; of several nodes in the order of the lab.

    Raises:
        LvsnetError: there is no such node.
    """
    return _tables(place.act(lab, "look.ipvs", _asked(wanted), silent))


def follow(
    place: Place, lab: str, wanted: Wanted, take: Callable[[tuple[Table, ...]], None]
) -> None:
    """Have ``take`` see the tables at once, and at each second of the lab's time in which they
    change, until this is interrupted. Moves no held clock.

    Raises:
        LvsnetError: there is no such node; or the lab has ended.
    """
    place.follow(
        lab, "look.ipvs_follow", _asked(wanted), lambda line: take(_tables(json.loads(line)))
    )


def _asked(wanted: Wanted) -> dict[str, object]:
    """As an act takes it."""
    asked = codec.encode(wanted)
    return asked if isinstance(asked, dict) else {}


def _tables(found: object) -> tuple[Table, ...]:
    if not isinstance(found, list):
        raise LvsnetError("another version of lvsnet deployed the lab; destroy and deploy it")
    return tuple(codec.decode(Table, one, f"tables[{n}]") for n, one in enumerate(found))
