"""Which clusters of a segment have one virtual_router_id between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.lint.addresses import IPAddress
    from lvsnet.lint.instances import Instance, Vip

    Addresses = frozenset[IPAddress]
    Found = dict[Addresses, list[Instance]]
    Network = tuple[int, int]
    """Its prefix as a number, and how long that is."""

MOST_COMPARED = 20
"""Clusters with which one instance is compared: a file may have very many in one network."""


@dataclass
class _Index:
    """The instances of one id and family that were looked at, by where they are.

    Of each cluster, which is a set of VIPs, two are kept: one of them is of another machine.
    """

    lengths: tuple[int, ...]
    """Of the prefixes of all their networks."""
    by_segment: dict[str, Found] = field(default_factory=lambda: defaultdict(dict))
    by_network: dict[tuple[bool, Network], Found] = field(default_factory=lambda: defaultdict(dict))
    """By whether their segment has a name, and the network of one of their VIPs."""
    by_address: dict[tuple[bool, Network], Found] = field(default_factory=lambda: defaultdict(dict))
    """As before, and a network of any of the lengths that one of their VIPs is in."""

    def near(self, one: Instance) -> Iterator[Found]:
        """Those that may be in its segment: by name, or by a VIP in the other's network."""
        named = bool(one.segment)
        if named:
            yield self.by_segment.get(one.segment, {})
        inner, outer = _networks(one), _in_networks(one, self.lengths)
        for known in (False,) if named else (False, True):
            for network in inner:
                yield self.by_address.get((known, network), {})
            for network in outer:
                yield self.by_network.get((known, network), {})

    def add(self, one: Instance) -> None:
        named = bool(one.segment)
        if named:
            _keep(self.by_segment[one.segment], one)
        for network in _networks(one):
            _keep(self.by_network[named, network], one)
        for network in _in_networks(one, self.lengths):
            _keep(self.by_address[named, network], one)


def _networks(one: Instance) -> set[Network]:
    return {_network(vip, _length(vip)) for vip in _vips(one)}


def _in_networks(one: Instance, lengths: Iterable[int]) -> set[Network]:
    return {_network(vip, length) for vip in _vips(one) for length in lengths}


def _vips(one: Instance) -> Iterator[Vip]:
    return (vip for vip in one.vips if vip.address.version == one.family)


def _length(vip: Vip) -> int:
    return vip.network.prefixlen


def _network(vip: Vip, length: int) -> Network:
    return int(vip.address) >> (vip.address.max_prefixlen - length), length


def _keep(found: Found, one: Instance) -> None:
    kept = found.setdefault(one.addresses, [])
    if len(kept) < 2 and all(other.machine != one.machine for other in kept):
        kept.append(one)


def clashing(instances: Iterable[Instance]) -> Iterator[tuple[Instance, Instance]]:
    """Two instances of different machines in one segment that have one virtual_router_id and no
    VIP in common; the first was looked at before the second. Once for two clusters.

    In about as many steps as there are VIPs.
    """
    of_id: dict[tuple[int, int], list[Instance]] = defaultdict(list)
    for one in instances:
        if one.router_id is not None and one.vips and not one.unicast:
            of_id[one.router_id.value, one.family].append(one)
    for members in of_id.values():
        lengths = {_length(vip) for one in members for vip in _vips(one)}
        index = _Index(tuple(sorted(lengths)))
        told: set[frozenset[Addresses]] = set()
        for one in members:
            for other in _others(index, one):
                clusters = frozenset((one.addresses, other.addresses))
                if clusters not in told:
                    told.add(clusters)
                    yield other, one
            index.add(one)


def _others(index: _Index, one: Instance) -> Iterator[Instance]:
    seen: set[Addresses] = {one.addresses}
    for found in index.near(one):
        for addresses, kept in found.items():
            if len(seen) > MOST_COMPARED:
                return
            if addresses in seen:
                continue
            seen.add(addresses)
            other = next((member for member in kept if member.machine != one.machine), None)
            if other is not None and addresses.isdisjoint(one.addresses):
                yield other
