"""Sockets that hear what passes the interfaces of a network namespace (packet(7))."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lvsnet.observe import arp
from lvsnet.observe.capture_model import LARGEST

ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 8, 23
AUXDATA = struct.Struct("=IIIHHHH")
"""struct tpacket_auxdata: status, length, captured length, where the link's and the network's
headers begin, VLAN's tag and its type."""
VLAN_VALID, VLAN_TYPE_VALID = 1 << 4, 1 << 6
ADDRESS = struct.Struct("=HHiHBB8s")
"""struct sockaddr_ll: family, protocol (big-endian), index, type, packet type, address."""
PROGRAM = struct.Struct("@HP")
"""struct sock_fprog"""
BUFFER = 8 * 1024 * 1024
"""Bytes of what is not read yet, at each node; the kernel counts double."""
AT_ONCE = 2000
"""Frames read before others have their turn."""
OUTGOING = 4
"""PACKET_OUTGOING"""
ETHERNET_LIKE = (1, 772)
"""ARPHRD_ETHER, ARPHRD_LOOPBACK: frames begin with Ethernet's header."""
ETHERNET, RAW = 1, 101
"""LINKTYPE_ETHERNET, LINKTYPE_RAW"""
MACS = 12
"""Bytes before a VLAN's tag, or the frame's type."""

_libc = ctypes.CDLL(None, use_errno=True)
_control = socket.CMSG_SPACE(arp.TIMESPEC.size) + socket.CMSG_SPACE(AUXDATA.size)


@dataclass(frozen=True)
class Heard:
    """A frame at an interface."""

    interface: str
    """Empty of one that is gone."""
    link: int
    """LINKTYPE_ETHERNET, or LINKTYPE_RAW of what begins with IP."""
    reception: int
    calendar: int
    """Nanoseconds since 1970 (UTC)."""
    length: int
    content: bytes


def listen(program: bytes, *, incoming: bool) -> socket.socket:
    """A socket, non-blocking, at all interfaces that this process's network namespace has or gets.

    ``program`` is a filter as `lvsnet.observe.packet_filter.encoded`; ``incoming`` leaves out what
    leaves the namespace.

    Raises:
        OSError: this process may not, or the kernel refuses the filter.
    """
    # Without a protocol it takes nothing yet (packet(7)): nothing comes in before the filter.
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    end = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        _enlarge(end)
        end.setsockopt(socket.SOL_SOCKET, arp.SO_TIMESTAMPNS, 1)
        end.setsockopt(arp.SOL_PACKET, PACKET_AUXDATA, 1)
        if incoming:
            end.setsockopt(arp.SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        code = ctypes.create_string_buffer(program, len(program))
        argument = PROGRAM.pack(len(program) // 8, ctypes.addressof(code))
        end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, argument)
        _bind(end)
    except OSError:
        end.close()
        raise
    return end


def read(end: socket.socket, buffer: bytearray) -> Iterator[Heard]:
    """The frames that have come, `AT_ONCE` at most; ``buffer`` has room for the largest one."""
    for _ in range(AT_ONCE):
        try:
            size, control, _flags, address = end.recvmsg_into([buffer], _control)
        except BlockingIOError:
            return
        yield _heard(bytes(memoryview(buffer)[:size]), control, address)


def room() -> bytearray:
    """A buffer for `read`."""
    return bytearray(LARGEST)


def _heard(
    content: bytes, control: list[tuple[int, int, bytes]], address: tuple[str, int, int, int, bytes]
) -> Heard:
    interface, _protocol, reception, device, _mac = address
    calendar, length, link = 0, len(content), ETHERNET
    for level, kind, said in control:
        if (level, kind) == (socket.SOL_SOCKET, arp.SO_TIMESTAMPNS):
            seconds, nanoseconds = arp.TIMESPEC.unpack(said)
            calendar = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == (arp.SOL_PACKET, PACKET_AUXDATA):
            status, length, _captured, _link, network, tag, tagged = AUXDATA.unpack(said)
            if device not in ETHERNET_LIKE:
                # Some interfaces have other headers before IP's, as GRE's the outer ones.
                content, length, link = content[network:], max(0, length - network), RAW
            elif status & VLAN_VALID:
                # The kernel has taken it out of the frame.
                tagged = tagged if status & VLAN_TYPE_VALID else 0x8100
                content = content[:MACS] + struct.pack(">HH", tagged, tag) + content[MACS:]
                length += 4
    return Heard(interface, link, reception, calendar, length, content)


def _enlarge(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, arp.SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)


def _bind(end: socket.socket) -> None:
    """To all interfaces, which Python's own bind cannot: it wants the name of one."""
    address = ADDRESS.pack(socket.AF_PACKET, socket.htons(ETH_P_ALL), 0, 0, 0, 0, bytes(8))
    if _libc.bind(end.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
