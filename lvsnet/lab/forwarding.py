"""How a service's packets come to one of its real servers: what is written there, or above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.lab.addressing import contains

if TYPE_CHECKING:
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab, Route
    from lvsnet.lab.model_services import Method, Server, Service, Tunnel


_IP_IN_IP = {(4, 4): "tunl0", (4, 6): "sit0", (6, 4): "ip6tnl0", (6, 6): "ip6tnl0"}
"""Versions of IP, outside and inside -> the device. GUE carries such packets, too."""
_GRE = {4: "gre0", 6: "ip6gre0"}


def method(service: Service, server: Server) -> Method:
    """The forwarding method to a real server."""
    return server.method or service.method


def tunnel(service: Service, server: Server) -> Tunnel | None:
    """What its packets are wrapped in with method tun; None leaves that to the kernel: ipip."""
    return server.tunnel or service.tunnel


def end_of_tunnel(one: Tunnel | None, outside: int, inside: int) -> str:
    """The device by which packets leave a tunnel; by versions of IP, of the real server's address
    and of the VIP."""
    return _GRE[outside] if one is not None and one.type == "gre" else _IP_IN_IP[outside, inside]


def has_route(lab: Lab, node: str, address: IPAddress) -> bool:
    """Whether an address is in a segment of ``node``'s, or behind one of its routes."""
    spec = lab.nodes[node]
    near = any(contains(lab.segments[one], address) for one in spec.interfaces)
    return near or any(_takes(route, address) for route in spec.routes)


def _takes(route: Route, address: IPAddress) -> bool:
    if route.via.version != address.version:
        return False
    return route.to == "default" or address in route.to
