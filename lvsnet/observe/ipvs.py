"""IPVS tables by generic netlink (include/uapi/linux/ip_vs.h, genetlink.h)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP

from lvsnet.endpoint import joined
from lvsnet.engine.generic import HEADER as GENERIC
from lvsnet.engine.generic import NETLINK_GENERIC, family
from lvsnet.engine.netlink import Netlink, attribute, attributes, integer, nested, word
from lvsnet.observe.model import RealServer, Service

FAMILY = "IPVS"
VERSION = 1
GET_SERVICE, GET_DEST = 4, 8
"""IPVS_CMD_GET_SERVICE, IPVS_CMD_GET_DEST"""
OF_SERVICE, OF_DEST = 1, 2
"""IPVS_CMD_ATTR_SERVICE, IPVS_CMD_ATTR_DEST"""
AF, PROTOCOL, ADDR, PORT, FWMARK, SCHEDULER = range(1, 7)
"""IPVS_SVC_ATTR_AF and so on; the first five tell services apart."""
DEST_ADDR, DEST_PORT, DEST_METHOD, DEST_WEIGHT = range(1, 5)
DEST_ACTIVE, DEST_INACTIVE = 7, 8
DEST_AF = 11
"""IPVS_DEST_ATTR_ADDR and so on."""
PROTOCOLS = {IPPROTO_TCP: "tcp", IPPROTO_UDP: "udp", IPPROTO_SCTP: "sctp"}
METHODS = {0: "nat", 1: "local", 2: "tun", 3: "dr", 4: "bypass"}
"""IP_VS_CONN_F_MASQ and so on."""
METHOD_MASK = 0x7
"""IP_VS_CONN_F_FWD_MASK"""

Attributes = dict[int, bytes]


def services() -> tuple[Service, ...]:
    """The IPVS table of the network namespace that this process is in; empty without IPVS."""
    with Netlink(NETLINK_GENERIC) as netlink:
        number = find(netlink)
        if number is None:
            return ()
        return tuple(_service(*found) for found in listed(netlink, number))


def find(netlink: Netlink) -> int | None:
    """The number of IPVS's family; None where the kernel has not loaded it."""
    try:
        return family(netlink, FAMILY)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise


def listed(netlink: Netlink, number: int) -> Iterator[tuple[Attributes, list[Attributes]]]:
    """Each service, and its real servers. Raises OSError."""
    for body in netlink.dump(number, GENERIC.pack(GET_SERVICE, VERSION)):
        service = inside(body, OF_SERVICE)
        key = (attribute(kind, service[kind]) for kind in range(AF, FWMARK + 1) if kind in service)
        request = GENERIC.pack(GET_DEST, VERSION) + nested(OF_SERVICE, key)
        yield service, [inside(one, OF_DEST) for one in netlink.dump(number, request)]


def inside(body: bytes, kind: int) -> Attributes:
    """What is in the only attribute, of this kind, of an answer."""
    return attributes(attributes(body[GENERIC.size :])[kind])


def name(service: Attributes) -> tuple[str, str]:
    """Protocol and address of a service, as a `Service` has them."""
    if FWMARK in service:
        return "fwmark", str(integer(service[FWMARK]))
    address = endpoint(integer(service[AF]), service[ADDR], service[PORT])
    return PROTOCOLS.get(integer(service[PROTOCOL]), "?"), address


def real_server(service: Attributes, line: Attributes) -> RealServer:
    return RealServer(
        address=endpoint(integer(line.get(DEST_AF, service[AF])), line[DEST_ADDR], line[DEST_PORT]),
        method=METHODS.get(integer(line[DEST_METHOD]) & METHOD_MASK, "?"),
        weight=integer(line[DEST_WEIGHT]),
        active=integer(line[DEST_ACTIVE]),
        inactive=integer(line[DEST_INACTIVE]),
    )


def _service(service: Attributes, lines: list[Attributes]) -> Service:
    protocol, address = name(service)
    return Service(
        protocol=protocol,
        address=address,
        scheduler=word(service[SCHEDULER]),
        real_servers=tuple(real_server(service, line) for line in lines),
    )


def endpoint(version: int, address: bytes, port: bytes) -> str:
    """An address has 16 bytes (union nf_inet_addr), a port is in network order."""
    number = int.from_bytes(port, "big")
    if version == AF_INET:
        return joined(IPv4Address(address[:4]), number)
    return joined(IPv6Address(address[:16]), number)
