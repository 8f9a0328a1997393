"""What a picture of a lab shows, before anything has a place: boxes, bars, links and paths."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_interface

from lvsnet.endpoint import parted
from lvsnet.faults.model import Fault, Frozen, Killed, LinkDown, PowerOff, nodes_of
from lvsnet.observe.graph.configured import completed
from lvsnet.observe.graph.paths import Path, path
from lvsnet.observe.graph.ways import network
from lvsnet.observe.model import Node as SeenNode
from lvsnet.observe.model import Site
from lvsnet.plan.model import OFF_WIRE, Node, Plan, Service


class Kind(StrEnum):
    """What a line in a box says."""

    ADDRESS = "address"
    QUIET = "quiet"
    """An address for which nobody asks on the wire."""
    HELD = "held"
    """A VIP that the node has."""
    BACKUP = "backup"
    """A VIP that it would take over."""
    DAEMON = "daemon"
    DEAD = "dead"
    FAULT = "fault"
    OUT = "out"
    """A service whose directors send it nobody."""


@dataclass(frozen=True)
class Line:
    kind: Kind
    text: str
    aside: str = ""
    """At the right end of the line."""


@dataclass(frozen=True)
class Box:
    """A node."""

    name: str
    role: str
    lines: tuple[Line, ...]
    details: tuple[str, ...]
    """For whoever wants to know more."""
    off: bool = False
    links: int = 0


@dataclass(frozen=True)
class Bar:
    """A segment."""

    name: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    node: str
    segment: str
    interface: str
    cut: bool = False


@dataclass(frozen=True)
class Scene:
    lab: str
    live: bool
    """Whether it shows a running lab."""
    boxes: tuple[Box, ...]
    bars: tuple[Bar, ...]
    links: tuple[Link, ...]
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    """What is wrong, but no single node's."""


def scene(plan: Plan, site: Site | None = None, faults: Sequence[Fault] = ()) -> Scene:
    """The scene of a plan as it is while all is well, or with ``site`` as it is now."""
    plan = completed(plan)
    seen = {node.name: node for node in site.nodes} if site else {}
    cut = {(one.node, one.interface) for one in faults if isinstance(one, LinkDown)}
    holders = _holders(plan, site)
    first = {address: nodes[0] if nodes else "" for address, nodes in holders.items()}
    own = dict(_own(plan, site, holders, cut))
    net = network(plan, own, first)
    out = {one.name: _out(one, first, seen) for one in plan.services}
    without = _out_of(plan, out)
    return Scene(
        plan.lab,
        site is not None,
        tuple(
            _box(plan, node, seen.get(node.name), holders, faults, without[node.name])
            for node in plan.nodes
        ),
        tuple(Bar(one.name, _prefixes(plan, one.name, own)) for one in plan.segments),
        tuple(
            Link(node.name, one.segment, one.name, (node.name, one.name) in cut)
            for node in plan.nodes
            for one in node.interfaces
        ),
        tuple(path(plan, one, net, out[one.name]) for one in plan.services),
        (
            *_twice(holders),
            *(str(one) for one in faults if len(nodes_of(one)) > 1),
        ),
    )


def _holders(plan: Plan, site: Site | None) -> Mapping[str, Sequence[str]]:
    """Address that VRRP moves -> those who have it, or who would have it with all up."""
    if site is None:
        return {
            address: [name for name, _ in instance.priorities[:1]]
            for instance in plan.vrrp
            for address in instance.addresses
        }
    addresses = [address for instance in plan.vrrp for address in instance.addresses]
    return {address: site.holders(address) for address in dict.fromkeys((*addresses, *site.vips))}


def _twice(holders: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Which addresses several nodes have at once, in a line for those of the same nodes."""
    found: dict[tuple[str, ...], list[str]] = {}
    for address, nodes in holders.items():
        if len(nodes) > 1:
            found.setdefault(tuple(nodes), []).append(address)
    for on, addresses in found.items():
        yield f"{', '.join(addresses)} {'are' if addresses[1:] else 'is'} on {' and '.join(on)}"


def _own(
    plan: Plan,
    site: Site | None,
    moving: Collection[str],
    cut: Collection[tuple[str, str]],
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each node with the interfaces and addresses by which it is reached, but those that move."""
    if site is None:
        for node in plan.nodes:
            yield (
                node.name,
                [(one.name, address) for one in node.interfaces for address in one.addresses],
            )
        return
    for seen in site.nodes:
        yield (
            seen.name,
            [
                (one.interface, one.address)
                for one in seen.addresses
                if (seen.name, one.interface) not in cut
                and one.address.partition("/")[0] not in moving
            ],
        )


def _out(
    service: Service, holders: Mapping[str, str], seen: Mapping[str, SeenNode]
) -> tuple[str, ...]:
    """Endpoints of a service to which its director sends nobody now."""
    director = seen.get(holders.get(service.vips[0], "")) if service.vips else None
    if director is None:
        return ()
    asked = {one.partition(" ")[2] for one in service.asked}
    chosen = {
        parted(real.address)[0]
        for table in director.services
        if table.address in asked
        for real in table.real_servers
        if real.weight > 0
    }
    return tuple(
        one.endpoint
        for one in service.real_servers
        if not one.sorry and one.weight > 0 and parted(one.endpoint)[0] not in chosen
    )


def _out_of(plan: Plan, out: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Node -> the services that do without it now."""
    found: dict[str, list[str]] = {node.name: [] for node in plan.nodes}
    for service in plan.services:
        for one in service.real_servers:
            if one.endpoint in out[service.name] and len(one.nodes) == 1:
                found[one.nodes[0]].append(service.name)
    return found


def _box(
    plan: Plan,
    node: Node,
    seen: SeenNode | None,
    holders: Mapping[str, Sequence[str]],
    faults: Sequence[Fault],
    without: Sequence[str],
) -> Box:
    off = seen is not None and not seen.running
    lines = (
        *_addresses(plan, node, seen, off=off),
        *_vips(plan, node, holders, off=off),
        *_daemons(node, seen, off=off),
        *_broken(node, faults),
        *(Line(Kind.OUT, f"out of {name}") for name in without),
    )
    return Box(node.name, node.role, lines, tuple(_details(node)), off, len(node.interfaces))


def _addresses(plan: Plan, node: Node, seen: SeenNode | None, *, off: bool) -> Iterator[Line]:
    moving = {address for instance in plan.vrrp for address in instance.addresses}
    wired = [(one.name, address) for one in node.interfaces for address in one.addresses]
    others = [(one.interface, one.address) for one in node.addresses]
    found = [*wired, *others]
    if seen is not None and not off:
        found = [(one.interface, one.address) for one in seen.addresses]
        # A VIP on the wire has a line of its own.
        found = [
            one for one in found if one[0] in OFF_WIRE or one[1].partition("/")[0] not in moving
        ]
        found.sort(key=lambda one: one[0] in OFF_WIRE)
    before = ""
    wide = max((len(interface) for interface, _ in found), default=0)
    for interface, address in found:
        shown = "" if interface == before else interface
        before = interface
        quiet = interface in OFF_WIRE or interface not in {one.name for one in node.interfaces}
        yield Line(Kind.QUIET if quiet else Kind.ADDRESS, f"{shown:<{wide}} {address}")
    for interface in {one.name: None for one in node.interfaces if not one.addresses}:
        if not any(name == interface for name, _ in found):
            yield Line(Kind.QUIET, interface)


def _vips(
    plan: Plan, node: Node, holders: Mapping[str, Sequence[str]], *, off: bool
) -> Iterator[Line]:
    for instance in plan.vrrp:
        priority = dict(instance.priorities).get(node.name)
        if priority is None:
            continue
        for address in instance.addresses:
            held = node.name in holders.get(address, ()) and not off
            yield Line(Kind.HELD if held else Kind.BACKUP, f"VIP  {address}", str(priority))


def _daemons(node: Node, seen: SeenNode | None, *, off: bool) -> Iterator[Line]:
    alive = dict(seen.daemons) if seen is not None and not off else {}
    running = [one.name for one in node.daemons if alive.get(one.name, True)]
    dead = [one.name for one in node.daemons if not alive.get(one.name, True)]
    if running:
        yield Line(Kind.DAEMON, " · ".join(running))
    elif node.image and not node.daemons:
        yield Line(Kind.DAEMON, node.image)
    if dead:
        yield Line(Kind.DEAD, f"{' · '.join(dead)}: dead")


def _broken(node: Node, faults: Sequence[Fault]) -> Iterator[Line]:
    """A node's own faults, but those that its other lines tell."""
    daemons = {one.name for one in node.daemons}
    for one in faults:
        if nodes_of(one) != (node.name,):
            continue
        match one:
            case PowerOff():
                continue
            case Killed(process=process) if process in daemons:
                continue
            case Frozen():
                words = "frozen"
            case LinkDown(interface=interface):
                words = f"{interface}: link down"
            case _:
                words = str(one).replace(f"{node.name}:", "", 1).replace(f" {node.name}", "", 1)
        yield Line(Kind.FAULT, words)


def _details(node: Node) -> Iterator[str]:
    for one in node.interfaces:
        yield f"{one.name} on {one.segment}, {one.mac}, mtu {one.mtu}"
    for route in node.routes:
        yield str(route).replace("route to", "route")
    for name, value in node.sysctls:
        yield f"{name} = {value}"
    for file in node.files:
        yield file.path


def _prefixes(
    plan: Plan, segment: str, own: Mapping[str, Sequence[tuple[str, str]]]
) -> tuple[str, ...]:
    """The networks of a segment: those of its nodes' addresses, but for single addresses."""
    wired = {
        (node.name, one.name)
        for node in plan.nodes
        for one in node.interfaces
        if one.segment == segment
    }
    found = [
        ip_interface(address).network
        for node in plan.nodes
        for interface, address in own.get(node.name, ())
        if (node.name, interface) in wired
    ]
    return tuple(dict.fromkeys(str(one) for one in found if one.prefixlen < one.max_prefixlen))
