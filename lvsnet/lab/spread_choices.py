"""What a spread leaves open, chosen by what the rest of the lab file has: segment, addresses, ids.

The lab file is read as a document here, of which other parts may be wrong; so what cannot be read
is passed over, and the models tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import get_args

from lvsnet.errors import LvsnetError
from lvsnet.lab import ip_values, values
from lvsnet.lab.document import Entry, Item, Leaf, Listing, Loc, Node, Table, child
from lvsnet.lab.finding import Finding
from lvsnet.lab.ip_values import IPAddress
from lvsnet.lab.model import Role
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.scalars import Integer
from lvsnet.lab.suggest import hint

PLACE: Loc = ("vrrp", values.SPREAD)
HIGHEST_ID = 255
"""Of virtual_router_id, one byte (RFC 3768, 5.3.3)."""
_ADDRESSES: tuple[tuple[str | None, ...], ...] = (
    ("nodes", None, "interfaces", None),
    ("nodes", None, "interfaces", None, None),
    ("nodes", None, "routes", None, "via"),
    ("vrrp", None, "addresses", None),
    ("services", None, "address"),
    ("services", None, "real_servers", None),
    ("services", None, "real_servers", None, "address"),
)
"""Where a lab file has addresses of its own; None is any key or item."""


class RefusedError(LvsnetError):
    """Why a spread has no plan, at places of the document.

    ``findings`` may be empty: what the plan needs has an error of its own, of which the models or
    the checks tell.
    """

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(one.message for one in findings))
        self.findings = findings


def judge_directors(root: Table, spread: Spread) -> None:
    """Raises RefusedError: not all of ``over`` are directors, or none of them would be left."""
    nodes = child(root, "nodes")
    if not isinstance(nodes, Table):
        raise RefusedError
    findings = [
        Finding((*PLACE, "over", number), f"vrrp.spread: {reason}")
        for number, name in enumerate(spread.over)
        if (reason := _no_director(nodes, name, spread.over[:number]))
    ]
    most = len(spread.over) - 1
    if spread.losses > most:
        message = (
            f"vrrp.spread: losses: {spread.losses} of {most + 1} directors; one has to be left, so"
            f" it is {most} at most"
        )
        findings.append(Finding((*PLACE, "losses"), message))
    if findings:
        raise RefusedError(*findings)


def _no_director(nodes: Table, name: str, before: list[str]) -> str:
    """Why a VIP cannot be on it; empty when nothing is known against it."""
    if name in before:
        return f"{name} is there already"
    if name not in nodes.entries:
        known = [one for one in nodes.entries if _role(nodes, one) == "director"]
        return f"unknown node '{name}'{hint(name, known)}"
    role = _role(nodes, name)
    if role in get_args(Role) and role != "director":
        return f"node {name} is no director; its role is {role}"
    return ""


def _role(nodes: Table, name: str) -> object:
    role = child(nodes.entries[name].node, "role")
    return role.value if isinstance(role, Leaf) else None


def segment_of(root: Table, spread: Spread) -> str:
    """The segment of a spread whose directors are some.

    Raises:
        RefusedError: it does not exist or not all directors are in it; or none is given, and they
            do not share exactly one.
    """
    ways = [child(child(child(root, "nodes"), name), "interfaces") for name in spread.over]
    segments = child(root, "segments")
    tables = [one for one in ways if isinstance(one, Table)]
    if len(tables) < len(ways) or not isinstance(segments, Table):
        raise RefusedError
    if spread.segment is not None:
        _judge_segment(spread.segment, segments, tables, spread)
        return spread.segment
    first, *others = tables
    shared = [one for one in first.entries if all(one in other.entries for other in others)]
    if not shared:
        message = f"vrrp.spread: {_listed(spread.over)} are in no common segment"
        raise RefusedError(Finding((*PLACE, "over"), message))
    if len(shared) > 1:
        message = (
            f"vrrp.spread: {_listed(spread.over)} share the segments {_listed(shared)}; say with"
            " 'segment' which of them the VIPs are in"
        )
        raise RefusedError(Finding(PLACE, message, "key"))
    return shared[0]


def _judge_segment(segment: str, segments: Table, ways: list[Table], spread: Spread) -> None:
    if segment not in segments.entries:
        message = f"vrrp.spread: unknown segment '{segment}'{hint(segment, segments.entries)}"
        raise RefusedError(Finding((*PLACE, "segment"), message))
    findings = [
        Finding(
            (*PLACE, "over", number),
            f"vrrp.spread: director {name} has no interface in segment {segment}",
        )
        for number, (name, way) in enumerate(zip(spread.over, ways, strict=True))
        if segment not in way.entries
    ]
    if findings:
        raise RefusedError(*findings)


def addresses_of(root: Table, spread: Spread, segment: str) -> tuple[Item, ...]:
    """The VIPs as they are written, at their places; or the free ones that are taken.

    These are the highest addresses of the segment's subnet that no node, VIP, gateway of a route,
    service or real server has, in ascending order.

    Raises:
        RefusedError: too few addresses are free, or one is there twice.
    """
    at = keys_of(root)["addresses"]
    if isinstance(at.node, Listing):
        _judge_once(at.node)
        return tuple(at.node.items)
    wanted, subnet = spread.addresses, _subnet(root, segment)
    if not isinstance(wanted, int):
        raise LookupError("the document is not the one that the spread was read from")
    free = _free(subnet, set(_used(root)), wanted)
    if len(free) < wanted:
        are = {0: "none is", 1: "only 1 is"}.get(len(free), f"only {len(free)} are")
        message = (
            f"vrrp.spread: addresses: {wanted} VIPs, but of the addresses of {subnet}, the subnet"
            f" of segment {segment}, {are} free"
        )
        raise RefusedError(Finding((*PLACE, "addresses"), message))
    return tuple(Item(at.value, Leaf(str(one))) for one in sorted(free))


def keys_of(root: Table) -> dict[str, Entry]:
    """What is written at ``vrrp.spread``."""
    spread = child(child(root, "vrrp"), values.SPREAD)
    if not isinstance(spread, Table):
        raise LookupError("the document has no mapping at vrrp.spread")
    return spread.entries


def _judge_once(addresses: Listing) -> None:
    """Each address is a VIP once; whether it can be one, the checks tell."""
    seen: set[IPAddress] = set()
    findings = []
    for number, item in enumerate(addresses.items):
        address = _address(item.node)
        if address in seen:
            message = f"vrrp.spread: {address} is there already"
            findings.append(Finding((*PLACE, "addresses", number), message))
        seen |= {address} if address else set()
    if findings:
        raise RefusedError(*findings)


def _subnet(root: Table, segment: str) -> IPv4Network:
    """The IPv4 subnet; of IPv6 there are too many addresses for a choice to be of use."""
    written = child(child(root, "segments"), segment)
    value = child(written, "subnet") if isinstance(written, Table) else written
    leaves = [item.node for item in value.items] if isinstance(value, Listing) else [value]
    try:
        found = [
            ip_values.subnet(leaf.value if isinstance(leaf, Leaf) else None) for leaf in leaves
        ]
    except ValueError:
        raise RefusedError from None
    for subnet in found:
        if isinstance(subnet, IPv4Network):
            return subnet
    message = (
        f"vrrp.spread: addresses: a number of VIPs is taken from an IPv4 subnet, and segment"
        f" {segment} has none; write the IPv6 addresses as a list"
    )
    raise RefusedError(Finding((*PLACE, "addresses"), message))


def _free(subnet: IPv4Network, used: set[IPAddress], wanted: int) -> list[IPv4Address]:
    """At most ``wanted`` of a subnet's addresses, from the highest one down.

    In a /31 both are hosts' (RFC 3021).
    """
    ends = 0 if subnet.prefixlen == 31 else 1
    first, last = int(subnet.network_address) + ends, int(subnet.broadcast_address) - ends
    down = (IPv4Address(one) for one in range(last, first - 1, -1))
    return list(islice((one for one in down if one not in used), wanted))


def _used(root: Table) -> Iterator[IPAddress]:
    for path in _ADDRESSES:
        for node in _at(root, path):
            address = _address(node)
            if address is not None:
                yield address


def _at(node: Node | None, path: tuple[str | None, ...]) -> Iterator[Node]:
    if node is None or not path:
        yield from () if node is None else (node,)
    elif path[0] is not None:
        yield from _at(child(node, path[0]), path[1:])
    elif isinstance(node, Table):
        for entry in node.entries.values():
            yield from _at(entry.node, path[1:])
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _at(item.node, path[1:])


def _address(node: Node) -> IPAddress | None:
    """The address that is written, with a prefix length or without; None when none is."""
    try:
        return ip_values.vip(node.value).ip if isinstance(node, Leaf) else None
    except ValueError:
        return None


def ids_of(root: Table, spread: Spread, segment: str, vips: int) -> tuple[int, ...]:
    """A virtual_router_id for each VIP.

    The first is the one that is written even if another instance has it, of which the checks tell.

    Raises:
        RefusedError: too few are free in the segment.
    """
    written = "virtual_router_id" in spread.model_fields_set
    first = spread.virtual_router_id
    used = set(_ids(root, segment)) - ({first} if written else set())
    free = [one for one in range(first, HIGHEST_ID + 1) if one not in used][:vips]
    if len(free) < vips:
        message = (
            f"vrrp.spread: {vips} VIPs, but from virtual_router_id {first} on only {len(free)} are"
            f" free in segment {segment}; the highest is {HIGHEST_ID}; begin with a lower"
            " 'virtual_router_id', or spread fewer"
        )
        at = (*PLACE, "virtual_router_id" if written else "addresses")
        raise RefusedError(Finding(at, message))
    return tuple(free)


def _ids(root: Table, segment: str) -> Iterator[int]:
    for instance in _at(root, ("vrrp", None)):
        its, number = child(instance, "segment"), child(instance, "virtual_router_id")
        if its == Leaf(segment) and isinstance(number, Leaf) and isinstance(number.value, Integer):
            yield int(number.value)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
