"""Netlink messages over a blocking socket (RFC 3549, include/uapi/linux/netlink.h).

Few kinds of message are needed, and a deploy waits for the start of whoever sends them: pyroute2's
messages take 0.1 s to import in a guest and its sockets, which run an event loop, 0.4 s more. This
takes 0.01 s.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Self

DEADLINE = 10.0
"""Seconds that the kernel may take for an answer; it takes well under a millisecond."""
HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length, type, flags, sequence number, port."""
ATTRIBUTE = struct.Struct("=HH")
"""struct nlattr: length, type."""
CODE = struct.Struct("=i")
READ_SIZE = 256 * 1024

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
REPLACE, EXCLUSIVE, CREATE = 0x100, 0x200, 0x400
WITH_WORDS = 0x200
"""NLM_F_REQUEST and so on; the last is NLM_F_ACK_TLVS."""
ERROR, DONE = 2, 3
"""NLMSG_ERROR, NLMSG_DONE"""
NESTED, TYPE_MASK = 0x8000, 0x3FFF
"""NLA_F_NESTED, NLA_TYPE_MASK"""
WORDS = 1
"""NLMSGERR_ATTR_MSG"""
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11


class Netlink:
    """A socket to the kernel, in the network namespace that the process was in when it was made."""

    def __init__(self, protocol: int) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self.socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        self.socket.settimeout(DEADLINE)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.socket.setsockopt(SOL_NETLINK, option, 1)
        self.number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def do(self, kind: int, body: bytes, flags: int = 0) -> None:
        """Have something done.

        Raises:
            OSError: the kernel's error, with its own words where it has some.
        """
        for _answer in self._answers(kind, body, REQUEST | ACK | flags):
            pass

    def ask(self, kind: int, body: bytes) -> list[bytes]:
        """The bodies of the kernel's answer to one question. Raises OSError."""
        return list(self._answers(kind, body, REQUEST | ACK))

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """As `ask`, of all that there are of a kind. Raises OSError."""
        return list(self._answers(kind, body, REQUEST | DUMP))

    def _answers(self, kind: int, body: bytes, flags: int) -> Iterator[bytes]:
        self.number += 1
        length = HEADER.size + len(body)
        self.socket.send(HEADER.pack(length, kind, flags, self.number, 0) + body)
        while True:
            content = self.socket.recv(READ_SIZE)
            at = 0
            while at < len(content):
                length, answer, marks, number, _port = HEADER.unpack_from(content, at)
                piece = content[at + HEADER.size : at + length]
                at += _aligned(length)
                if number != self.number:
                    continue  # of a request that was given up
                if answer in (ERROR, DONE):
                    _check(piece, marks)
                    return
                yield piece


def attribute(kind: int, content: bytes) -> bytes:
    """A struct nlattr with its padding."""
    length = ATTRIBUTE.size + len(content)
    return ATTRIBUTE.pack(length, kind) + content.ljust(_aligned(len(content)), b"\0")


def nested(kind: int, inner: Iterable[bytes]) -> bytes:
    """An attribute of attributes."""
    return attribute(kind | NESTED, b"".join(inner))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """An attribute of 32 bits."""
    return attribute(kind, value.to_bytes(4, "little"))


def attributes(content: bytes) -> dict[int, bytes]:
    """Type -> content of the attributes in ``content``; the last of those of one type."""
    found = {}
    at = 0
    while at + ATTRIBUTE.size <= len(content):
        length, kind = ATTRIBUTE.unpack_from(content, at)
        if length < ATTRIBUTE.size:
            break
        found[kind & TYPE_MASK] = content[at + ATTRIBUTE.size : at + length]
        at += _aligned(length)
    return found


def word(content: bytes) -> str:
    """A string that ends with a zero."""
    return content.rstrip(b"\0").decode(errors="replace")


def integer(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _aligned(length: int) -> int:
    """NLMSG_ALIGN, NLA_ALIGN"""
    return (length + 3) & ~3


def _check(answer: bytes, marks: int) -> None:
    """Raise what NLMSG_ERROR or NLMSG_DONE says, if anything (struct nlmsgerr)."""
    (code,) = CODE.unpack_from(answer)
    if code == 0:
        return
    reason = os.strerror(-code)
    if marks & WITH_WORDS:
        # Behind the header of the request, which NETLINK_CAP_ACK leaves there alone.
        said = attributes(answer[CODE.size + HEADER.size :]).get(WORDS)
        if said:
            reason = f"{reason} ({word(said)})"
    raise OSError(-code, reason)
