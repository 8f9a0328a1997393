"""What rtnetlink tells of links and addresses, and what it means for a node (rtnetlink(7)).

No I/O here: messages in, what the node has in between, changes out. Messages tell states, not
changes: the same one may come twice, and after some were lost a dump makes up for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_interface
from socket import AF_INET

from lvsnet.engine.links import (
    ADDRESS,
    DELADDR,
    DELLINK,
    LINK,
    LOCAL,
    NAME,
    NEWADDR,
    NEWLINK,
    PREFIX,
    UP,
)
from lvsnet.engine.netlink import HEADER, attributes, word
from lvsnet.plan.model import Node

LOWER_UP = 0x10000
"""IFF_LOWER_UP (include/uapi/linux/if.h): the carrier."""
LOOPBACK = 1
"""Index of lo in every network namespace (LOOPBACK_IFINDEX, include/net/flow.h)."""


@dataclass(frozen=True)
class LinkNotice:
    index: int
    name: str
    up: bool
    """Switched on, and with a carrier."""
    why: str
    """Of one that is not up, in words."""


@dataclass(frozen=True)
class AddressNotice:
    index: int
    address: str
    """Without prefix length."""
    there: bool


@dataclass(frozen=True)
class Change:
    """Part of an `lvsnet.observe.event.Event`."""

    kind: str
    what: str
    subject: str
    text: str


Notice = LinkNotice | AddressNotice


@dataclass
class Held:
    """The links and addresses of a node's network namespace, as far as they are told."""

    fixed: frozenset[tuple[str, str]]
    """Interface and address, without prefix length, of those that the node has by its plan."""
    vips: frozenset[str]
    """The addresses that VRRP moves."""
    links: dict[int, LinkNotice] = field(default_factory=dict)
    addresses: set[tuple[int, str]] = field(default_factory=set)
    """Index of the link, and address."""

    def takes(self, notice: Notice) -> Iterator[Change]:
        """What is new by a notice."""
        match notice:
            case LinkNotice():
                yield from self._link(notice)
            case AddressNotice():
                yield from self._address(notice)

    def has_only(self, notices: list[Notice]) -> Iterator[Change]:
        """What is new by a dump of all links and addresses."""
        there = {one.index for one in notices if isinstance(one, LinkNotice)}
        for index, link in list(self.links.items()):
            if index not in there:
                yield from self._link(LinkNotice(index, link.name, up=False, why="it is gone"))
        held = {(one.index, one.address) for one in notices if isinstance(one, AddressNotice)}
        for index, address in sorted(self.addresses - held):
            yield from self._address(AddressNotice(index, address, there=False))
        for notice in notices:
            yield from self.takes(notice)

    def loses_all(self) -> Iterator[Change]:
        """The node is off: nobody holds its addresses any more."""
        for index, address in sorted(self.addresses):
            yield from self._address(AddressNotice(index, address, there=False))
        self.links.clear()

    def _link(self, notice: LinkNotice) -> Iterator[Change]:
        if notice.index == LOOPBACK:
            return
        before = self.links.get(notice.index)
        self.links[notice.index] = notice
        if notice.up and not (before and before.up):
            yield Change("link", "up", notice.name, f"{notice.name} is up")
        elif before and before.up and not notice.up:
            yield Change("link", "down", notice.name, f"{notice.name} is down: {notice.why}")

    def _address(self, notice: AddressNotice) -> Iterator[Change]:
        one = (notice.index, notice.address)
        if notice.there == (one in self.addresses):
            return
        link = self.links.get(notice.index)
        name = link.name if link else f"interface {notice.index}"
        if notice.index == LOOPBACK or (name, notice.address) in self.fixed:
            # On lo it is a real server's, which is not asked on the wire.
            return
        address = notice.address
        if address not in self.vips and _is_kernels(address):
            return
        if notice.there:
            self.addresses.add(one)
            yield Change("vip", "gained", address, f"holds {address} on {name}")
        else:
            self.addresses.discard(one)
            yield Change("vip", "lost", address, f"holds {address} on {name} no more")


def _is_kernels(address: str) -> bool:
    """Whether it is link-local, which the kernel gives each interface (RFC 4291, 2.8)."""
    return ":" in address and IPv6Address(address).is_link_local


def fixed(node: Node) -> frozenset[tuple[str, str]]:
    """Interface and address, without prefix length, of all that a node gets when it boots."""
    wired = [(one.name, address) for one in node.interfaces for address in one.addresses]
    more = [(one.interface, one.address) for one in node.addresses]
    return frozenset((name, str(ip_interface(address).ip)) for name, address in wired + more)


def parse(content: bytes) -> Iterator[Notice]:
    """The notices in what was received from a socket, one message after the other."""
    at = 0
    while at + HEADER.size <= len(content):
        length, kind, _flags, _number, _port = HEADER.unpack_from(content, at)
        if length < HEADER.size:
            return
        body = content[at + HEADER.size : at + length]
        at += (length + 3) & ~3  # NLMSG_ALIGN
        if kind in (NEWLINK, DELLINK):
            yield link_notice(body, gone=kind == DELLINK)
        elif kind in (NEWADDR, DELADDR):
            yield address_notice(body, there=kind == NEWADDR)


def link_notice(body: bytes, *, gone: bool) -> LinkNotice:
    """Of an RTM_NEWLINK or RTM_DELLINK."""
    _family, _type, index, flags, _change = LINK.unpack_from(body)
    name = word(attributes(body[LINK.size :])[NAME])
    up = not gone and flags & UP != 0 and flags & LOWER_UP != 0
    why = "it is gone" if gone else "no carrier" if flags & UP else "switched off"
    return LinkNotice(index, name, up, "" if up else why)


def address_notice(body: bytes, *, there: bool) -> AddressNotice:
    """Of an RTM_NEWADDR or RTM_DELADDR."""
    family, _length, _flags, _scope, index = ADDRESS.unpack_from(body)
    found = attributes(body[ADDRESS.size :])
    packed = found.get(LOCAL) or found[PREFIX]
    address = IPv4Address(packed) if family == AF_INET else IPv6Address(packed)
    return AddressNotice(index, str(address), there)
