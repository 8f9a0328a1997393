"""Unsolicited neighbour advertisements on a lab's segments: somebody says where an IPv6 address is
now (RFC 4861, 7.2.6), as a gratuitous ARP does of an IPv4 address."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address

from lvsnet.observe import arp
from lvsnet.observe.arp import ETHERNET, Announcement

ETH_P_IPV6 = 0x86DD
SO_ATTACH_FILTER = 26
HEADER = 40
"""Bytes of the IPv6 header."""
NEXT_HEADER, TO = ETHERNET + 6, ETHERNET + 24
TYPE = ETHERNET + HEADER
ADVERTISEMENT = struct.Struct(">BBHB3x16s")
"""RFC 4861, 4.4: type, code, checksum, flags, the address that it is about."""
OPTION = struct.Struct(">BB6s")
"""RFC 4861, 4.6.1: type, length in units of 8 bytes, the MAC address."""
ICMPV6, NEIGHBOUR_ADVERTISEMENT, TARGETS_MAC = 58, 136, 2
SOLICITED = 0x40
FILTER = (
    (0x30, 0, 0, NEXT_HEADER),  # the byte there
    (0x15, 0, 3, ICMPV6),  # else to the end
    (0x30, 0, 0, TYPE),
    (0x15, 0, 1, NEIGHBOUR_ADVERTISEMENT),
    (0x06, 0, 0, arp.FRAME),  # take so much of it
    (0x06, 0, 0, 0),  # take nothing
)
"""What the kernel is to pass on of all IPv6: neighbour advertisements (linux/filter.h)."""
INSTRUCTION = struct.Struct("=HBBI")
"""struct sock_filter: what to do, where to go on if so and if not, with which number."""
PROGRAM = struct.Struct("@HP")
"""struct sock_fprog: how many instructions, and where they are."""


def listen(bridge: str) -> socket.socket:
    """A socket, non-blocking, for all neighbour advertisements on a bridge in the network namespace
    of this process.

    Raises:
        OSError: there is no such bridge, or this process may not.
    """
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    end = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        arp.enlarge(end)
        end.setsockopt(socket.SOL_SOCKET, arp.SO_TIMESTAMPNS, 1)
        # Before it takes anything: else what no one asked for would be in it.
        code = ctypes.create_string_buffer(b"".join(INSTRUCTION.pack(*one) for one in FILTER))
        program = PROGRAM.pack(len(FILTER), ctypes.addressof(code))
        end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        end.bind((bridge, ETH_P_IPV6))
    except OSError:
        end.close()
        raise
    return end


def read(end: socket.socket) -> Iterator[Announcement]:
    """What has come; nothing when there is nothing."""
    return arp.announcements(end, announced)


def announced(frame: bytes) -> tuple[str, str] | None:
    """Address and MAC of an unsolicited neighbour advertisement to all; None of another frame.

    Without the option that names it the MAC is the sender's.
    """
    if len(frame) < TYPE + ADVERTISEMENT.size or frame[NEXT_HEADER] != ICMPV6:
        return None
    kind, _code, _sum, flags, about = ADVERTISEMENT.unpack_from(frame, TYPE)
    to_all = frame[TO] == 0xFF
    if kind != NEIGHBOUR_ADVERTISEMENT or flags & SOLICITED or not to_all:
        return None
    mac = frame[6:12]
    at = TYPE + ADVERTISEMENT.size
    if len(frame) >= at + OPTION.size:
        option, _length, value = OPTION.unpack_from(frame, at)
        mac = value if option == TARGETS_MAC else mac
    return str(IPv6Address(about)), mac.hex(":")
