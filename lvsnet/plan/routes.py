"""A node's routes: the way back that forwarding methods ask for, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.lab.addressing import is_of_link
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.model import Route

if TYPE_CHECKING:
    from lvsnet.lab import model as lab_model
    from lvsnet.lab.model import Lab

_DEFAULT = "default"


def routes(
    lab: Lab, node: str, gateways: Sequence[tuple[str, ...]], user: Iterable[lab_model.Route]
) -> tuple[Route, ...]:
    """Routes of ``node``; a default route of the user's takes the place of a generated one of its
    family.

    ``gateways`` has an entry for each service: those that would do for it, the best one first;
    none when the service does not mind.

    Raises LvsnetError when no gateway does for all services of a family that want one.
    """
    own = tuple(Route(str(route.to), str(route.via), _device(lab, node, route)) for route in user)
    made = []
    for version in (4, 6):
        wanted = [choice for choice in gateways if choice and _version(choice[0]) == version]
        if wanted and not any(_is_default(route, version) for route in own):
            made.append(Route(_DEFAULT, _common(node, wanted)))
    return (*made, *own)


def _device(lab: Lab, node: str, route: lab_model.Route) -> str:
    """The interface of a link-local gateway; empty for any other one."""
    segment = route.dev or next(iter(lab.nodes[node].interfaces))
    return interface_name(lab, node, segment) if is_of_link(route.via) else ""


def _common(node: str, wanted: Sequence[tuple[str, ...]]) -> str:
    for gateway in wanted[0]:
        if all(gateway in choice for choice in wanted):
            return gateway
    choices = "; ".join(" or ".join(choice) for choice in wanted)
    raise LvsnetError(
        f"node {node}: its services want different gateways, and a machine has one default "
        f"route: {choices}. Balance them by the same directors, or give the node routes of its own"
    )


def _is_default(route: Route, version: int) -> bool:
    return route.destination == _DEFAULT and _version(route.via) == version


def _version(address: str) -> int:
    return 6 if ":" in address else 4
