"""What is seen of one node while it is on: its links, addresses and IPVS table.

Its sockets are made in its network namespace, and keep that alive: `NodeWatch.close` lets go.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.engine import namespaces
from lvsnet.engine.links import ADDRESS, GETADDR, GETLINK, LINK, NETLINK_ROUTE
from lvsnet.engine.namespaces import GONE
from lvsnet.engine.netlink import READ_SIZE, Netlink
from lvsnet.observe import arp, ipvs, notices, tables
from lvsnet.observe.notices import Change, Held, Notice
from lvsnet.plan.model import Node

GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR (include/uapi/linux/rtnetlink.h)."""
DIRECTOR = "director"
AT_ONCE = 1000
"""Messages read before others have their turn."""
MISSED = Change(
    "watch",
    "missed",
    "rtnetlink",
    "too many changes of links and addresses at once: some are not told, only what came of them",
)


@dataclass
class NodeWatch:
    """A node that runs."""

    node: Node
    init: int
    """Process id."""
    pidfd: int
    route: socket.socket
    held: Held
    missed: bool = False
    """Whether the kernel could not tell all, and what came of it is still to be looked at."""
    ipvs: int | None = None
    """A descriptor of its /proc/net/ip_vs; None where the kernel has not loaded IPVS."""
    text: bytes = b""
    """What that had at the last look."""
    digest: bytes = b""
    table: tables.Table = field(default_factory=dict)

    @property
    def balances(self) -> bool:
        """Whether its IPVS table is likely to change."""
        return self.node.role == DIRECTOR or bool(self.table)

    def notified(self) -> Iterator[Change]:
        """What the kernel has told of links and addresses since the last time."""
        for _ in range(AT_ONCE):
            try:
                content = self.route.recv(READ_SIZE)
            except BlockingIOError:
                if self.missed:
                    self.missed = False
                    yield from self.looked()
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                # What the buffer has is older than what had no room: it is to be read first.
                self.missed = True
                yield MISSED
                continue
            for notice in notices.parse(content):
                yield from self.held.takes(notice)

    def looked(self) -> Iterator[Change]:
        """What is new by a look at all links and addresses; nothing of a node that has ended."""
        with suppress(*GONE):
            yield from self.held.has_only(_all(self.init))

    def listed(self, names: dict[str, str]) -> Iterator[Change]:
        """What is new by a look at the IPVS table; ``names`` as for `lvsnet.observe.tables`."""
        if self.ipvs is None:
            return
        self.text = _content(self.ipvs)
        digest = tables.digest(self.text)
        if digest == self.digest:
            return
        try:
            with namespaces.entered(namespaces.of_process(self.init)):
                table = tables.table(ipvs.services())
        except GONE:
            return
        before, self.table, self.digest = self.table, table, digest
        yield from tables.changes(before, table, names)

    def find_ipvs(self) -> None:
        """Open the IPVS table, of a kernel that may have loaded IPVS meanwhile."""
        if self.ipvs is None:
            with suppress(*GONE):
                path = f"/proc/{self.init}/net/ip_vs"
                self.ipvs = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        self.route.close()
        os.close(self.pidfd)
        if self.ipvs is not None:
            os.close(self.ipvs)


def begin(node: Node, init: int, vips: frozenset[str]) -> NodeWatch | None:
    """Watch a node whose init is that process; None when it has ended meanwhile.

    ``vips`` are the addresses, without prefix length, that VRRP moves.
    """
    try:
        pidfd = os.pidfd_open(init)
    except ProcessLookupError:
        return None
    try:
        with namespaces.entered(namespaces.of_process(init)):
            route = _subscribed()
    except GONE:
        os.close(pidfd)
        return None
    except OSError:
        os.close(pidfd)
        raise
    watch = NodeWatch(node, init, pidfd, route, Held(notices.fixed(node), vips))
    watch.find_ipvs()
    return watch


def _subscribed() -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    route = socket.socket(socket.AF_NETLINK, kind, NETLINK_ROUTE)
    try:
        arp.enlarge(route)
        route.bind((0, GROUPS))
    except OSError:
        route.close()
        raise
    return route


def _all(init: int) -> list[Notice]:
    """A notice for each link and address in the network namespace of a process."""
    with namespaces.entered(Path(f"/proc/{init}/ns/net")), Netlink(NETLINK_ROUTE) as netlink:
        links = netlink.dump(GETLINK, LINK.pack(0, 0, 0, 0, 0))
        addresses = netlink.dump(GETADDR, ADDRESS.pack(0, 0, 0, 0, 0))
    return [
        *(notices.link_notice(body, gone=False) for body in links),
        *(notices.address_notice(body, there=True) for body in addresses),
    ]


def _content(fd: int) -> bytes:
    """All of a file of /proc, from its start."""
    content = bytearray()
    while piece := os.pread(fd, READ_SIZE, len(content)):
        content += piece
    return bytes(content)
