"""The request that shows that a site works."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface

from lvsnet.endpoint import bracketed, parted
from lvsnet.plan.model import Node, Plan, RealServerListed


@dataclass(frozen=True)
class Request:
    node: str
    """Who asks."""
    url: str


def through_a_vip(plan: Plan) -> Request | None:
    """A request to the lab's first web service by TCP, by a client if there is one.

    None when there is no such service, or no machine to ask it that takes no part in it.
    """
    asked = (one for one in plan.listed if one.protocol == "tcp" and _by_a_web_server(plan, one))
    service = next((one.service for one in asked), None)
    if service is None:
        return None
    vip, port = parted(service)
    for role in ("client", "host", "router"):
        for node in plan.nodes:
            if node.role == role and _reaches(node, vip):
                return Request(node.name, f"http://{bracketed(vip) if port == '80' else service}/")
    return None


def _by_a_web_server(plan: Plan, one: RealServerListed) -> bool:
    """Whether nothing but nginx is known to answer; of an address that moves nobody knows."""
    address, port = parted(one.real_server)
    for node in plan.nodes:
        if any(
            way.partition("/")[0] == address for each in node.interfaces for way in each.addresses
        ):
            others = [each for each in node.daemons if each.name != "nginx"]
            return all(int(port) not in each.listens for each in others)
    return True


def _reaches(node: Node, address: str) -> bool:
    """Whether a machine has a way to an address by the lab's own networks."""
    ways = [one for interface in node.interfaces for one in interface.addresses]
    ways += [
        route.destination.replace("default", "::/0" if ":" in route.via else "0.0.0.0/0")
        for route in node.routes
    ]
    return any(ip_address(address) in ip_interface(way).network for way in ways)
