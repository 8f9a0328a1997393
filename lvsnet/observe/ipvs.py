"""IPVS tables by netlink (include/uapi/linux/ip_vs.h)."""

from __future__ import annotations

from socket import IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP

from lvsnet.engine.netlink import IPVS, IPVSService, NetlinkError, nla, nlmsg
from lvsnet.observe.model import RealServer, Service

PROTOCOLS = {IPPROTO_TCP: "tcp", IPPROTO_UDP: "udp", IPPROTO_SCTP: "sctp"}
METHODS = {0: "nat", 1: "local", 2: "tun", 3: "dr", 4: "bypass"}
"""IP_VS_CONN_F_MASQ and so on."""
METHOD_MASK = 0x7
"""IP_VS_CONN_F_FWD_MASK"""


def services() -> tuple[Service, ...]:
    """The IPVS table of the network namespace that this process is in; empty without IPVS."""
    try:
        with IPVS() as netlink:
            return tuple(_service(netlink, message) for message in netlink.service("dump"))
    except NetlinkError as error:
        if error.code == 2:  # ENOENT: the generic netlink family is not there
            return ()
        raise


def _service(netlink: IPVS, message: nlmsg) -> Service:
    service = message.get("IPVS_CMD_ATTR_SERVICE")
    key = IPVSService.from_message(message)
    return Service(
        protocol=PROTOCOLS.get(service.get("IPVS_SVC_ATTR_PROTOCOL"), "?"),
        address=_endpoint(service.get("IPVS_SVC_ATTR_ADDR"), service.get("IPVS_SVC_ATTR_PORT")),
        scheduler=service.get("IPVS_SVC_ATTR_SCHED_NAME"),
        real_servers=tuple(
            _real_server(line.get("IPVS_CMD_ATTR_DEST")) for line in netlink.dest("dump", key)
        ),
    )


def _real_server(line: nla) -> RealServer:
    return RealServer(
        address=_endpoint(line.get("IPVS_DEST_ATTR_ADDR"), line.get("IPVS_DEST_ATTR_PORT")),
        method=METHODS.get(line.get("IPVS_DEST_ATTR_FWD_METHOD") & METHOD_MASK, "?"),
        weight=line.get("IPVS_DEST_ATTR_WEIGHT"),
        active=line.get("IPVS_DEST_ATTR_ACTIVE_CONNS"),
        inactive=line.get("IPVS_DEST_ATTR_INACT_CONNS"),
    )


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
