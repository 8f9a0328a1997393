"""What the kernel can do, found by doing it in a network namespace that is gone afterwards.

A name of a kernel module stands for what a lab uses it for. The kernel loads the modules that it
can find for itself on the way. Each try takes well under a millisecond where the thing is there.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pyroute2.iproute.linux import IPRoute
from pyroute2.ipvs import IPVS, IPVSService
from pyroute2.netlink import genlmsg
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.generic import GenericNetlinkSocket

from lvsnet.engine import kernel_modules
from lvsnet.engine.kernel import OF_IPVS, SCHEDULERS
from lvsnet.engine.syscalls import CLONE_NEWNET, setns, unshare
from lvsnet.errors import LvsnetError

KINDS: Mapping[str, str] = {
    "8021q": "vlan",
    "bonding": "bond",
    "bridge": "bridge",
    "dummy": "dummy",
    "geneve": "geneve",
    "gre": "gre",
    "ifb": "ifb",
    "ip6_gre": "ip6gre",
    "ip6_tunnel": "ip6tnl",
    "ip_gre": "gre",
    "ipip": "ipip",
    "ipvlan": "ipvlan",
    "macvlan": "macvlan",
    "nlmon": "nlmon",
    "sit": "sit",
    "veth": "veth",
    "vrf": "vrf",
    "vxlan": "vxlan",
    "wireguard": "wireguard",
}
"""Module -> its kind of link, as ip-link(8) calls it."""

ENGINES: Mapping[str, str] = {"ip_vs_pe_sip": "sip"}
"""Module -> its engine of persistence."""
QDISCS: Mapping[str, Mapping[str, object]] = {
    "sch_htb": {},
    "sch_netem": {"delay": 1000},
    "sch_tbf": {"rate": "1mbit", "burst": 1600, "latency": "50ms"},
}
"""Module of a queueing discipline -> what it cannot be made without."""

FAMILIES: Mapping[str, int] = {
    "nf_tables_inet": 1,
    "nf_tables_ipv4": 2,
    "nf_tables_arp": 3,
    "nf_tables_netdev": 5,
    "nf_tables_bridge": 7,
    "nf_tables_ipv6": 10,
}
"""What were modules before Linux 4.17 and are options of nf_tables since -> NFPROTO_*."""
GENERIC: Mapping[str, str] = {"fou": "fou", "ip_vs": "IPVS"}
"""Module -> its family of generic netlink."""
PROTOCOLS: Mapping[str, int] = {"sctp": socket.IPPROTO_SCTP}
"""Module -> what it speaks over IP."""
FILES: Mapping[str, str] = {"nf_conntrack": "/proc/sys/net/netfilter/nf_conntrack_max"}
"""Module -> a file that is there with it, be it loaded or built in."""

LOOPBACK = 1
"""Index of lo in every network namespace (LOOPBACK_IFINDEX)."""
ROOT = 0xFFFFFFFF
"""TC_H_ROOT"""
PATIENCE_S = 10
"""For an answer of nfnetlink, which may load a module first."""


def unable(names: Sequence[str]) -> list[str]:
    """Which of ``names`` the kernel cannot do, in their order.

    What a name stands for is in this module's tables; any other counts as done when files say
    that such a module is loaded or built in.

    Raises:
        LvsnetError: this process may not try.
    """
    with scratch(), ExitStack() as stack:
        links = stack.enter_context(IPRoute())
        ipvs = _ipvs(stack, names)
        return [name for name in names if not _able(name, links, ipvs)]


@contextmanager
def scratch() -> Iterator[None]:
    """A network namespace of this thread's own, which goes away at the end.

    Raises:
        LvsnetError: this process may not make one.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            unshare(CLONE_NEWNET)
        except OSError as error:
            raise LvsnetError(
                f"What the kernel can do cannot be tried out: {error.strerror}. That needs root "
                "with CAP_SYS_ADMIN and CAP_NET_ADMIN."
            ) from error
        try:
            yield
        finally:
            setns(home, CLONE_NEWNET)
    finally:
        os.close(home)


def _able(name: str, links: IPRoute, ipvs: IPVS | None) -> bool:
    scheduler = name.removeprefix(OF_IPVS)
    if name in KINDS:
        return _link(links, KINDS[name])
    if name == "ip_vs":
        return ipvs is not None
    if name.startswith(OF_IPVS) and scheduler in SCHEDULERS:
        return ipvs is not None and _scheduler(ipvs, scheduler)
    if name in ENGINES:
        return ipvs is not None and _engine(ipvs, ENGINES[name])
    if name in QDISCS:
        return _qdisc(links, name)
    if name in GENERIC:
        return _generic(GENERIC[name])
    if name == "nf_tables":
        return _nf_tables()
    if name in FAMILIES:
        return _nf_tables_family(FAMILIES[name])
    if name in PROTOCOLS:
        return _protocol(PROTOCOLS[name])
    if name in FILES:
        return Path(FILES[name]).exists()
    return kernel_modules.present(name)


def _ipvs(stack: ExitStack, names: Sequence[str]) -> IPVS | None:
    """A socket to IPVS when one is needed and the kernel has it."""
    if not any(name == "ip_vs" or name.startswith(OF_IPVS) for name in names):
        return None
    if not _generic(GENERIC["ip_vs"]):
        return None
    return stack.enter_context(IPVS())


def _link(netlink: IPRoute, kind: str) -> bool:
    """A kind that needs a parent or a number beside its name refuses, but not as unknown."""
    try:
        netlink.link("add", ifname=f"t-{kind}", kind=kind)
    except NetlinkError as error:
        return _known(error, errno.EOPNOTSUPP)
    return True


def _scheduler(ipvs: IPVS, scheduler: str) -> bool:
    """By a service; the port only has to be another one for each."""
    service = IPVSService(
        addr="127.0.0.1",
        port=1 + SCHEDULERS.index(scheduler),
        protocol=socket.IPPROTO_TCP,
        sched_name=scheduler,
    )
    try:
        ipvs.service("add", service)
    except NetlinkError as error:
        return _known(error, errno.ENOENT)
    return True


def _engine(ipvs: IPVS, engine: str) -> bool:
    """By a service, at a port that no scheduler's is at."""
    service = IPVSService(
        addr="127.0.0.1",
        port=1 + len(SCHEDULERS),
        protocol=socket.IPPROTO_UDP,
        sched_name="rr",
        pe_name=engine,
    )
    try:
        ipvs.service("add", service)
    except NetlinkError as error:
        return _known(error, errno.ENOENT)
    return True


def _qdisc(netlink: IPRoute, module: str) -> bool:
    kind = module.removeprefix("sch_")
    try:
        netlink.tc("add", kind=kind, index=LOOPBACK, parent=ROOT, **QDISCS[module])
    except NetlinkError as error:
        return _known(error, errno.ENOENT)
    netlink.tc("del", index=LOOPBACK, parent=ROOT)
    return True


def _generic(family: str) -> bool:
    with GenericNetlinkSocket() as netlink:
        try:
            netlink.bind(family, genlmsg)
        except NetlinkError as error:
            return _known(error, errno.ENOENT)
    return True


def _protocol(number: int) -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, number).close()
    except OSError as error:
        if error.errno not in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
            raise
        return False
    return True


def _known(refusal: NetlinkError, unknown: int) -> bool:
    """Whether the kernel refused for another reason than ``unknown``, its word for not having it.

    That reason, such as a parent that is not named, shows that it has it.

    Raises:
        LvsnetError: this process may not ask.
    """
    if refusal.code == errno.EPERM:
        raise LvsnetError(
            "What the kernel can do cannot be tried out: that needs root with CAP_NET_ADMIN."
        ) from refusal
    code: int = refusal.code
    return code != unknown


NFT_MSG_NEWTABLE, NFT_MSG_GETGEN = 0, 16
NFNL_SUBSYS_NFTABLES = 10
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END = 0x10, 0x11
NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 0x1, 0x4, 0x400
NLMSG_ERROR = 2


def _nf_tables() -> bool:
    """Whether there is nftables at all: it tells its generation."""
    return _nfnetlink(_message(_nft(NFT_MSG_GETGEN), NLM_F_ACK, 0, 0))


def _nf_tables_family(family: int) -> bool:
    """Whether there can be a table of a family (linux/netfilter/nf_tables.h)."""
    name = b"t\0\0\0"
    attribute = struct.pack("=HH", 4 + 2, 1) + name  # NFTA_TABLE_NAME
    return _nfnetlink(
        _message(NFNL_MSG_BATCH_BEGIN, 0, 0, NFNL_SUBSYS_NFTABLES)
        + _message(_nft(NFT_MSG_NEWTABLE), NLM_F_ACK | NLM_F_CREATE, family, 0, attribute)
        + _message(NFNL_MSG_BATCH_END, 0, 0, NFNL_SUBSYS_NFTABLES)
    )


def _nft(message: int) -> int:
    return NFNL_SUBSYS_NFTABLES << 8 | message


def _message(kind: int, flags: int, family: int, resource: int, attributes: bytes = b"") -> bytes:
    """A message of nfnetlink: struct nlmsghdr, struct nfgenmsg, attributes."""
    body = struct.pack("!BBH", family, 0, resource) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, flags | NLM_F_REQUEST, 0, 0) + body


def _nfnetlink(request: bytes) -> bool:
    """Whether the kernel carries a request out.

    Written out, since pyroute2's nftables takes 0.1 s to import in a guest.

    Raises:
        LvsnetError: this process may not ask, or there is no answer.
    """
    try:
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    except OSError as error:
        if error.errno == errno.EPROTONOSUPPORT:
            return False
        raise
    with netlink:
        netlink.settimeout(PATIENCE_S)
        netlink.send(request)
        while True:
            try:
                answer = netlink.recv(65536)
            except TimeoutError as error:
                raise LvsnetError(f"nfnetlink does not answer for {PATIENCE_S} s") from error
            kind, code = _answer(answer)
            if kind == NLMSG_ERROR:
                if -code == errno.EPERM:
                    raise LvsnetError(
                        "What the kernel can do cannot be tried out: that needs CAP_NET_ADMIN."
                    )
                return code == 0


def _answer(message: bytes) -> tuple[int, int]:
    """Type of a netlink message, and the negative errno when it is NLMSG_ERROR."""
    kind: int
    code: int
    kind, code = struct.unpack_from("=4xH10xi", message)
    return kind, code
