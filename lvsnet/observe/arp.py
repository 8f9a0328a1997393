"""Gratuitous ARPs on a lab's segments: somebody says where an address is now (RFC 5227, 3)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

ETHERNET = 14
"""Bytes before the ARP packet (linux/if_ether.h, ETH_HLEN)."""
PACKET = struct.Struct(">HHBBH6s4s6s4s")
"""RFC 826: hardware, protocol, lengths of their addresses, operation, and the addresses."""
OVER_ETHERNET = (1, 0x0800, 6, 4)
ETH_P_ARP = 0x0806
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
"""include/uapi/asm-generic/socket.h; the former is the type of its control message, too."""
TIMESPEC = struct.Struct("=qq")
SOL_PACKET, PACKET_STATISTICS = 263, 6
STATISTICS = struct.Struct("=II")
"""struct tpacket_stats: packets, and of those, dropped ones; since it was read last."""
BUFFER = 4 * 1024 * 1024
"""Bytes of what is not read yet; a gratuitous ARP takes less than 1 KB."""
FRAME = 256
AT_ONCE = 1000
"""Frames read before others have their turn."""
LATEST_NS = 1_000_000_000
"""A packet that seems to have waited for longer does so because somebody has set the calendar."""


@dataclass(frozen=True)
class Announcement:
    at: int
    """Nanoseconds of CLOCK_MONOTONIC when the segment took it."""
    address: str
    mac: str
    """Where it says that the address is."""


def listen(bridge: str) -> socket.socket:
    """A socket, non-blocking, for all ARP on a bridge in the network namespace of this process.

    Raises:
        OSError: there is no such bridge, or this process may not.
    """
    # Bound before it has a protocol, or it would take from everywhere meanwhile (packet(7)).
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    end = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        enlarge(end)
        end.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        end.bind((bridge, ETH_P_ARP))
    except OSError:
        end.close()
        raise
    return end


def read(end: socket.socket) -> Iterator[Announcement]:
    """What has come; nothing when there is nothing."""
    return announcements(end, announced)


def announcements(
    end: socket.socket, announced: Callable[[bytes], tuple[str, str] | None]
) -> Iterator[Announcement]:
    """What ``announced`` takes for one, of the frames that have come."""
    for _ in range(AT_ONCE):
        try:
            frame, control, _flags, _address = end.recvmsg(FRAME, socket.CMSG_SPACE(TIMESPEC.size))
        except BlockingIOError:
            return
        found = announced(frame)
        if found is not None:
            yield Announcement(_when(control), *found)


def dropped(end: socket.socket) -> int:
    """How many frames had no room since this was asked last."""
    content = end.getsockopt(SOL_PACKET, PACKET_STATISTICS, STATISTICS.size)
    drops: int = STATISTICS.unpack(content)[1]
    return drops


def enlarge(end: socket.socket) -> None:
    """Give a socket room for much that is not read yet; as much as it gets where it may not."""
    try:
        end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)


def announced(frame: bytes) -> tuple[str, str] | None:
    """Address and MAC of a gratuitous ARP, a request or a reply; None of another frame."""
    if len(frame) < ETHERNET + PACKET.size:
        return None
    *kinds, _operation, mac, sender, _mac, target = PACKET.unpack_from(frame, ETHERNET)
    if tuple(kinds) != OVER_ETHERNET or sender != target or sender == bytes(4):
        return None
    return str(IPv4Address(sender)), mac.hex(":")


def _when(control: list[tuple[int, int, bytes]]) -> int:
    """The time of the packet's arrival, told by the calendar, on the monotonic clock."""
    now = time.monotonic_ns()
    for level, kind, content in control:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = TIMESPEC.unpack(content)
            age: int = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
            if 0 <= age < LATEST_NS:
                return now - age
    return now
