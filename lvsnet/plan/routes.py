"""A node's routes: the way back that forwarding methods ask for, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Route

if TYPE_CHECKING:
    from lvsnet.lab import model as lab_model

_DEFAULT = "default"


def routes(
    node: str, gateways: Iterable[tuple[str, ...]], user: Iterable[lab_model.Route]
) -> tuple[Route, ...]:
    """Routes of ``node``; a default route of the user's takes the place of a generated one.

    ``gateways`` has an entry for each service: those that would do for it, the best one first;
    none when the service does not mind.

    Raises LvsnetError when no gateway does for all services that want one.
    """
    own = tuple(Route(str(route.to), str(route.via)) for route in user)
    wanted = [choice for choice in gateways if choice]
    if not wanted or any(route.destination == _DEFAULT for route in own):
        return own
    for gateway in wanted[0]:
        if all(gateway in choice for choice in wanted):
            return (Route(_DEFAULT, gateway), *own)
    choices = "; ".join(" or ".join(choice) for choice in wanted)
    raise LvsnetError(
        f"node {node}: its services want different gateways, and a machine has one default "
        f"route: {choices}. Balance them by the same directors, or give the node routes of its own"
    )
