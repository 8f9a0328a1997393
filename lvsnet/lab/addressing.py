"""Which address of which family a machine has where: questions to the models of a lab file.

A segment has a subnet of IPv4, of IPv6 or of both, and each machine in it an address in any of
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.lab.ip_values import IPAddress, IPInterface, IPNetwork
    from lvsnet.lab.model import Node, Segment
    from lvsnet.lab.model_vrrp import VrrpInstance

FAMILIES = {4: "IPv4", 6: "IPv6"}
"""Version of IP -> its name."""


def addresses(node: Node) -> Iterator[tuple[str, IPAddress]]:
    """All that a machine has by its interfaces, each with its segment."""
    for segment, found in node.interfaces.items():
        for address in found:
            yield segment, address


def own(node: Node) -> list[IPAddress]:
    """All that a machine has by its interfaces."""
    return [address for _, address in addresses(node)]


def of_family(found: Iterable[IPAddress], version: int) -> IPAddress | None:
    """The first of IPv4, or of IPv6; None without one."""
    return next((address for address in found if address.version == version), None)


def address_in(node: Node, segment: str, version: int) -> IPAddress | None:
    """A machine's address of a family in a segment; None where it has none."""
    return of_family(node.interfaces.get(segment, ()), version)


def subnet_of(segment: Segment, version: int) -> IPNetwork | None:
    """A segment's subnet of a family; None without one."""
    return next((subnet for subnet in segment.subnet if subnet.version == version), None)


def contains(segment: Segment, address: IPAddress) -> bool:
    """Whether an address is in a segment's subnets."""
    return any(address in subnet for subnet in segment.subnet if subnet.version == address.version)


def gateway_for(address: IPAddress, version: int) -> bool:
    """Whether an address can be a gateway of a family; a link-local one would need a link, too."""
    return address.version == version and not is_of_link(address)


def is_of_link(address: IPAddress | IPInterface) -> bool:
    """Whether it is an IPv6 address that means something on one link only (RFC 4291, 2.5.6)."""
    return address.version == 6 and address.is_link_local


def version_of(instance: VrrpInstance) -> int:
    """The version of IP by which a VRRP instance advertises: its first VIP's
    (alloc_vrrp_vip() of keepalived/vrrp/vrrp_data.c)."""
    return instance.addresses[0].version
