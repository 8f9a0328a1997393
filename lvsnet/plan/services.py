"""Who takes part in a virtual service: its directors and its real servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from lvsnet.lab.model import Lab, Service


@dataclass(frozen=True)
class Member:
    """A real server of one service."""

    node: str
    port: int
    weight: int


@dataclass(frozen=True)
class Site:
    """One virtual service with all its parts found."""

    name: str
    service: Service
    directors: tuple[str, ...]
    members: tuple[Member, ...]


def sites(lab: Lab) -> tuple[Site, ...]:
    """The lab's services, in its order.

    Raises LvsnetError when nobody holds a service's address.
    """
    return tuple(
        Site(name, service, _directors(lab, name, service), _members(service))
        for name, service in lab.services.items()
    )


def rip(lab: Lab, director: str, real_server: str) -> IPv4Address:
    """The real server's address in its first segment that the director is in too.

    Raises LvsnetError when they share none.
    """
    for segment, address in lab.nodes[real_server].interfaces.items():
        if segment in lab.nodes[director].interfaces:
            return address
    raise LvsnetError(
        f"node {real_server} shares no segment with its director {director}; give it an "
        "interface in one of the director's"
    )


def _directors(lab: Lab, name: str, service: Service) -> tuple[str, ...]:
    for instance in lab.vrrp.values():
        if service.address in instance.addresses:
            return tuple(node for node in lab.nodes if node in instance.priority)
    raise LvsnetError(
        f"services.{name}: nobody holds {service.address}; put it among the addresses of a vrrp "
        "instance"
    )


def _members(service: Service) -> tuple[Member, ...]:
    return tuple(
        Member(written, service.port, 1)
        if isinstance(written, str)
        else Member(written.node, written.port or service.port, written.weight)
        for written in service.real_servers
    )
