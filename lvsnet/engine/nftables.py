"""Frames that the bridges of a namespace do not pass on: nftables' table ``lvsnet``, by netlink.

By its messages (include/uapi/linux/netfilter/nf_tables.h, nfnetlink.h) rather than by nft(8): a
machine may lack the program, and one in a node's image is the node's, so not for root to run.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import namespaces
from lvsnet.engine.netlink import (
    ACK,
    CODE,
    CREATE,
    ERROR,
    HEADER,
    READ_SIZE,
    REQUEST,
    Netlink,
    attribute,
    nested,
    text,
)
from lvsnet.errors import LvsnetError

NETLINK_NETFILTER = 12
SUBSYSTEM = 10
"""NFNL_SUBSYS_NFTABLES"""
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NEWTABLE, DELTABLE, NEWCHAIN, NEWRULE = 0, 2, 3, 6
APPEND = 0x800
GENERIC = struct.Struct("!BBH")
"""struct nfgenmsg: family, version, resource."""
BRIDGE, FORWARD = 7, 2
"""NFPROTO_BRIDGE, NF_BR_FORWARD"""
TABLE = "lvsnet"
CHAIN = "forward"
META_PROTOCOL, META_IN, META_OUT, META_L4 = 1, 6, 7, 16
"""NFT_META_PROTOCOL, NFT_META_IIFNAME, NFT_META_OIFNAME, NFT_META_L4PROTO"""
REGISTER, VERDICT_REGISTER = 1, 0
TRANSPORT_HEADER = 2
NAME_SIZE = 16
"""IFNAMSIZ, which an interface's name fills in a register."""
DROP = 0
ARP = 0x0806
"""ETH_P_ARP"""
SEND_BUFFER_FORCE = 32
"""SO_SNDBUFFORCE: a batch goes at once, and is as long as it is."""
MISSING = (
    errno.ENOENT,
    errno.EPROTONOSUPPORT,
    errno.EAFNOSUPPORT,
    errno.EOPNOTSUPP,
    errno.EINVAL,
)


@dataclass(frozen=True)
class Rule:
    """Frames to lose, those for which all holds that is said; empty or None says nothing."""

    come_by: str = ""
    """A bridge's port."""
    leave_by: str = ""
    arp: bool = False
    protocol: int | None = None
    """Of IPv4 or IPv6."""
    from_port: int | None = None
    to_port: int | None = None


def replace(namespace: Path, rules: Sequence[Rule]) -> None:
    """Have these rules in place of those that were there; no frame sees half of them.

    Without rules, nothing of them is left.

    Raises:
        LvsnetError: the kernel has no nftables for bridges.
        OSError: it refuses for another reason.
    """
    try:
        with namespaces.entered(namespace):
            netlink = Netlink(NETLINK_NETFILTER)
        with netlink:
            _send(netlink, _messages(rules))
    except OSError as error:
        if error.errno in MISSING:
            raise LvsnetError(
                f"the kernel the lab runs on, {os.uname().release}, cannot filter what bridges "
                f"pass on ({error.strerror}): it needs nftables for bridges (CONFIG_NF_TABLES, "
                "CONFIG_NF_TABLES_BRIDGE); `lvsnet kernel build` builds a guest kernel with it"
            ) from error
        raise


def _messages(rules: Sequence[Rule]) -> list[tuple[int, int, bytes]]:
    """Type, flags and body. A table must be there to be deleted, so it is made first."""
    table = text(1, TABLE)  # NFTA_TABLE_NAME
    messages = [(NEWTABLE, CREATE, table), (DELTABLE, 0, table)]
    if rules:
        hook = nested(4, (_number(1, FORWARD), _number(2, 0)))  # NFTA_CHAIN_HOOK
        # NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, NFTA_CHAIN_TYPE
        chain = text(1, TABLE) + text(3, CHAIN) + hook + text(7, "filter")
        messages += [(NEWTABLE, CREATE, table), (NEWCHAIN, CREATE, chain)]
        messages += [(NEWRULE, CREATE | APPEND, _rule(rule)) for rule in rules]
    return messages


def _send(netlink: Netlink, messages: Sequence[tuple[int, int, bytes]]) -> None:
    """All or none of them (net/netfilter/nfnetlink.c, nfnetlink_rcv_batch()).

    What went wrong is told before the last message is acknowledged.
    """
    last = len(messages)
    frame = GENERIC.pack(socket.AF_UNSPEC, 0, SUBSYSTEM)
    batch = [_message(BATCH_BEGIN, 0, 0, frame)]
    for number, (kind, flags, body) in enumerate(messages, 1):
        marks = flags | (ACK if number == last else 0)
        full = GENERIC.pack(BRIDGE, 0, 0) + body
        batch.append(_message(SUBSYSTEM << 8 | kind, marks, number, full))
    batch.append(_message(BATCH_END, 0, last + 1, frame))
    content = b"".join(batch)
    netlink.socket.setsockopt(socket.SOL_SOCKET, SEND_BUFFER_FORCE, 2 * len(content) + 65536)
    netlink.socket.send(content)
    while True:
        answer = netlink.socket.recv(READ_SIZE)
        at = 0
        while at < len(answer):
            length, kind, _flags, number, _port = HEADER.unpack_from(answer, at)
            if kind == ERROR:
                (code,) = CODE.unpack_from(answer, at + HEADER.size)
                if code:
                    raise OSError(-code, os.strerror(-code))
                if number == last:
                    return
            at += (length + 3) & ~3


def _message(kind: int, flags: int, number: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, number, 0) + body


def _rule(rule: Rule) -> bytes:
    parts: list[bytes] = []
    if rule.come_by:
        parts += _meta(META_IN, _name(rule.come_by))
    if rule.leave_by:
        parts += _meta(META_OUT, _name(rule.leave_by))
    if rule.arp:
        parts += _meta(META_PROTOCOL, ARP.to_bytes(2, "big"))
    if rule.protocol is not None:
        parts += _meta(META_L4, bytes([rule.protocol]))
    if rule.from_port is not None:
        parts += _transport(0, rule.from_port)
    if rule.to_port is not None:
        parts += _transport(2, rule.to_port)
    verdict = nested(2, [nested(2, [_number(1, DROP)])])  # NFTA_DATA_VERDICT, NFTA_VERDICT_CODE
    parts.append(_expression("immediate", (_number(1, VERDICT_REGISTER), verdict)))
    # NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS
    return text(1, TABLE) + text(2, CHAIN) + nested(4, parts)


def _meta(key: int, value: bytes) -> list[bytes]:
    # NFTA_META_DREG, NFTA_META_KEY
    return [_expression("meta", (_number(1, REGISTER), _number(2, key))), _equals(value)]


def _transport(offset: int, port: int) -> list[bytes]:
    # NFTA_PAYLOAD_DREG, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN
    where = (_number(1, REGISTER), _number(2, TRANSPORT_HEADER), _number(3, offset), _number(4, 2))
    return [_expression("payload", where), _equals(port.to_bytes(2, "big"))]


def _equals(value: bytes) -> bytes:
    # NFTA_CMP_SREG, NFTA_CMP_OP (NFT_CMP_EQ), NFTA_CMP_DATA with NFTA_DATA_VALUE
    what = (_number(1, REGISTER), _number(2, 0), nested(3, [attribute(1, value)]))
    return _expression("cmp", what)


def _expression(name: str, data: Iterable[bytes]) -> bytes:
    # NFTA_LIST_ELEM with NFTA_EXPR_NAME, NFTA_EXPR_DATA
    return nested(1, (text(1, name), nested(2, data)))


def _name(interface: str) -> bytes:
    return interface.encode().ljust(NAME_SIZE, b"\0")


def _number(kind: int, value: int) -> bytes:
    """Netfilter has its numbers in the network's byte order."""
    return attribute(kind, value.to_bytes(4, "big"))
