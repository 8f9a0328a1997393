"""Checks of the way back that method nat needs: answers pass the director that has the VIP.

It alone can put the VIP back into them (ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c).
Services of one VIP have the same directors and so the same way back; it is told of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from lvsnet.lab.addressing import address_in, own, subnet_of
from lvsnet.lab.checks.members import listed
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.gateways import gateways
from lvsnet.lab.held_vips import located
from lvsnet.lab.ip_values import IPAddress
from lvsnet.lab.model import Lab
from lvsnet.lab.sync_groups import together
from lvsnet.lab.virtual_services import vips

_RESTS_ON: tuple[Loc, ...] = (("nodes",), ("segments",), ("vrrp",), ("vrrp_sync_group",))


@dataclass(frozen=True)
class _Path:
    """The way back from a real server to those that can hold a VIP."""

    service: str
    vip: IPAddress
    holder: str
    """The VRRP instance that has the VIP."""
    segment: str
    """The VIP's."""
    directors: tuple[str, ...]
    node: str
    """The real server."""
    loc: Loc
    """The place of its name in the service."""


@dataclass(frozen=True)
class _Way:
    """How answers to an address leave a real server."""

    to: IPAddress
    near: bool
    """Whether the address is in a segment of the real server's."""
    route: int | None
    """The number of the route in the lab file that takes them; None without one."""


def return_path(lab: Lab) -> Iterator[Finding]:
    """Answers leave by a gateway that is where the VIP is."""
    for path in _paths(lab):
        theirs = _own_addresses(lab, path)
        ways = _ways(lab, path)
        if any(way.route is None and not way.near for way in ways) and not _gateways(lab, path):
            yield _no_gateway(lab, path)
        for number in sorted({way.route for way in ways if way.route is not None}):
            via = lab.nodes[path.node].routes[number].via
            near = all(way.near for way in ways if way.route == number)
            if via in _leading_back(lab, path) or (near and via not in theirs):
                continue
            if via in theirs:
                reason = (
                    f"leads to director {theirs[via]} alone; when another one of"
                    f" {_listed(path.directors)} has the VIP {path.vip}, answers miss it"
                )
            else:
                reason = f"leads to {via}, and so past {_listed(path.directors)}"
            yield Finding(
                ("nodes", path.node, "routes", number, "via"),
                f"node {path.node}: this route {reason}; with method nat (service {path.service})"
                f" the director that has the VIP has to see every answer{_remedy(lab, path)}",
                because=_RESTS_ON,
                rule="nat-return-path",
            )


def _no_gateway(lab: Lab, path: _Path) -> Finding:
    segments = " or ".join(lab.nodes[path.node].interfaces)
    return Finding(
        path.loc,
        f"service {path.service}: real server {path.node} has no way back to clients: with method"
        f" nat it needs a gateway that moves between {_listed(path.directors)}; give them a VRRP"
        f" instance in segment {segments}, in a sync group with {path.holder}, and its VIP is the"
        " gateway",
        because=_RESTS_ON,
        rule="nat-return-path",
    )


def one_gateway(lab: Lab) -> Iterator[Finding]:
    """A machine has one default route, so one gateway does for all services."""
    for (node, _), paths in _without_default(lab).items():
        wanted = [(path, {*found}) for path in paths if (found := _gateways(lab, path))]
        common = wanted[0][1] if wanted else set()
        for path, choice in wanted[1:]:
            if not common & choice:
                yield Finding(
                    path.loc,
                    f"service {path.service}: real server {node} would need the default gateway"
                    f" {min(choice)}, but for service {wanted[0][0].service} it is {min(common)};"
                    " balance both by the same directors, or give the node routes of its own",
                    because=_RESTS_ON,
                )
                break
            common &= choice


def client_subnet(lab: Lab) -> Iterator[Finding]:
    """Answers to a client in a real server's own segment do not take the short way."""
    for path in _paths(lab):
        leading = {*_leading_back(lab, path), *_own_addresses(lab, path)}
        routes = lab.nodes[path.node].routes
        for way in _ways(lab, path):
            if not way.near or (way.route is not None and routes[way.route].via in leading):
                continue
            client = next(name for name, node in lab.nodes.items() if way.to in own(node))
            gateway = next(iter(_gateways(lab, path)), None)
            route = f"{{to: {way.to}/{way.to.max_prefixlen}, via: {gateway or 'GATEWAY'}}}"
            yield Finding(
                path.loc,
                f"service {path.service}: {client} ({way.to}) is in a segment of real server"
                f" {path.node}, which answers it directly: with method nat the client then gets"
                f" its answer from an address that it never asked, and resets; give {path.node}"
                f" a route such as {route}, or put one of the two into another segment",
                because=_RESTS_ON,
                rule="nat-client-subnet",
            )
            break


def gateway_apart(lab: Lab) -> Iterator[Finding]:
    """The gateway is where the VIP is, which a sync group sees to."""
    holders = located(lab)
    chosen = {key: _chosen(lab, paths) for key, paths in _without_default(lab).items()}
    told = set()
    for path in _paths(lab):
        version = path.vip.version
        gateway = _default(lab, path.node, version) or chosen.get((path.node, version))
        if gateway is None or gateway not in holders or len(path.directors) == 1:
            continue
        holder, vip = holders[gateway]
        pair = (holder, path.holder)
        if holder in together(lab, path.holder) or pair in told:
            continue
        told.add(pair)
        yield Finding(
            ("vrrp", holder, *vip.loc),
            f"VRRP instance {holder}: {gateway} is the gateway of {path.node} for service"
            f" {path.service} (method nat), but is in no sync group with {path.holder}, which has"
            " the service's VIP; when one of them moves alone, answers miss the director; put"
            f" both into one: vrrp_sync_group: {{SITE: [{path.holder}, {holder}]}}",
            because=_RESTS_ON,
            rule="nat-gateway-apart",
        )


def _paths(lab: Lab) -> list[_Path]:
    """Of real servers that are all their directors' neighbours; others have been told so."""
    holders = located(lab)
    paths: dict[tuple[IPAddress, str], _Path] = {}
    for member in listed(lab):
        if member.method == "nat" and member.behind is not None and member.directors:
            for node in member.behind.nodes:
                if node in member.directors:
                    continue  # lvsnet.lab.checks.local_directors
                near = lab.nodes[node].interfaces.keys()
                if any(near.isdisjoint(lab.nodes[one].interfaces) for one in member.directors):
                    continue
                for vip in vips(member.spec):
                    if vip in holders:
                        holder, held = holders[vip]
                        path = _Path(
                            member.service,
                            vip,
                            holder,
                            held.segment,
                            member.directors,
                            node,
                            member.loc,
                        )
                        paths.setdefault((vip, node), path)
    return list(paths.values())


def _ways(lab: Lab, path: _Path) -> list[_Way]:
    """To each client; by the default route where the lab has no client."""
    routes = lab.nodes[path.node].routes
    if not (clients := _clients(lab, path)):
        version = path.vip.version
        default = [
            number
            for number, route in enumerate(routes)
            if route.to == "default" and route.via.version == version
        ]
        anywhere = IPv4Address(0) if version == 4 else IPv6Address(0)
        return [_Way(anywhere, False, default[0] if default else None)]
    return [_way(lab, path.node, address) for address in clients]


def _way(lab: Lab, node: str, address: IPAddress) -> _Way:
    """The longest prefix wins, and that of a segment over a route of its length."""
    near = [
        subnet.prefixlen
        for segment in lab.nodes[node].interfaces
        if segment in lab.segments
        and (subnet := subnet_of(lab.segments[segment], address.version)) is not None
        and address in subnet
    ]
    best, longest = None, max(near, default=-1)
    for number, route in enumerate(lab.nodes[node].routes):
        if route.via.version != address.version:
            continue
        length = 0 if route.to == "default" else route.to.prefixlen
        if (route.to == "default" or address in route.to) and length > longest:
            best, longest = number, length
    return _Way(address, bool(near), best)


def _clients(lab: Lab, path: _Path) -> list[IPAddress]:
    """The addresses that clients ask from: in the VIP's segment where they have one there."""
    addresses: list[IPAddress] = []
    for node in lab.nodes.values():
        if node.role == "client":
            near = address_in(node, path.segment, path.vip.version)
            addresses += (
                [near]
                if near is not None
                else [one for one in own(node) if one.version == path.vip.version]
            )
    return addresses


def _leading_back(lab: Lab, path: _Path) -> set[IPAddress]:
    """Addresses that are always the working director's."""
    directors = {*path.directors}
    moving = {
        vip.address.ip
        for instance in lab.vrrp.values()
        for vip in instance.vips
        if vip.address.version == path.vip.version and directors.issubset(vip.machines)
    }
    return moving | set(_own_addresses(lab, path)) if len(path.directors) == 1 else moving


def _own_addresses(lab: Lab, path: _Path) -> dict[IPAddress, str]:
    return {
        address: director
        for director in path.directors
        for address in own(lab.nodes[director])
        if address.version == path.vip.version
    }


def _gateways(lab: Lab, path: _Path) -> list[IPAddress]:
    """What the compiler may make the default gateway, the best first."""
    service = lab.services[path.service]
    return gateways(lab, service, path.holder, path.directors, path.node)


def _without_default(lab: Lab) -> dict[tuple[str, int], list[_Path]]:
    """Real server and version of IP -> its ways back, for those whose default route is left to the
    compiler."""
    found: dict[tuple[str, int], list[_Path]] = {}
    for path in _paths(lab):
        version = path.vip.version
        if _default(lab, path.node, version) is None:
            found.setdefault((path.node, version), []).append(path)
    return found


def _chosen(lab: Lab, paths: list[_Path]) -> IPAddress | None:
    choices = [choice for path in paths if (choice := _gateways(lab, path))]
    if not choices:
        return None
    common = set(choices[0]).intersection(*choices)
    return next((one for one in choices[0] if one in common), None)


def _default(lab: Lab, node: str, version: int) -> IPAddress | None:
    routes = (one for one in lab.nodes[node].routes if one.via.version == version)
    return next((route.via for route in routes if route.to == "default"), None)


def _remedy(lab: Lab, path: _Path) -> str:
    found = _gateways(lab, path)
    return f"; route it via {found[0]}" if found else ""


def _listed(directors: tuple[str, ...]) -> str:
    return " and ".join(directors)
