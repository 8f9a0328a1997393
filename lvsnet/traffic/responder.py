"""A server for targets without http where a node has none: answers a line with the node's name."""

from __future__ import annotations

import errno
import re
import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.traffic.lines import number_in

IP_PKTINFO = 8
"""include/uapi/linux/in.h; Python has not got it."""
NET = Path("/proc/thread-self/net")
LINK_LOCAL = b"\xfe\x80"
BACKLOG = 4096
READ_SIZE = 64 * 1024
HEAD = 64
"""Bytes of a request's line that matter; the others are its upload."""
ANCILLARY = 64
"""Bytes for one address of either family, with its header."""


def listening(scheme: str, port: int) -> list[socket.socket]:
    """Sockets on all of a node's addresses, in whose network namespace this is called.

    Raises:
        OSError: the port is taken.
    """
    if scheme == "sctp":
        return _of_associations(port)
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    made: list[socket.socket] = []
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                one = socket.socket(family, kind | socket.SOCK_NONBLOCK)
            except OSError:
                if family == socket.AF_INET:
                    raise
                continue  # a kernel without IPv6
            made.append(one)
            if scheme == "tcp":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                one.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            one.bind(("", port))
            if scheme == "tcp":
                one.listen(BACKLOG)
    except BaseException:
        for one in made:
            one.close()
        raise
    return made


def _of_associations(port: int) -> list[socket.socket]:
    """A socket for each address: one that has all of them tells the client so (RFC 9260, 5.1.2),
    who may then go on to another one than the VIP."""
    made: list[socket.socket] = []
    kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK
    try:
        for family, address in _own_addresses():
            made.append(socket.socket(family, kind, socket.IPPROTO_SCTP))
            made[-1].bind((address, port))
            made[-1].listen(BACKLOG)
    except BaseException:
        for one in made:
            one.close()
        raise
    return made


def _own_addresses() -> list[tuple[int, str]]:
    """Those of the network namespace, each once; not those that mean nothing without interface."""
    four = re.findall(r"\|-- (\S+)\n +/32 host LOCAL", (NET / "fib_trie").read_text())
    found = [(int(socket.AF_INET), one) for one in dict.fromkeys(four)]
    with suppress(FileNotFoundError):  # a kernel without IPv6
        for line in (NET / "if_inet6").read_text().splitlines():
            packed = bytes.fromhex(line.split()[0])
            if packed[:2] != LINK_LOCAL:
                found.append((int(socket.AF_INET6), socket.inet_ntop(socket.AF_INET6, packed)))
    return found


def answer(name: str, line: bytes) -> bytes:
    """``nginx01 17`` to the request ``lvsnet 17``, and ``nginx01`` to what has no number."""
    number = number_in(b" ".join(line[:HEAD].split()[:2]))
    return f"{name}\n".encode() if number is None else f"{name} {number}\n".encode()


@dataclass
class _Peer:
    socket: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    to_say: bytearray = field(default_factory=bytearray)


@dataclass
class Responder:
    """Answers until `control` can be read, or nobody has the other end of `owner` any more."""

    name: str
    sockets: Sequence[socket.socket]
    control: int
    owner: int | None = None
    """A pipe's end for reading, into which nothing is written."""
    _peers: dict[int, _Peer] = field(default_factory=dict)

    def run(self) -> None:
        with select.epoll() as epoll:
            epoll.register(self.control, select.EPOLLIN)
            if self.owner is not None:
                epoll.register(self.owner, 0)  # EPOLLHUP is told anyway
            by_number = {one.fileno(): one for one in self.sockets}
            for fd in by_number:
                epoll.register(fd, select.EPOLLIN)
            while True:
                for fd, _ in epoll.poll():
                    if fd in (self.control, self.owner):
                        return
                    if fd in self._peers:
                        self._serve(self._peers[fd], epoll)
                    elif fd in by_number and by_number[fd].type == socket.SOCK_DGRAM:
                        self._answer_datagram(by_number[fd])
                    elif fd in by_number:
                        self._accept(by_number[fd], epoll)

    def _answer_datagram(self, one: socket.socket) -> None:
        """From the address that was asked, which behind a director is one that routes do not take.

        By ip(7) and ipv6(7), IP_PKTINFO and IPV6_PKTINFO.
        """
        try:
            line, ancillary, _, sender = one.recvmsg(READ_SIZE, ANCILLARY)
        except OSError:
            return  # what an answer before met with, such as a port that nobody has any more
        where = [(level, kind, _from(kind, data)) for level, kind, data in ancillary]
        try:
            one.sendmsg([answer(self.name, line)], where, 0, sender)
        except OSError:
            return  # nobody there, or no room: an answer is lost as datagrams are

    def _accept(self, one: socket.socket, epoll: select.epoll) -> None:
        try:
            end, _ = one.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE) and self._peers:
                # The one that has been there longest makes room.
                self._peers.pop(next(iter(self._peers))).socket.close()
            return  # else it was reset meanwhile
        end.setblocking(False)
        self._peers[end.fileno()] = _Peer(end)
        epoll.register(end.fileno(), select.EPOLLIN)

    def _serve(self, peer: _Peer, epoll: select.epoll) -> None:
        fd = peer.socket.fileno()
        waited = bool(peer.to_say)
        try:
            if not peer.to_say:
                piece = peer.socket.recv(READ_SIZE)
                if not piece:
                    raise ConnectionResetError
                self._hear(peer, piece)
            if peer.to_say:
                del peer.to_say[: peer.socket.send(peer.to_say)]
        except BlockingIOError:
            pass
        except OSError:
            del self._peers[fd]
            peer.socket.close()
            return
        if waited != bool(peer.to_say):
            epoll.modify(fd, select.EPOLLOUT if peer.to_say else select.EPOLLIN)

    def _hear(self, peer: _Peer, piece: bytes) -> None:
        *lines, rest = (bytes(peer.heard) + piece).split(b"\n")
        peer.heard = bytearray(rest[:HEAD])
        for line in lines:
            peer.to_say += answer(self.name, line)


def _from(kind: int, data: bytes) -> bytes:
    """The address that a datagram came to, as the one to answer from."""
    if kind != IP_PKTINFO:
        # struct in6_pktinfo: a link's own address means nothing without its interface.
        return data[:20] if data[:2] == LINK_LOCAL else data[:16] + bytes(4)
    # struct in_pktinfo: ipi_ifindex, which routes choose, ipi_spec_dst, ipi_addr.
    return bytes(4) + data[4:8] + bytes(4)
