"""Checks of the real servers of virtual services: who they are, and whether they can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from lvsnet.lab import addressing, forwarding
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import HeldVip, located, vip_holders
from lvsnet.lab.ip_values import IPAddress, is_address
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import Method, RealServer, Server, Service
from lvsnet.lab.suggest import hint
from lvsnet.lab.virtual_services import is_plain, version, vips

SERVING = ("realserver", "director")
"""Roles of machines that can be real servers. A director serves beside its balancing."""


@dataclass(frozen=True)
class Behind:
    """What stands behind a real server."""

    nodes: tuple[str, ...]
    """Machines that serve: one, or those that share the address by VRRP."""
    segment: str | None
    """In which its address is; None for one that is given by its node, which is reached in any
    that it shares with a director."""


@dataclass(frozen=True)
class Member:
    """A real server of a service."""

    service: str
    spec: Service
    directors: tuple[str, ...]
    """Those of the service; what is wrong with others is told of them."""
    item: Loc
    """The place of the whole of it."""
    server: Server
    behind: Behind | None
    """None while something is wrong with it."""

    @property
    def loc(self) -> Loc:
        """The place of what names it."""
        return (*self.item, "node" if self.server.node is not None else "address")

    @property
    def method(self) -> Method:
        return forwarding.method(self.spec, self.server)

    @property
    def name(self) -> str:
        return self.server.node or str(self.server.address)


def listed(lab: Lab) -> Iterator[Member]:
    """The real servers of all services, the sorry servers among them."""
    owners, shared, holders = _owners(lab), located(lab), vip_holders(lab)
    for name, service in lab.services.items():
        serving = _directors(lab, holder_of(service, holders))
        places: list[tuple[Loc, Server]] = [
            (("services", name, "real_servers", number), server)
            for number, server in enumerate(service.real_servers)
        ]
        if service.sorry_server is not None:
            places.append((("services", name, "sorry_server"), service.sorry_server))
        for item, server in places:
            behind = _behind(lab, server, owners, shared)
            yield Member(name, service, serving, item, server, behind)


def holder_of(service: Service, holders: Mapping[IPAddress, str]) -> str | None:
    """The VRRP instance that has a service's first VIP; None when none has any of them."""
    return next((holders[vip] for vip in vips(service) if vip in holders), None)


def _owners(lab: Lab) -> Mapping[IPAddress, tuple[str, str]]:
    """Address -> the node that has it on an interface, and that interface's segment."""
    owners: dict[IPAddress, tuple[str, str]] = {}
    for name, node in lab.nodes.items():
        for segment, address in addressing.addresses(node):
            owners.setdefault(address, (name, segment))
    return owners


def _directors(lab: Lab, holder: str | None) -> tuple[str, ...]:
    if holder is None:
        return ()
    instance = lab.vrrp[holder]
    return tuple(
        node
        for node in instance.priority
        if _has_role(lab, node, "director") and instance.segment in lab.nodes[node].interfaces
    )


def _behind(
    lab: Lab,
    server: Server,
    owners: Mapping[IPAddress, tuple[str, str]],
    shared: Mapping[IPAddress, tuple[str, HeldVip]],
) -> Behind | None:
    nodes: tuple[str, ...] = ()
    roles: tuple[str, ...] = SERVING
    segment = None
    match server.node, server.address:
        case str(node), None:
            nodes = (node,)
        case None, IPv4Address() | IPv6Address() as address if address in owners:
            node, segment = owners[address]
            nodes = (node,)
        case None, IPv4Address() | IPv6Address() as address if address in shared:
            _, vip = shared[address]
            nodes, segment = vip.machines, vip.segment
            roles = ("realserver",)
    right = nodes and all(_has_role(lab, node, *roles) for node in nodes)
    return Behind(nodes, segment) if right and segment in (None, *lab.segments) else None


def _has_role(lab: Lab, node: str, *roles: str) -> bool:
    return node in lab.nodes and lab.nodes[node].role in roles


def members(lab: Lab) -> Iterator[Finding]:
    """A real server is a node of that role, an address of one, or a VIP that such nodes share."""
    owners, holders = _owners(lab), vip_holders(lab)
    for member in listed(lab):
        server = member.server
        where = f"service {member.service}"
        if server.node is not None and server.address is not None:
            yield Finding(
                (*member.item, "address"),
                f"{where}: a real server has both node and address; keep node, or the address at"
                " which the directors are to reach it",
                "key",
            )
        elif server.address is not None:
            owner, holder = owners.get(server.address), holders.get(server.address)
            yield from _wrong_address(lab, member, owner, holder)
        elif server.node is not None:
            yield from _wrong_node(lab, member, server.node)
        else:
            yield Finding(
                member.item,
                f"{where}: a real server has neither node nor address",
                because=((*member.item, "node"), (*member.item, "address")),
            )


def _wrong_node(lab: Lab, member: Member, node: str) -> Iterator[Finding]:
    where = f"service {member.service}"
    if node not in lab.nodes:
        known = [key for key, other in lab.nodes.items() if other.role == "realserver"]
        meant = "; for an address write address" if is_address(node) else hint(node, known)
        yield Finding(
            member.loc,
            f"{where}: unknown node '{node}'{meant}",
            because=(("nodes", node),),
        )
    elif lab.nodes[node].role not in SERVING:
        yield Finding(
            member.loc,
            f"{where}: node {node} is no real server; its role is {lab.nodes[node].role}, not"
            " realserver",
        )


def _wrong_address(
    lab: Lab, member: Member, owner: tuple[str, str] | None, holder: str | None
) -> Iterator[Finding]:
    """``owner`` and ``holder`` are those of the real server's address."""
    where, address = f"service {member.service}", member.server.address
    if owner is not None:
        node, _ = owner
        if lab.nodes[node].role not in SERVING:
            yield Finding(
                member.loc,
                f"{where}: {address} is an address of node {node}, which is no real server; its"
                f" role is {lab.nodes[node].role}",
            )
    elif holder is not None:
        others = [
            node
            for node in lab.vrrp[holder].priority
            if node in lab.nodes and not _has_role(lab, node, "realserver")
        ]
        if others:
            yield Finding(
                member.loc,
                f"{where}: {address} is a VIP of VRRP instance {holder}, which {others[0]} can"
                f" hold, and that is no real server; its role is {lab.nodes[others[0]].role}",
            )
    else:
        yield Finding(
            member.loc,
            f"{where}: {address} is neither an address of a real server nor a VIP that real"
            f" servers share{hint(str(address), _addresses(lab))}",
            because=(("nodes",), ("vrrp",)),
        )


def members_once(lab: Lab) -> Iterator[Finding]:
    """A director has a real server in a service once to an address and port."""
    seen: dict[tuple[str, str, IPAddress | str, int], str] = {}
    for member in listed(lab):
        if not isinstance(member.server, RealServer):
            continue  # keepalived takes a sorry server that is a real server as well
        port = member.server.port or member.spec.port or 0
        twice = ""
        for director in member.directors or ("",):
            reached = _reached(lab, director, member)
            key = (member.service, director, reached, port)
            twice = seen.get(key, twice)
            seen.setdefault(key, member.name)
        both_nodes = member.server.node is not None and twice in lab.nodes
        if twice == member.name or (twice and not both_nodes):
            # Two nodes that have one address have been told so.
            also = "" if twice == member.name else f", as {twice}"
            yield Finding(
                member.loc,
                f"service {member.service}: real server {member.name} is there already{also}",
                because=((*member.item, "port"),),
            )


def _reached(lab: Lab, director: str, member: Member) -> IPAddress | str:
    """The address at which a director reaches a real server; its node's name without one."""
    if member.server.address is not None:
        return member.server.address
    node = member.server.node or ""
    if node in lab.nodes and director in lab.nodes:
        for segment, address in addressing.addresses(lab.nodes[node]):
            if segment in lab.nodes[director].interfaces and address.version == version(
                member.spec
            ):
                return address
    return node


def ports(lab: Lab) -> Iterator[Finding]:
    """With dr and tun the packet arrives as it was sent, for the service's port."""
    for member in listed(lab):
        service, port, method = member.spec, member.server.port, member.method
        if method == "nat" or port is None or port == service.port:
            continue
        if not is_plain(service):
            yield Finding(
                (*member.item, "port"),
                f"service {member.service}: real server {member.name} has port {port}, but with"
                f" method {method} packets arrive for the port that the client chose; take the port"
                " out, or use method nat",
                because=(("services", member.service, "method"),),
                rule=f"{method}-port",
            )
        else:
            yield Finding(
                (*member.item, "port"),
                f"service {member.service}: real server {member.name} has port {port}, but with"
                f" method {method} packets arrive for the service's, {service.port}; ipvsadm and"
                f" keepalived put {service.port} in its place; take the port out, or use method"
                " nat",
                because=(("services", member.service, "method"),),
                rule=f"{method}-port",
            )


_WHY_NEIGHBOURS: Mapping[str, str] = {
    "dr": "with method dr a director only changes a packet's MAC address, so it and its real"
    " servers have to be in one L2 segment",
    "nat": "with method nat a director is the gateway of its real servers, so they have to be in"
    " one segment",
}


def neighbours(lab: Lab) -> Iterator[Finding]:
    """Every director of a service is in a segment with each of its real servers.

    With method tun it is enough to have a route: `lvsnet.lab.checks.tunnels`.
    """
    for member in listed(lab):
        behind = member.behind
        if (
            behind is None
            or member.method == "tun"
            or not all(settled(lab, node) for node in behind.nodes)
        ):
            continue
        if behind.segment is None:
            (node,) = behind.nodes
            shared = set(lab.nodes[node].interfaces)
            what = f"real server {node} shares no segment with"
        else:
            shared = {behind.segment}
            what = f"real server {member.name} is in segment {behind.segment}, apart from"
        far = [
            director
            for director in member.directors
            if director not in behind.nodes
            and settled(lab, director)
            and shared.isdisjoint(lab.nodes[director].interfaces)
        ]
        if far:
            yield Finding(
                member.loc,
                f"service {member.service}: {what} {' and '.join(far)};"
                f" {_WHY_NEIGHBOURS[member.method]}",
                because=tuple(("nodes", node, "interfaces") for node in (*behind.nodes, *far)),
            )


def _addresses(lab: Lab) -> list[str]:
    """What can be the address of a real server."""
    known = {name for name, node in lab.nodes.items() if node.role == "realserver"}
    own = [str(address) for name in known for address in addressing.own(lab.nodes[name])]
    shared = [
        str(vip.address.ip)
        for instance in lab.vrrp.values()
        if instance.priority.keys() <= known
        for vip in instance.vips
    ]
    return sorted(own) + shared
