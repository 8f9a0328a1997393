"""The way of a packet through a lab: which segments it crosses, from node to node.

As the kernels' tables have it: an address in a network of one of the node's own interfaces is
reached there, and any other one by the route with the longest prefix (ip-route(8)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_network
from ipaddress import ip_interface as parsed

from lvsnet.plan.model import Plan

MOST_HOPS = 16
"""Of one way; more is a loop."""

Address = IPv4Address | IPv6Address
Own = IPv4Interface | IPv6Interface


@dataclass(frozen=True)
class Hop:
    """A frame's way over one segment."""

    source: str
    segment: str
    target: str


@dataclass(frozen=True)
class Network:
    """Who has which address on which segment, and the nodes' routes."""

    own: Mapping[str, Sequence[tuple[str, Own]]]
    """Node -> its segments with its addresses there; none of one that is off."""
    routes: Mapping[str, Sequence[tuple[str, str, str]]]
    """Node -> destination, gateway and, of a link-local one, its segment."""
    holders: Mapping[str, str]
    """Address that VRRP moves -> the node that has it."""
    links: frozenset[tuple[str, str]]
    """Node and segment."""

    def address(self, node: str, version: int, segment: str = "") -> str:
        """A node's first address of a version of IP, on a segment or any; empty without one."""
        found = (
            str(one.ip)
            for name, one in self.own.get(node, ())
            if one.version == version and segment in ("", name)
        )
        return next(found, "")

    def holder(self, address: str) -> str:
        """Who answers for an address on the wire; empty when nobody does."""
        if address in self.holders:
            return self.holders[address]
        wanted = ip_address(address)
        found = (node for node, own in self.own.items() if any(one.ip == wanted for _, one in own))
        return next(found, "")

    def way(self, node: str, address: str) -> tuple[Hop, ...]:
        """From a node to whoever has an address; empty when it does not get there."""
        hops = []
        for _ in range(MOST_HOPS):
            if node == self.holder(address):
                break
            near = self._next(node, ip_address(address))
            target = self.holder(near) if near else ""
            segment = self._segment(node, near) if target else ""
            if (target, segment) not in self.links:
                return ()
            hops.append(Hop(node, segment, target))
            node = target
        return tuple(hops) if node == self.holder(address) else ()

    def _next(self, node: str, address: Address) -> str:
        """The address, or the gateway that it is reached by; empty without any."""
        near = [own.network for _, own in self.own.get(node, ()) if address in own.network]
        best, length = (str(address), near[0].prefixlen) if near else ("", -1)
        for destination, via, _ in self.routes.get(node, ()):
            everything = "0.0.0.0/0" if ip_address(via).version == 4 else "::/0"
            network = ip_network(
                everything if destination == "default" else destination, strict=False
            )
            if address in network and network.prefixlen > length:
                best, length = via, network.prefixlen
        return best

    def _segment(self, node: str, near: str) -> str:
        """The segment by which a node reaches an address beside it."""
        wanted = ip_address(near)
        found = [name for name, own in self.own.get(node, ()) if wanted in own.network]
        found += [segment for _, via, segment in self.routes.get(node, ()) if via == near]
        return found[0] if found else ""


def network(
    plan: Plan, own: Mapping[str, Sequence[tuple[str, str]]], holders: Mapping[str, str]
) -> Network:
    """The network of a plan whose nodes have ``own``: interfaces and addresses with prefixes.

    A link that is cut, and a node that is off, has none.
    """
    wires = {(node.name, one.name): one.segment for node in plan.nodes for one in node.interfaces}
    return Network(
        {
            node: [
                (wires[node, interface], parsed(address))
                for interface, address in found
                if (node, interface) in wires
            ]
            for node, found in own.items()
        },
        {
            node.name: [
                (route.destination, route.via, wires.get((node.name, route.interface), ""))
                for route in node.routes
            ]
            for node in plan.nodes
        },
        holders,
        frozenset((node, segment) for (node, _), segment in wires.items()),
    )
