"""Checks of segments and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint


def subnets_apart(lab: Lab) -> Iterator[Finding]:
    """No two segments overlap: a router between them could not tell them apart."""
    order = {name: number for number, name in enumerate(lab.segments)}
    widest: str | None = None
    for name in sorted(lab.segments, key=lambda key: lab.segments[key].subnet):
        subnet = lab.segments[name].subnet
        if widest is not None and subnet.overlaps(lab.segments[widest].subnet):
            first, second = sorted((name, widest), key=order.__getitem__)
            yield Finding(
                ("segments", second, "subnet"),
                f"segment {second}: {lab.segments[second].subnet} overlaps"
                f" {lab.segments[first].subnet} of segment {first}",
            )
        if (
            widest is None
            or subnet.broadcast_address > lab.segments[widest].subnet.broadcast_address
        ):
            widest = name


def interfaces_in_segments(lab: Lab) -> Iterator[Finding]:
    """An interface is in a segment that exists, and its address in that segment's subnet."""
    for name, node in lab.nodes.items():
        for segment, address in node.interfaces.items():
            loc: Loc = ("nodes", name, "interfaces", segment)
            if not lab.segments:
                continue
            if segment not in lab.segments:
                yield Finding(
                    loc,
                    f"node {name}: unknown segment '{segment}'{hint(segment, lab.segments)}",
                    "key",
                    (("segments", segment),),
                )
                continue
            reason = unusable(address, lab.segments[segment].subnet)
            if reason is not None:
                yield Finding(loc, f"node {name}: {address} {reason} segment {segment}")


def settled(lab: Lab, node: str) -> bool:
    """Whether all segments that the node is in exist; before, nothing else is said of them."""
    return lab.nodes[node].interfaces.keys() <= lab.segments.keys()


def unusable(address: IPv4Address, subnet: IPv4Network) -> str | None:
    """Say why no host in a segment with this ``subnet`` can have the address; None if one can.

    In a /31 both addresses are hosts' (RFC 3021).
    """
    if address not in subnet:
        return f"is not in {subnet}, the subnet of"
    if subnet.prefixlen < 31 and address == subnet.network_address:
        return f"is the network address of {subnet}, the subnet of"
    if subnet.prefixlen < 31 and address == subnet.broadcast_address:
        return f"is the broadcast address of {subnet}, the subnet of"
    return None


def addresses_once(lab: Lab) -> Iterator[Finding]:
    """Each address belongs to one interface, or to one VRRP instance."""
    owners: dict[IPv4Address, str] = {}
    for address, loc, owner in _addresses(lab):
        if address in owners:
            yield Finding(loc, f"{owner}: {address} is already an address of {owners[address]}")
        owners.setdefault(address, owner)


def _addresses(lab: Lab) -> Iterator[tuple[IPv4Address, Loc, str]]:
    for name, node in lab.nodes.items():
        for segment, address in node.interfaces.items():
            yield address, ("nodes", name, "interfaces", segment), f"node {name}"
    for name, instance in lab.vrrp.items():
        for number, vip in enumerate(instance.addresses):
            yield vip.ip, ("vrrp", name, "addresses", number), f"VRRP instance {name}"
