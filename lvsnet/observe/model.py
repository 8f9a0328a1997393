"""What can be seen of a running lab, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.plan.model import OFF_WIRE


@dataclass(frozen=True)
class RealServer:
    """A line of an IPVS service: one real server."""

    address: str
    """``192.168.10.13:80``"""
    method: str
    """dr, nat, tun, local or bypass."""
    weight: int
    active: int
    """ActiveConn"""
    inactive: int
    """InActConn"""


@dataclass(frozen=True)
class Service:
    """A virtual service of an IPVS table."""

    protocol: str
    address: str
    """``192.168.10.100:80``"""
    scheduler: str
    real_servers: tuple[RealServer, ...]


@dataclass(frozen=True)
class Address:
    interface: str
    address: str
    """With prefix length."""


@dataclass(frozen=True)
class Node:
    name: str
    role: str
    running: bool
    addresses: tuple[Address, ...]
    daemons: tuple[tuple[str, bool], ...]
    """Name, and whether it runs."""
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Site:
    """All nodes of a lab at one time, in the order of the lab file."""

    nodes: tuple[Node, ...]
    vips: tuple[str, ...]
    """Addresses that VRRP moves, without prefix length."""

    def holders(self, address: str) -> list[str]:
        """Nodes that have ``address`` (no prefix length) on an interface that is on a wire.

        On lo or a tunnel's end it is a real server's: it takes what is sent on to it, and is not
        asked on the wire.
        """
        return [
            node.name
            for node in self.nodes
            if any(
                one.address.partition("/")[0] == address and one.interface not in OFF_WIRE
                for one in node.addresses
            )
        ]
