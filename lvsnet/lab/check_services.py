"""Checks of virtual services."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from lvsnet.lab.check_addresses import settled
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab, RealServer, Service
from lvsnet.lab.suggest import hint


def address_is_a_vip(lab: Lab) -> Iterator[Finding]:
    """A service's address is held by a VRRP instance.

    A director's own address will not do with method dr: its real servers have the address too,
    and drop the checks that come from it.
    """
    vips = {address: None for one in lab.vrrp.values() for address in one.addresses}
    for name, service in lab.services.items():
        if service.address not in vips:
            yield Finding(
                ("services", name, "address"),
                f"service {name}: {service.address} is no VIP; no VRRP instance has it"
                f"{hint(str(service.address), map(str, vips))}",
                because=(("vrrp",),),
            )


def services_once(lab: Lab) -> Iterator[Finding]:
    """One service to an address, protocol and port."""
    first: dict[tuple[IPv4Address, str, int], str] = {}
    for name, service in lab.services.items():
        key = (service.address, service.protocol, service.port)
        if key in first:
            yield Finding(
                ("services", name, "port"),
                f"service {name}: {service.protocol} {service.address}:{service.port} is already"
                f" service {first[key]}",
                because=(
                    ("services", name, "protocol"),
                    ("services", first[key], "protocol"),
                ),
            )
        first.setdefault(key, name)


def members(lab: Lab) -> Iterator[Finding]:
    """Real servers are nodes of that role."""
    known = [key for key, node in lab.nodes.items() if node.role == "realserver"]
    for name, service in lab.services.items():
        for loc, server in _members(name, service):
            if server.node not in lab.nodes:
                yield Finding(
                    loc,
                    f"service {name}: unknown node '{server.node}'{hint(server.node, known)}",
                    because=(("nodes", server.node),),
                )
            elif lab.nodes[server.node].role != "realserver":
                role = lab.nodes[server.node].role
                yield Finding(
                    loc,
                    f"service {name}: node {server.node} is no real server; its role is {role},"
                    " not realserver",
                )


def members_once(lab: Lab) -> Iterator[Finding]:
    """A real server is in a service once to a port."""
    for name, service in lab.services.items():
        seen = set()
        for loc, server in _members(name, service):
            key = (server.node, server.port or service.port)
            if key in seen:
                yield Finding(
                    loc,
                    f"service {name}: real server {server.node} is there already",
                    because=((*_item(loc), "port"),),
                )
            seen.add(key)


def dr_ports(lab: Lab) -> Iterator[Finding]:
    """With dr the packet arrives as it was sent; ipvsadm silently sets the port to the VIP's."""
    for name, service in lab.services.items():
        for loc, server in _members(name, service):
            if server.port is not None and server.port != service.port:
                yield Finding(
                    (*_item(loc), "port"),
                    f"service {name}: real server {server.node} has port {server.port}, but with"
                    f" method dr it is always the service's, {service.port}",
                )


def dr_neighbours(lab: Lab) -> Iterator[Finding]:
    """With dr a director only changes a packet's MAC address, so it needs an L2 neighbour."""
    for name, service in lab.services.items():
        directors = _directors(lab, service)
        for loc, server in _members(name, service):
            if server.node not in lab.nodes or lab.nodes[server.node].role != "realserver":
                continue
            own = lab.nodes[server.node].interfaces.keys()
            far = [
                director
                for director in directors
                if settled(lab, director) and own.isdisjoint(lab.nodes[director].interfaces)
            ]
            if far and settled(lab, server.node):
                yield Finding(
                    loc,
                    f"service {name}: real server {server.node} shares no segment with"
                    f" {' and '.join(far)}; with method dr a director only changes a packet's MAC"
                    " address, so it and its real servers have to be in one L2 segment",
                    because=tuple(("nodes", node, "interfaces") for node in (server.node, *far)),
                )


def check_fields(lab: Lab) -> Iterator[Finding]:
    """A tcp check only connects, so it has no path and no status code."""
    for name, service in lab.services.items():
        if service.check is not None and service.check.type == "tcp":
            for field in sorted({"path", "status_code"} & service.check.model_fields_set):
                yield Finding(
                    ("services", name, "check", field),
                    f"service {name}: {field} is for checks of type http; a tcp check only"
                    " connects",
                    "key",
                )


def _members(name: str, service: Service) -> Iterator[tuple[Loc, RealServer]]:
    """Each real server in its long form, with the place of its node's name."""
    for number, server in enumerate(service.real_servers):
        loc: Loc = ("services", name, "real_servers", number)
        if isinstance(server, RealServer):
            yield (*loc, "node"), server
        else:
            yield loc, RealServer(node=server)


def _item(loc: Loc) -> Loc:
    """The place of the whole real server of which ``_members`` gives the place of the name."""
    return loc[:4]


def _directors(lab: Lab, service: Service) -> list[str]:
    """Those that can hold the service's address; what is wrong with others is told of them."""
    return [
        node
        for instance in lab.vrrp.values()
        if service.address in instance.addresses
        for node in instance.priority
        if node in lab.nodes
        and lab.nodes[node].role == "director"
        and instance.segment in lab.nodes[node].interfaces
    ]
