"""Checks of segments and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.lab.addressing import FAMILIES, subnet_of
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.ip_values import IPAddress, IPNetwork
from lvsnet.lab.model import Lab, Segment
from lvsnet.lab.suggest import hint

LEAST_MTU6 = 1280
"""Bytes; on a link with less there is no IPv6 (RFC 8200, 5)."""


def subnets_apart(lab: Lab) -> Iterator[Finding]:
    """No two segments overlap: a router between them could not tell them apart."""
    for version in FAMILIES:
        yield from _apart(
            {
                (name, number): subnet
                for name, segment in lab.segments.items()
                for number, subnet in enumerate(segment.subnet)
                if subnet.version == version
            }
        )


def _apart(subnets: dict[tuple[str, int], IPNetwork]) -> Iterator[Finding]:
    """Of one family."""
    order = {key: number for number, key in enumerate(subnets)}
    widest: tuple[str, int] | None = None
    for key in sorted(subnets, key=lambda key: _ends(subnets[key])):
        if widest is not None and _ends(subnets[key])[0] <= _ends(subnets[widest])[1]:
            first, second = sorted((key, widest), key=order.__getitem__)
            if first[0] != second[0]:
                yield Finding(
                    ("segments", second[0], "subnet", second[1]),
                    f"segment {second[0]}: {subnets[second]} overlaps"
                    f" {subnets[first]} of segment {first[0]}",
                )
        if widest is None or _ends(subnets[key])[1] > _ends(subnets[widest])[1]:
            widest = key


def _ends(subnet: IPNetwork) -> tuple[int, int]:
    return int(subnet.network_address), int(subnet.broadcast_address)


def one_of_a_family(lab: Lab) -> Iterator[Finding]:
    """A segment has a subnet, and an interface an address, of each family once at most."""
    for name, segment in lab.segments.items():
        for number, version in _further([one.version for one in segment.subnet]):
            yield Finding(
                ("segments", name, "subnet", number),
                f"segment {name}: {segment.subnet[number]} is its second {FAMILIES[version]}"
                " subnet; a segment has one of IPv4 and one of IPv6 at most",
            )
    for name, node in lab.nodes.items():
        for key, found in node.interfaces.items():
            for number, version in _further([one.version for one in found]):
                yield Finding(
                    ("nodes", name, "interfaces", key, number),
                    f"node {name}: {found[number]} is its second {FAMILIES[version]} address in"
                    f" segment {key}; an interface has one of IPv4 and one of IPv6 at most, and"
                    " `exec` can give it others",
                )


def _further(versions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Place and value of each that has been there before."""
    for number, version in enumerate(versions):
        if version in versions[:number]:
            yield number, version


def mtu_of_ipv6(lab: Lab) -> Iterator[Finding]:
    """The kernel takes IPv6 off an interface whose MTU is too small (addrconf_notify())."""
    for name, segment in lab.segments.items():
        if segment.mtu < LEAST_MTU6 and subnet_of(segment, 6) is not None:
            yield Finding(
                ("segments", name, "mtu"),
                f"segment {name}: {segment.mtu} bytes are too few for IPv6, which needs"
                f" {LEAST_MTU6} (RFC 8200, 5)",
                because=(("segments", name, "subnet"),),
            )


def interfaces_in_segments(lab: Lab) -> Iterator[Finding]:
    """An interface is in a segment that exists, and its addresses in that segment's subnets."""
    for name, node in lab.nodes.items():
        for segment, found in node.interfaces.items():
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
            for number, address in enumerate(found):
                reason = unusable(address, lab.segments[segment])
                if reason is not None:
                    yield Finding(
                        (*loc, number), f"node {name}: {address} {reason} segment {segment}"
                    )


def settled(lab: Lab, node: str) -> bool:
    """Whether all segments that the node is in exist; before, nothing else is said of them."""
    return lab.nodes[node].interfaces.keys() <= lab.segments.keys()


def unusable(address: IPAddress, segment: Segment) -> str | None:
    """Say why no host in a segment can have the address; None if one can.

    In a /31 and a /127 both addresses are hosts' (RFC 3021, RFC 6164); else the first one of an
    IPv6 subnet is that of its routers (RFC 4291, 2.6.1).
    """
    subnet = subnet_of(segment, address.version)
    if subnet is None:
        return f"is an {FAMILIES[address.version]} address, and there is no such subnet in"
    if address not in subnet:
        return f"is not in {subnet}, the subnet of"
    if subnet.max_prefixlen - subnet.prefixlen < 2:
        return None
    if address == subnet.network_address:
        what = "network" if address.version == 4 else "subnet-router anycast"
        return f"is the {what} address of {subnet}, the subnet of"
    if address.version == 4 and address == subnet.broadcast_address:
        return f"is the broadcast address of {subnet}, the subnet of"
    return None


def addresses_once(lab: Lab) -> Iterator[Finding]:
    """Each address belongs to one interface, or to one VRRP instance."""
    owners: dict[IPAddress, str] = {}
    for address, loc, owner in _addresses(lab):
        if address in owners:
            yield Finding(loc, f"{owner}: {address} is already an address of {owners[address]}")
        owners.setdefault(address, owner)


def _addresses(lab: Lab) -> Iterator[tuple[IPAddress, Loc, str]]:
    for name, node in lab.nodes.items():
        for segment, found in node.interfaces.items():
            for number, address in enumerate(found):
                yield address, ("nodes", name, "interfaces", segment, number), f"node {name}"
    for name, instance in lab.vrrp.items():
        for vip in instance.vips:
            yield vip.address.ip, ("vrrp", name, *vip.loc), f"VRRP instance {name}"
