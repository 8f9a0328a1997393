"""What a node's cable has carried, and what the shaping at its ends has thrown away.

Bytes are the interface's own (rtnl_link_stats64, as ``ip -s link`` in the node shows them), whole
Ethernet frames. Drops are those of the queueing discipline that shapes a direction
(``tc -s qdisc``): at the interface for what the node sends, and at the cable's other end, in the
fabric, for what it gets, where `lvsnet.engine.fault_netem` puts netem.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import namespaces
from lvsnet.engine.links import GETLINK, LINK, NAME, NETLINK_ROUTE
from lvsnet.engine.netlink import Netlink, attributes, word
from lvsnet.engine.qdiscs import Qdiscs
from lvsnet.engine.runtime import Runtime, interface
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan

STATISTICS = 23
"""IFLA_STATS64"""
BYTES = struct.Struct("=16xQQ")
"""Of struct rtnl_link_stats64: behind the packets, bytes received and sent."""


@dataclass(frozen=True)
class Counters:
    """Of one interface of a node's, since its cable is there."""

    cable: int
    """Which cable it is: a node that has been off gets another one, whose counters begin at 0."""
    received: int
    """Bytes."""
    sent: int
    dropped_in: int
    """Packets that the shaping threw away."""
    dropped_out: int


def read(plan: Plan, node: str, name: str, runtime: Runtime) -> Counters:
    """What has passed by a node's interface.

    Raises:
        LvsnetError: the node is off or has no such interface, or its cable is none of lvsnet's.
    """
    outer = interface(plan, node, name).port
    init = runtime.inits(plan.lab).get(node)
    if init is None:
        raise LvsnetError(f"{node} does not run")
    inside = namespaces.of_process(init)
    try:
        with _counting(inside) as own, _counting(namespaces.of_fabric(plan.lab)) as other:
            _, received, sent, dropped_out = own.of(name)
            cable, _, _, dropped_in = other.of(outer)
    except OSError as error:
        raise LvsnetError(f"{node}:{name}: counters: {error.strerror or error}") from error
    return Counters(cable, received, sent, dropped_in, dropped_out)


@dataclass(frozen=True)
class _Counting:
    """The links and qdiscs of one network namespace."""

    links: Netlink
    qdiscs: Qdiscs

    def of(self, name: str) -> tuple[int, int, int, int]:
        """Index, bytes received and sent, and the root qdisc's drops. Raises OSError."""
        for body in self.links.dump(GETLINK, LINK.pack(0, 0, 0, 0, 0)):
            found = attributes(body[LINK.size :])
            if word(found[NAME]) == name:
                index = LINK.unpack_from(body)[2]
                received, sent = BYTES.unpack_from(found[STATISTICS])
                return index, received, sent, self._drops(index)
        raise OSError(f"there is no interface {name}")

    def _drops(self, index: int) -> int:
        try:
            there = self.qdiscs.root(index)
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:  # a kernel that cannot shape (CONFIG_NET_SCHED)
                raise
            return 0
        return 0 if there is None else there.drops


@contextmanager
def _counting(namespace: Path) -> Iterator[_Counting]:
    with ExitStack() as stack:
        with namespaces.entered(namespace):
            links = stack.enter_context(Netlink(NETLINK_ROUTE))
            qdiscs = stack.enter_context(Qdiscs())
        yield _Counting(links, qdiscs)
