"""Faults of a running lab, from outside: put, taken back, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.faults import model

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.faults.model import Fault, Order
    from lvsnet.progress import Report


def give(place: Place, lab: str, order: Order, report: Report) -> None:
    """Do what an order says, and return when it is done.

    Raises:
        FaultError: it names what the lab does not have.
        LvsnetError: it cannot be done, or what it is to take back is not on.
    """
    from lvsnet.faults import checking

    checking.check(order, place.record(lab).plan)
    place.act(lab, "fault.order", model.to_json(order), report)


def standing(place: Place, lab: str) -> list[Fault]:
    """The faults that are on: nodes without power first, then as they were put."""
    from lvsnet import progress

    found = place.act(lab, "fault.standing", {}, progress.silent)
    if not isinstance(found, list):
        raise LvsnetError(f"lab {lab} does not say which faults are on: {found!r}")
    try:
        return [model.fault_from_json(one) for one in found]
    except ValueError as error:
        raise LvsnetError(
            f"lab {lab} has faults that this lvsnet does not know: {error}"
        ) from error
