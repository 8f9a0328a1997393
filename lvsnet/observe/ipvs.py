"""IPVS tables by generic netlink (include/uapi/linux/ip_vs.h, genetlink.h)."""

from __future__ import annotations

import errno
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
        try:
            number = family(netlink, FAMILY)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return ()
            raise
        found = netlink.dump(number, GENERIC.pack(GET_SERVICE, VERSION))
        return tuple(_service(netlink, number, _inside(body, OF_SERVICE)) for body in found)


def _inside(body: bytes, kind: int) -> Attributes:
    return attributes(attributes(body[GENERIC.size :])[kind])


def _service(netlink: Netlink, number: int, service: Attributes) -> Service:
    key = (attribute(kind, service[kind]) for kind in range(AF, FWMARK + 1) if kind in service)
    request = GENERIC.pack(GET_DEST, VERSION) + nested(OF_SERVICE, key)
    version = integer(service[AF])
    if FWMARK in service:
        protocol, address = "fwmark", str(integer(service[FWMARK]))
    else:
        protocol = PROTOCOLS.get(integer(service[PROTOCOL]), "?")
        address = _endpoint(version, service[ADDR], service[PORT])
    return Service(
        protocol=protocol,
        address=address,
        scheduler=word(service[SCHEDULER]),
        real_servers=tuple(
            _real_server(version, _inside(body, OF_DEST)) for body in netlink.dump(number, request)
        ),
    )


def _real_server(version: int, line: Attributes) -> RealServer:
    if DEST_AF in line:
        version = integer(line[DEST_AF])
    return RealServer(
        address=_endpoint(version, line[DEST_ADDR], line[DEST_PORT]),
        method=METHODS.get(integer(line[DEST_METHOD]) & METHOD_MASK, "?"),
        weight=integer(line[DEST_WEIGHT]),
        active=integer(line[DEST_ACTIVE]),
        inactive=integer(line[DEST_INACTIVE]),
    )


def _endpoint(version: int, address: bytes, port: bytes) -> str:
    """An address has 16 bytes (union nf_inet_addr), a port is in network order."""
    number = int.from_bytes(port, "big")
    if version == AF_INET:
        return joined(IPv4Address(address[:4]), number)
    return joined(IPv6Address(address[:16]), number)
