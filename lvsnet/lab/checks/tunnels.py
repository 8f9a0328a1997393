"""Checks of method tun: what packets are wrapped in, ways to real servers, ways out of tunnels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsnet.lab import forwarding
from lvsnet.lab.addressing import own
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.checks.members import Member, listed
from lvsnet.lab.checks.nodes import sysctl_parts
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import Tunnel
from lvsnet.lab.virtual_services import version


def settings(lab: Lab) -> Iterator[Finding]:
    """A tunnel is of method tun, and only GUE has a port and checksums (ipvsadm(8), --tun-type)."""
    for name, service in lab.services.items():
        place: Loc = ("services", name, "tunnel")
        methods = {service.method, *(one.method for one in service.real_servers)}
        if service.tunnel is not None:
            if "tun" not in methods:
                yield _of_another_method(
                    f"service {name}", place, ("services", name), service.method
                )
            yield from _fields(f"service {name}", place, service.tunnel)
    for member in listed(lab):
        if member.server.tunnel is not None:
            where = f"service {member.service}: real server {member.name}"
            if member.method != "tun":
                place = (*member.item, "tunnel")
                yield _of_another_method(where, place, ("services", member.service), member.method)
            yield from _fields(where, (*member.item, "tunnel"), member.server.tunnel)


def _of_another_method(where: str, place: Loc, service: Loc, method: str) -> Finding:
    return Finding(
        place,
        f"{where}: a tunnel is for method tun, and with {method} packets are not wrapped in"
        " anything; take it out, or write method: tun",
        "key",
        ((*service, "method"),),
    )


def _fields(where: str, place: Loc, tunnel: Tunnel) -> Iterator[Finding]:
    if tunnel.type == "gue":
        return
    if tunnel.port is not None:
        yield Finding(
            (*place, "port"),
            f"{where}: a tunnel of type {tunnel.type} has no port; only gue goes by UDP; take the"
            " port out, or write type: gue",
            "key",
            ((*place, "type"),),
        )
    if tunnel.checksum != "nocsum":
        why = "has no checksum of its own"
        if tunnel.type == "gre":
            why = (
                "arrives by gre0, which drops packets that have GRE's checksum (ip-link(8), icsum)"
            )
        yield Finding(
            (*place, "checksum"),
            f"{where}: what comes by a tunnel of type {tunnel.type} {why}; take the checksum out,"
            " or write type: gue",
            "key",
            ((*place, "type"),),
        )


def routes(lab: Lab) -> Iterator[Finding]:
    """A director reaches each real server, and each real server the clients."""
    told: set[str] = set()
    for member in _tunneled(lab):
        for node in member.behind.nodes if member.behind else ():
            away = [
                one
                for one in member.directors
                if one != node and not _reaches(lab, one, node, _outside(member))
            ]
            if away:
                yield Finding(
                    member.loc,
                    f"service {member.service}: {' and '.join(away)} can send nothing to real"
                    f" server {member.name}: no segment of theirs and no route leads there; give"
                    f" {away[0]} one under routes",
                    because=tuple(("nodes", one) for one in (node, *away)),
                    rule="tun-route",
                )
            strangers = [
                name
                for name, spec in lab.nodes.items()
                if spec.role == "client"
                and name != node
                and not _reaches(lab, node, name, version(member.spec))
            ]
            if strangers and node not in told:
                told.add(node)
                yield Finding(
                    member.loc,
                    f"service {member.service}: real server {node} has no way back to"
                    f" {strangers[0]}: with method tun it answers clients itself; give {node} a"
                    " route",
                    because=tuple(("nodes", one) for one in (node, *strangers)),
                    rule="tun-route",
                )


def _tunneled(lab: Lab) -> Iterator[Member]:
    for member in listed(lab):
        if member.method == "tun" and member.behind is not None:
            yield member


def _reaches(lab: Lab, node: str, other: str, family: int) -> bool:
    """Whether ``node`` can send to any address of a family that ``other`` has; true while something
    else is wrong."""
    if not (settled(lab, node) and settled(lab, other)):
        return True
    addresses = [one for one in own(lab.nodes[other]) if one.version == family]
    return not addresses or any(forwarding.has_route(lab, node, one) for one in addresses)


def reverse_path(lab: Lab) -> Iterator[Finding]:
    """The way to a client is never by the tunnel, so its strict filter drops all that leaves it.

    In force is the larger one of all's value and the device's; lvsnet sets the device's to 2
    (ip-sysctl.rst, rp_filter).
    """
    told: set[tuple[str, str]] = set()
    for member in _tunneled(lab):
        if version(member.spec) == 6:
            continue  # which has no such filter
        device = _device(member)
        for node in member.behind.nodes if member.behind else ():
            found = _filters(lab.nodes[node].sysctls)
            ours, general = found.get(device), found.get("all")
            in_force = max(ours[1] if ours else 2, general[1] if general else 0)
            if in_force != 1 or (node, device) in told:
                continue
            told.add((node, device))
            key = next(key for key, value in filter(None, (ours, general)) if value == 1)
            yield Finding(
                ("nodes", node, "sysctls", key),
                f"node {node}: {key}: 1 drops the packets that leave the tunnel by {device}"
                f" (service {member.service}, method tun): the way to their sender is"
                " another one; write 2, which is enough, as the VIP is on that device",
                because=(("services", member.service),),
                rule="tun-rp-filter",
            )


def sizes(lab: Lab) -> Iterator[Finding]:
    """A full packet does not fit into a tunnel: somebody says so to the client, or cuts it.

    ensure_mtu_is_adequate() of net/netfilter/ipvs/ip_vs_xmit.c does the one or the other.
    """
    told: set[str] = set()
    for member in _tunneled(lab):
        for node in member.directors:
            found = [key for key, value in lab.nodes[node].sysctls.items() if _cuts(key, value)]
            if found and node not in told:
                told.add(node)
                yield Finding(
                    ("nodes", node, "sysctls", found[0]),
                    f"node {node}: with {found[0]}: 0 it cuts each full packet in two that it puts"
                    f" into a tunnel (service {member.service}, method tun), and no client is told"
                    " to send smaller ones; take it out, or allow tun-fragments where the way to"
                    " the real servers carries larger packets",
                    because=(("services", member.service),),
                    rule="tun-fragments",
                )


def _cuts(key: str, value: str) -> bool:
    return sysctl_parts(key) == ("net", "ipv4", "vs", "pmtu_disc") and value == "0"


def _device(member: Member) -> str:
    """By which packets to an IPv4 VIP leave the tunnel."""
    return forwarding.end_of_tunnel(
        forwarding.tunnel(member.spec, member.server), _outside(member), 4
    )


def _outside(member: Member) -> int:
    """The version of IP that packets in the tunnel are wrapped in."""
    address = member.server.address
    return version(member.spec) if address is None else address.version


def _filters(sysctls: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Interface, or ``all`` -> the key of its rp_filter, as it is written, and its value."""
    found = {}
    for key, value in sysctls.items():
        parts = sysctl_parts(key)
        if parts[:3] == ("net", "ipv4", "conf") and parts[4:] == ("rp_filter",) and value.isdigit():
            found[parts[3]] = (key, int(value))
    return found
