"""IPVS's tables in full, by generic netlink: of the network namespace that this process is in."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET

from lvsnet.endpoint import parted
from lvsnet.engine.generic import HEADER as GENERIC
from lvsnet.engine.generic import NETLINK_GENERIC
from lvsnet.engine.netlink import Netlink, attributes, integer, word
from lvsnet.observe import ipvs
from lvsnet.observe.ipvs import Attributes
from lvsnet.observe.table_model import (
    Counts,
    Persistence,
    SyncDaemon,
    TableServer,
    TableService,
    Timeouts,
)

GET_DAEMON, GET_CONFIG = 11, 13
"""IPVS_CMD_GET_DAEMON, IPVS_CMD_GET_CONFIG"""
OF_DAEMON, TIMEOUT_TCP, TIMEOUT_TCP_FIN, TIMEOUT_UDP = range(3, 7)
"""IPVS_CMD_ATTR_DAEMON and so on."""
FLAGS, TIMEOUT, NETMASK, STATS, PE_NAME, STATS64 = range(7, 13)
"""IPVS_SVC_ATTR_FLAGS and so on."""
FLAG_WORDS = struct.Struct("=II")
"""struct ip_vs_flags: those that are set, and those that are meant."""
PERSISTENT, ONE_PACKET = 0x1, 0x4
"""IP_VS_SVC_F_PERSISTENT, IP_VS_SVC_F_ONEPACKET"""
SCHEDULER_FLAGS = (0x8, 0x10, 0x20)
"""IP_VS_SVC_F_SCHED1 and so on."""
NAMED_FLAGS: Mapping[str, Sequence[str]] = {
    "sh": ("sh-fallback", "sh-port", "flag-3"),
    "mh": ("mh-fallback", "mh-port", "flag-3"),
}
"""Scheduler -> what ipvsadm(8) calls its flags."""
NAMELESS_FLAGS = ("flag-1", "flag-2", "flag-3")
DEST_UPPER, DEST_LOWER, DEST_PERSISTENT, DEST_STATS, DEST_STATS64 = 5, 6, 9, 10, 12
TUNNEL_TYPE, TUNNEL_PORT = 13, 14
"""IPVS_DEST_ATTR_U_THRESH and so on."""
TUNNELS = {0: "ipip", 1: "gue", 2: "gre"}
"""IP_VS_CONN_F_TUNNEL_TYPE_IPIP and so on."""
DAEMON_STATE, DAEMON_INTERFACE, DAEMON_SYNCID = 1, 2, 3
DAEMON_GROUP, DAEMON_GROUP6, DAEMON_PORT = 5, 6, 7
"""IPVS_DAEMON_ATTR_STATE and so on."""
STATES = {1: "master", 2: "backup"}
"""IP_VS_STATE_MASTER, IP_VS_STATE_BACKUP"""
CONNECTIONS, RATE = 1, 6
"""IPVS_STATS_ATTR_CONNS and IPVS_STATS_ATTR_CPS, with four more behind each."""


@dataclass(frozen=True)
class Reading:
    """What there is of IPVS in a network namespace."""

    timeouts: Timeouts
    daemons: tuple[SyncDaemon, ...]
    services: tuple[TableService, ...]


def read(names: Mapping[str, str]) -> Reading | None:
    """``names``: address without port -> node. None where the kernel has not loaded IPVS.

    Raises:
        OSError: the kernel's error.
    """
    with Netlink(NETLINK_GENERIC) as netlink:
        number = ipvs.find(netlink)
        if number is None:
            return None
        return Reading(
            timeouts=_timeouts(netlink, number),
            daemons=tuple(_daemons(netlink, number)),
            services=tuple(
                _service(service, sorted(lines, key=_end), names)
                for service, lines in sorted(ipvs.listed(netlink, number), key=_key)
            ),
        )


def _key(found: tuple[Attributes, list[Attributes]]) -> tuple[bytes, ...]:
    """By protocol, address and port, behind them by mark; as ipvsadm(8), not as IPVS keeps them."""
    kinds = (ipvs.FWMARK, ipvs.PROTOCOL, ipvs.AF, ipvs.ADDR, ipvs.PORT)
    return tuple(found[0].get(kind, b"")[:: -1 if kind in kinds[:3] else 1] for kind in kinds)


def _end(line: Attributes) -> tuple[bytes, bytes]:
    return line[ipvs.DEST_ADDR], line[ipvs.DEST_PORT]


def _timeouts(netlink: Netlink, number: int) -> Timeouts:
    (body,) = netlink.ask(number, GENERIC.pack(GET_CONFIG, ipvs.VERSION))
    found = attributes(body[GENERIC.size :])
    # Of a protocol that the kernel was built without it says nothing.
    tcp, tcp_fin, udp = (
        integer(found.get(one, b"")) for one in (TIMEOUT_TCP, TIMEOUT_TCP_FIN, TIMEOUT_UDP)
    )
    return Timeouts(tcp, tcp_fin, udp)


def _daemons(netlink: Netlink, number: int) -> Iterator[SyncDaemon]:
    for body in netlink.dump(number, GENERIC.pack(GET_DAEMON, ipvs.VERSION)):
        found = ipvs.inside(body, OF_DAEMON)
        group = ""
        if DAEMON_GROUP in found:
            group = str(IPv4Address(found[DAEMON_GROUP][:4]))
        elif DAEMON_GROUP6 in found:
            group = str(IPv6Address(found[DAEMON_GROUP6][:16]))
        yield SyncDaemon(
            state=STATES.get(integer(found[DAEMON_STATE]), "?"),
            interface=word(found[DAEMON_INTERFACE]),
            syncid=integer(found[DAEMON_SYNCID]),
            group=group,
            port=integer(found.get(DAEMON_PORT, b"")),
        )


def _service(
    service: Attributes, lines: Sequence[Attributes], names: Mapping[str, str]
) -> TableService:
    protocol, address = ipvs.name(service)
    scheduler = word(service[ipvs.SCHEDULER])
    flags, _meant = FLAG_WORDS.unpack_from(service[FLAGS])
    called = NAMED_FLAGS.get(scheduler, NAMELESS_FLAGS)
    total, rate = _counts(service, STATS, STATS64)
    return TableService(
        protocol=protocol,
        address=address,
        ipv6=integer(service[ipvs.AF]) != AF_INET,
        scheduler=scheduler,
        flags=tuple(
            named for bit, named in zip(SCHEDULER_FLAGS, called, strict=True) if flags & bit
        ),
        one_packet=bool(flags & ONE_PACKET),
        persistence=_persistence(service) if flags & PERSISTENT else None,
        total=total,
        rate=rate,
        real_servers=tuple(_real_server(service, line, names) for line in lines),
    )


def _persistence(service: Attributes) -> Persistence:
    if integer(service[ipvs.AF]) == AF_INET:
        mask = str(IPv4Address(service[NETMASK]))
    else:
        mask = str(integer(service[NETMASK]))
    engine = word(service.get(PE_NAME, b""))
    return Persistence(integer(service[TIMEOUT]), mask, engine)


def _real_server(service: Attributes, line: Attributes, names: Mapping[str, str]) -> TableServer:
    known = ipvs.real_server(service, line)
    total, rate = _counts(line, DEST_STATS, DEST_STATS64)
    return TableServer(
        node=names.get(parted(known.address)[0], ""),
        address=known.address,
        method=known.method,
        tunnel=_tunnel(line) if known.method == "tun" else "",
        weight=known.weight,
        upper=integer(line[DEST_UPPER]),
        lower=integer(line[DEST_LOWER]),
        active=known.active,
        inactive=known.inactive,
        persistent=integer(line[DEST_PERSISTENT]),
        total=total,
        rate=rate,
    )


def _tunnel(line: Attributes) -> str:
    kind = TUNNELS.get(integer(line.get(TUNNEL_TYPE, b"")), "?")
    port = int.from_bytes(line.get(TUNNEL_PORT, b""), "big")
    return f"{kind} {port}" if port else kind


def _counts(found: Attributes, narrow: int, wide: int) -> tuple[Counts, Counts]:
    """Totals and rates; those of 64 bits, which kernels have since 4.1, where there are any."""
    inner = attributes(found.get(wide, found[narrow]))
    total, rate = (
        Counts(*(integer(inner[first + more]) for more in range(5)))
        for first in (CONNECTIONS, RATE)
    )
    return total, rate
