"""Links, addresses and routes of a network namespace (rtnetlink(7))."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from socket import AF_INET, AF_INET6

from lvsnet.engine.netlink import (
    CREATE,
    EXCLUSIVE,
    REPLACE,
    Netlink,
    attribute,
    attributes,
    integer,
    nested,
    number,
    text,
    word,
)

NETLINK_ROUTE = 0
NEWLINK, DELLINK, GETLINK = 16, 17, 18
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE = 24, 25
"""RTM_NEWLINK and so on (include/uapi/linux/rtnetlink.h)."""
LINK = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, which of the flags are to change."""
ADDRESS = struct.Struct("=BBBBI")
"""struct ifaddrmsg: family, prefix length, flags, scope, index of the link."""
ROUTE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, destination's and source's lengths, TOS, table, protocol, scope, type,
flags."""
UP = 1
"""IFF_UP"""
MAC, NAME, MTU, MASTER, INFO, IN_NAMESPACE = 1, 3, 4, 10, 18, 28
"""IFLA_ADDRESS and so on (include/uapi/linux/if_link.h)."""
INFO_KIND, INFO_DATA = 1, 2
PEER = 1
"""VETH_INFO_PEER"""
FORWARD_DELAY, STP_STATE, MCAST_SNOOPING = 1, 5, 23
"""IFLA_BR_FORWARD_DELAY and so on."""
PREFIX, LOCAL, BROADCAST = 1, 2, 4
"""IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST (include/uapi/linux/if_addr.h)"""
NO_DAD = 2
"""IFA_F_NODAD: it is not asked for first (duplicate address detection)."""
DESTINATION, DEVICE, GATEWAY = 1, 4, 5
"""RTA_DST, RTA_OIF, RTA_GATEWAY"""
NEW = CREATE | EXCLUSIVE
TABLE_MAIN, PROTOCOL_BOOT, SCOPE_UNIVERSE, TYPE_UNICAST = 254, 3, 0, 1


@dataclass(frozen=True)
class Link:
    index: int
    name: str
    kind: str
    """``bridge``, ``veth``; empty for lo."""
    mtu: int


@dataclass(frozen=True)
class Peer:
    """A veth's other end, in another namespace, where it is down."""

    name: str
    mac: str
    namespace: int
    """File descriptor."""


class Links(Netlink):
    """rtnetlink of the network namespace that the process is in when this is made.

    Every method raises OSError with the kernel's reason.
    """

    def __init__(self) -> None:
        super().__init__(NETLINK_ROUTE)

    def links(self) -> Sequence[Link]:
        return [_link(one) for one in self.dump(GETLINK, LINK.pack(0, 0, 0, 0, 0))]

    def names(self) -> dict[int, str]:
        """Index -> name of every link."""
        return {link.index: link.name for link in self.links()}

    def find(self, name: str) -> int | None:
        """The index of a link; None when there is none of that name."""
        return next((link.index for link in self.links() if link.name == name), None)

    def index(self, name: str) -> int:
        """The index of a link that has to be there; OSError when it is not."""
        found = self.find(name)
        if found is None:
            raise OSError(f"there is no interface {name}")
        return found

    def add_bridge(self, name: str, mtu: int) -> None:
        """Up, without spanning tree, so a port forwards as soon as it is up."""
        settings = (
            number(STP_STATE, 0),
            number(FORWARD_DELAY, 0),
            attribute(MCAST_SNOOPING, b"\0"),
        )
        self._add(name, mtu, _info("bridge", settings))

    def add_veth(self, name: str, mtu: int, bridge: int, peer: Peer) -> None:
        """A pair of which this end is up and in ``bridge``."""
        other = (
            LINK.pack(0, 0, 0, 0, 0),
            text(NAME, peer.name),
            attribute(MAC, bytes.fromhex(peer.mac.replace(":", ""))),
            number(MTU, mtu),
            number(IN_NAMESPACE, peer.namespace),
        )
        self._add(name, mtu, number(MASTER, bridge) + _info("veth", [nested(PEER, other)]))

    def add_device(self, name: str, kind: str) -> None:
        """An interface that is wired to nothing, down; a tunnel's takes packets from anywhere."""
        body = text(NAME, name) + nested(INFO, (text(INFO_KIND, kind),))
        self.do(NEWLINK, LINK.pack(0, 0, 0, 0, 0) + body, NEW)

    def set_up(self, index: int) -> None:
        self.do(NEWLINK, LINK.pack(0, 0, index, UP, UP))

    def set_down(self, index: int) -> None:
        self.do(NEWLINK, LINK.pack(0, 0, index, 0, UP))

    def delete(self, index: int) -> None:
        self.do(DELLINK, LINK.pack(0, 0, index, 0, 0))

    def addresses(self) -> list[tuple[int, str]]:
        """Index of the link, and address with prefix length."""
        return [_interface(one) for one in self.dump(GETADDR, ADDRESS.pack(0, 0, 0, 0, 0))]

    def add_address(self, index: int, address: str) -> None:
        """With prefix length; its subnet's last address is its broadcast address."""
        self.do(NEWADDR, _address(index, address), NEW)

    def replace_address(self, index: int, address: str) -> None:
        """As `add_address`; it may be there already."""
        self.do(NEWADDR, _address(index, address), CREATE | REPLACE)

    def delete_address(self, index: int, address: str) -> None:
        self.do(DELADDR, _address(index, address))

    def add_route(self, destination: str, via: str, interface: str = "") -> None:
        """``destination`` is ``default`` or a prefix; a link-local gateway has an interface."""
        self.do(NEWROUTE, self._route(destination, via, interface), NEW)

    def replace_route(self, destination: str, via: str, interface: str = "") -> None:
        """As `add_route`; there may be one to ``destination`` already."""
        self.do(NEWROUTE, self._route(destination, via, interface), CREATE | REPLACE)

    def delete_route(self, destination: str, via: str, interface: str = "") -> None:
        self.do(DELROUTE, self._route(destination, via, interface))

    def _route(self, destination: str, via: str, interface: str) -> bytes:
        device = number(DEVICE, self.index(interface)) if interface else b""
        return _route(destination, via) + device

    def _add(self, name: str, mtu: int, more: bytes) -> None:
        """A link that is up."""
        head = LINK.pack(0, 0, 0, UP, UP)
        self.do(NEWLINK, head + text(NAME, name) + number(MTU, mtu) + more, NEW)


def _info(kind: str, data: Sequence[bytes]) -> bytes:
    return nested(INFO, (text(INFO_KIND, kind), nested(INFO_DATA, data)))


def _link(body: bytes) -> Link:
    _family, _type, index, _flags, _change = LINK.unpack_from(body)
    found = attributes(body[LINK.size :])
    kind = attributes(found.get(INFO, b"")).get(INFO_KIND, b"")
    return Link(index, word(found[NAME]), word(kind), integer(found[MTU]))


def _interface(body: bytes) -> tuple[int, str]:
    family, length, _flags, _scope, index = ADDRESS.unpack_from(body)
    found = attributes(body[ADDRESS.size :])
    packed = found.get(LOCAL) or found[PREFIX]
    address = IPv4Address(packed) if family == AF_INET else IPv6Address(packed)
    return index, f"{address}/{length}"


def _address(index: int, address: str) -> bytes:
    one = ip_interface(address)
    flags = NO_DAD if one.version == 6 else 0
    head = ADDRESS.pack(_family(one.version), one.network.prefixlen, flags, 0, index)
    body = attribute(LOCAL, one.ip.packed) + attribute(PREFIX, one.ip.packed)
    if one.version == 4 and one.network.prefixlen < 31:
        body += attribute(BROADCAST, one.network.broadcast_address.packed)
    return head + body


def _route(destination: str, via: str) -> bytes:
    gateway = ip_address(via)
    length, body = 0, attribute(GATEWAY, gateway.packed)
    if destination != "default":
        network = ip_network(destination)
        length = network.prefixlen
        body += attribute(DESTINATION, network.network_address.packed)
    kind = (TABLE_MAIN, PROTOCOL_BOOT, SCOPE_UNIVERSE, TYPE_UNICAST)
    return ROUTE.pack(_family(gateway.version), length, 0, 0, *kind, 0) + body


def _family(version: int) -> int:
    return AF_INET if version == 4 else AF_INET6
