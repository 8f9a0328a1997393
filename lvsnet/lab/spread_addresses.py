"""Which addresses the VIPs of a spread have: those that are written, or free ones.

The lab file is read as a document here, as by ``lvsnet.lab.spread_choices``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import chain, islice

from lvsnet.lab import ip_values
from lvsnet.lab.addressing import FAMILIES, is_of_link
from lvsnet.lab.document import Item, Leaf, Listing, Node, Table, child, plain
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import EXCLUDED
from lvsnet.lab.ip_values import IPAddress, IPNetwork
from lvsnet.lab.model_vrrp import IpFamily, Spread
from lvsnet.lab.spread_choices import PLACE, RefusedError, at, entries_of

_VERSIONS: dict[IpFamily, int] = {"inet": 4, "inet6": 6}
_FIRST6 = 0x101
"""Of a subnet's addresses: fd00:10::101, as people number them; the highest ones are long."""
_LINK = int(IPv6Address("fe80::"))
_INTERFACE = 2**64 - 1
"""The bits of an IPv6 address that say whose it is on the link (RFC 4291, 2.5.4)."""
_ADDRESSES: tuple[tuple[str | None, ...], ...] = (
    ("nodes", None, "interfaces", None),
    ("nodes", None, "interfaces", None, None),
    ("nodes", None, "routes", None, "via"),
    ("vrrp", None, "addresses", None),
    ("vrrp", None, "addresses", None, None),
    ("vrrp", None, EXCLUDED),
    ("vrrp", None, EXCLUDED, None),
    ("vrrp", None, EXCLUDED, None, None),
    ("services", None, "address"),
    ("services", None, "real_servers", None),
    ("services", None, "real_servers", None, "address"),
)
"""Where a lab file has addresses of its own; None is any key or item."""


@dataclass(frozen=True)
class SpreadVip:
    """What is on one director at a time, of one family or of both."""

    families: dict[int, tuple[Item, ...]]
    """Version of IP -> the addresses at their places, as an instance has them: of IPv6 the
    link-local one first (RFC 5798, 5.2.9). IPv4 comes first."""

    def service(self, version: int) -> str:
        """The address of a family that a service has."""
        return str(_read(self.families[version][-1].node))


def vips_of(root: Table, spread: Spread, segment: str) -> tuple[SpreadVip, ...]:
    """The VIPs as they are written, at their places; or free addresses that are taken.

    Raises:
        RefusedError: too few addresses are free, or one is there twice; or a VIP has two of a kind.
    """
    used = set(_used(root))
    written = entries_of(root)["addresses"]
    if isinstance(written.node, Listing):
        found = _listed(written.node, spread)
    else:
        taken = [
            [Item(written.value, Leaf(str(one))) for one in _taken(root, spread, segment, each)]
            for each in _versions(root, spread, segment)
        ]
        found = list(zip(*taken, strict=True))
    return tuple(_vip(items, used) for items in found)


def _listed(addresses: Listing, spread: Spread) -> list[tuple[Item, ...]]:
    """The addresses of each VIP; whether they can be VIPs, the checks tell."""
    findings = []
    if spread.ip_family:
        message = (
            "vrrp.spread: ip_family is of a number of VIPs; the list has addresses, which say of"
            " which family they are; take ip_family out"
        )
        findings.append(Finding((*PLACE, "ip_family"), message, "key"))
    seen: set[IPAddress] = set()
    found = []
    for number, item in enumerate(addresses.items):
        several = item.node.items if isinstance(item.node, Listing) else None
        kinds: set[tuple[int, bool]] = set()
        for inner, one in enumerate([item] if several is None else several):
            address = _read(one.node)
            kind = address.version, is_of_link(address)
            where = (*PLACE, "addresses", number, *(() if several is None else (inner,)))
            if address in seen:
                findings.append(Finding(where, f"vrrp.spread: {address} is there already"))
            elif kind in kinds:
                what = f"{'link-local ' if kind[1] else ''}{FAMILIES[kind[0]]} address"
                message = (
                    f"vrrp.spread: {address} is the VIP's second {what}, and it has one at most;"
                    " write it as a VIP of its own, outside of the inner list"
                )
                findings.append(Finding(where, message))
            seen.add(address)
            kinds.add(kind)
        found.append(tuple([item] if several is None else several))
    if findings:
        raise RefusedError(*findings)
    return found


def _vip(items: tuple[Item, ...], used: set[IPAddress]) -> SpreadVip:
    """A VIP with these addresses. Its link-local one is added to those that are ``used``.

    Without one keepalived would say that the first address is to be link-local.
    """
    families: dict[int, tuple[Item, ...]] = {}
    for version in FAMILIES:
        here = [one for one in items if _read(one.node).version == version]
        here.sort(key=lambda one: not is_of_link(_read(one.node)))
        if version == 6 and here and not is_of_link(address := _read(here[0].node)):
            link = _of_link(address, used)
            used.add(link)
            here.insert(0, Item(here[0].value, Leaf(str(link))))
        if here:
            families[version] = tuple(here)
    return SpreadVip(families)


def _of_link(address: IPAddress, used: set[IPAddress]) -> IPAddress:
    """The link-local address that ends as ``address`` does, or the next one that is free."""
    last = int(address) & _INTERFACE or 1
    while (found := IPv6Address(_LINK + last)) in used:
        last = last + 1 & _INTERFACE
    return found


def _versions(root: Table, spread: Spread, segment: str) -> list[int]:
    """The families of a number of VIPs."""
    there = {one.version for one in _subnets(root, segment)}
    if not spread.ip_family:
        return [min(there)]
    for number, family in enumerate(spread.ip_family):
        wrong = None
        if family in spread.ip_family[:number]:
            wrong = f"{family} is there already"
        elif _VERSIONS[family] not in there:
            wrong = f"ip_family: segment {segment} has no {FAMILIES[_VERSIONS[family]]} subnet"
        if wrong is not None:
            listed = isinstance(entries_of(root)["ip_family"].node, Listing)
            place = (*PLACE, "ip_family", *((number,) if listed else ()))
            raise RefusedError(Finding(place, f"vrrp.spread: {wrong}"))
    return [_VERSIONS[one] for one in spread.ip_family]


def _taken(root: Table, spread: Spread, segment: str, version: int) -> list[IPAddress]:
    """As many free addresses of a family as there are to be VIPs, in ascending order."""
    wanted = spread.addresses
    if not isinstance(wanted, int):
        raise LookupError("the document is not the one that the spread was read from")
    subnet = next(one for one in _subnets(root, segment) if one.version == version)
    used = set(_used(root))
    free = list(islice((one for one in _candidates(subnet) if one not in used), wanted))
    if len(free) < wanted:
        are = {0: "none is", 1: "only 1 is"}.get(len(free), f"only {len(free)} are")
        message = (
            f"vrrp.spread: addresses: {wanted} VIPs, but of the addresses of {subnet}, the subnet"
            f" of segment {segment}, {are} free"
        )
        raise RefusedError(Finding((*PLACE, "addresses"), message))
    return sorted(free, key=int)


def _subnets(root: Table, segment: str) -> list[IPNetwork]:
    written = child(child(root, "segments"), segment)
    value = child(written, "subnet") if isinstance(written, Table) else written
    leaves = [item.node for item in value.items] if isinstance(value, Listing) else [value]
    try:
        found = [ip_values.subnet(one.value if isinstance(one, Leaf) else None) for one in leaves]
    except ValueError:
        raise RefusedError from None
    if not found:
        raise RefusedError
    return found


def _candidates(subnet: IPNetwork) -> Iterator[IPAddress]:
    """A subnet's addresses for hosts, those first that are to be VIPs.

    In a /31 and a /127 both are hosts' (RFC 3021, RFC 6164).
    """
    both = subnet.max_prefixlen - subnet.prefixlen == 1
    start = int(subnet.network_address)
    first = start + (0 if both else 1)
    last = int(subnet.broadcast_address) - (1 if subnet.version == 4 and not both else 0)
    # Of IPv6 those from ::101 on, and behind these the ones before them.
    top = last if subnet.version == 4 else min(last, start + _FIRST6 - 1)
    numbers = chain(range(top + 1, last + 1), range(top, first - 1, -1))
    return (IPv4Address(one) if subnet.version == 4 else IPv6Address(one) for one in numbers)


def _used(root: Table) -> Iterator[IPAddress]:
    for path in _ADDRESSES:
        for node in at(root, path):
            yield from _addresses(node)


def _addresses(node: Node) -> Iterator[IPAddress]:
    """The address that is written, with a prefix length, options or without; or options' key."""
    words = node.entries if isinstance(node, Table) else ()
    for word in [node.value] if isinstance(node, Leaf) else words:
        alone = word.partition(" ")[0] if isinstance(word, str) else word
        try:
            yield ip_values.vip(alone).ip
        except ValueError:
            continue


def _read(node: Node) -> IPAddress:
    return ip_values.vip(plain(node)).ip
