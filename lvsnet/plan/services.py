"""Who takes part in a virtual service: its directors and its real servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from lvsnet.errors import LvsnetError
from lvsnet.lab import forwarding
from lvsnet.lab.addressing import FAMILIES, addresses, contains, own
from lvsnet.lab.held_vips import HeldVip, located
from lvsnet.lab.settings import Settings
from lvsnet.lab.virtual_services import version, vips

if TYPE_CHECKING:
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_checks import Check
    from lvsnet.lab.model_services import Method, RealServer, Server, Service, Tunnel


Vips: TypeAlias = "Mapping[IPAddress, tuple[str, HeldVip]]"
"""The lab's VIPs, each with the name of the VRRP instance that holds it."""


@dataclass(frozen=True)
class Member:
    """A real server of one service."""

    nodes: tuple[str, ...]
    """The machines that answer for it: one, or all that share its address by VRRP."""
    address: IPAddress | None
    """Where every director reaches it; None leaves that to the segments that they share."""
    version: int
    """Of IP, of the address at which it is reached."""
    port: int
    """0 leaves it at the port that the client asked."""
    method: Method
    tunnel: Tunnel | None = None
    """With method tun; None for a packet in a packet, ipip."""
    weight: int = 1
    uthreshold: int = 0
    """Connections; 0 for none."""
    lthreshold: int = 0
    check: tuple[Check, ...] | None = None
    """Its own checks, in the place of the service's."""
    settings: Settings = field(default_factory=Settings)
    """keepalived's further ones."""


@dataclass(frozen=True)
class Site:
    """One virtual service with all its parts found."""

    name: str
    service: Service
    instance: str
    """Name of the VRRP instance that holds the service's first VIP."""
    front: str
    """The segment of that VIP, by which clients reach the director."""
    directors: tuple[str, ...]
    members: tuple[Member, ...]
    sorry: tuple[Member, ...] = ()
    """The sorry server; none or one."""

    @property
    def answering(self) -> tuple[Member, ...]:
        """All that may have to answer clients."""
        return (*self.members, *self.sorry)


def sites(lab: Lab) -> tuple[Site, ...]:
    """The lab's services, in its order.

    Raises LvsnetError when nobody holds a service's address, or a real server's.
    """
    holders = located(lab)
    return tuple(_site(lab, name, service, holders) for name, service in lab.services.items())


def by_method(site: Site) -> Iterator[tuple[Method, Site]]:
    """Each forwarding method of the service, with the service as it is for it alone."""
    for method in dict.fromkeys(member.method for member in site.answering):
        members = tuple(one for one in site.members if one.method == method)
        sorry = tuple(one for one in site.sorry if one.method == method)
        yield method, replace(site, members=members, sorry=sorry)


def rip(lab: Lab, director: str, member: Member) -> IPAddress:
    """The address at which ``director`` reaches a real server.

    For one that is given by its node, its address in its first segment that the director is in;
    with method tun, where they share none, its first one that the director has a route to.

    Raises LvsnetError when there is none.
    """
    if member.address is not None:
        return member.address
    (node,) = member.nodes
    for segment, address in addresses(lab.nodes[node]):
        if segment in lab.nodes[director].interfaces and address.version == member.version:
            return address
    if member.method == "tun":
        found = [one for one in own(lab.nodes[node]) if one.version == member.version]
        routed = [one for one in found if forwarding.has_route(lab, director, one)]
        if found:
            return (routed or found)[0]
    raise LvsnetError(
        f"node {node} shares no segment with its director {director} in which it has an "
        f"{FAMILIES[member.version]} address; give it one in one of the director's"
    )


def ways_in(lab: Lab, site: Site, node: str) -> tuple[str, ...]:
    """The segments by which a service's directors reach the real server ``node``."""
    rips = [
        rip(lab, director, member)
        for member in site.answering
        if node in member.nodes
        for director in site.directors
    ]
    return tuple(
        segment
        for segment in lab.nodes[node].interfaces
        if any(contains(lab.segments[segment], address) for address in rips)
    )


def _site(lab: Lab, name: str, service: Service, holders: Vips) -> Site:
    found = []
    for vip in vips(service):
        if vip not in holders:
            raise LvsnetError(
                f"services.{name}: nobody holds {vip}; put it among the addresses of a vrrp "
                "instance"
            )
        found.append(holders[vip])
    instance, first = found[0]
    sorry = service.sorry_server
    return Site(
        name,
        service,
        instance,
        first.segment,
        _machines(lab, instance),
        tuple(
            _real_server(lab, name, service, written, holders) for written in service.real_servers
        ),
        () if sorry is None else (_member(lab, name, service, sorry, holders),),
    )


def _real_server(
    lab: Lab, name: str, service: Service, written: RealServer, holders: Vips
) -> Member:
    return replace(
        _member(lab, name, service, written, holders),
        weight=written.weight,
        uthreshold=written.uthreshold,
        lthreshold=written.lthreshold,
        check=None if written.check is None else tuple(written.check),
        settings=written.settings,
    )


def _member(lab: Lab, name: str, service: Service, written: Server, holders: Vips) -> Member:
    port = written.port or service.port or 0
    how = (forwarding.method(service, written), forwarding.tunnel(service, written))
    if written.address is None:
        if written.node is None:
            raise LvsnetError(f"services.{name}: a real server has neither node nor address")
        return Member((written.node,), None, version(service), port, *how)
    nodes = tuple(node for node, spec in lab.nodes.items() if written.address in own(spec))
    if not nodes and written.address in holders:
        _, vip = holders[written.address]
        nodes = tuple(node for node in lab.nodes if node in vip.machines)
    if not nodes:
        raise LvsnetError(
            f"services.{name}: {written.address} is the address of no node and of no vrrp "
            "instance; name one of a real server's"
        )
    return Member(nodes, written.address, written.address.version, port, *how)


def _machines(lab: Lab, instance: str) -> tuple[str, ...]:
    return tuple(node for node in lab.nodes if node in lab.vrrp[instance].priority)
