"""Queueing disciplines of network interfaces, of which netem is one (rtnetlink(7), tc-netem(8))."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from lvsnet.engine.netlink import (
    CREATE,
    REPLACE,
    Netlink,
    attribute,
    attributes,
    text,
    word,
)

NETLINK_ROUTE = 0
NEWQDISC, DELQDISC, GETQDISC = 36, 37, 38
"""RTM_NEWQDISC and so on (include/uapi/linux/rtnetlink.h)."""
TC = struct.Struct("=BxxxiIII")
"""struct tcmsg: family, index of the link, handle, parent, info."""
ROOT = 0xFFFFFFFF
"""TC_H_ROOT"""
KIND, OPTIONS, STATISTICS = 1, 2, 7
"""TCA_KIND, TCA_OPTIONS, TCA_STATS2"""
QUEUE = 3
"""TCA_STATS_QUEUE (include/uapi/linux/gen_stats.h)"""
QUEUED = struct.Struct("=IIIII")
"""struct gnet_stats_queue: packets and bytes that wait, drops, requeues, overlimits."""

QOPT = struct.Struct("=IIIIII")
"""struct tc_netem_qopt (include/uapi/linux/pkt_sched.h): latency in ticks, limit in packets, loss,
gap, duplicate, jitter in ticks. Ticks are 0 here, for the kernel takes nanoseconds as well."""
REORDER, CORRUPT, RATE, RATE64, LATENCY64, JITTER64 = 3, 4, 6, 8, 10, 11
"""TCA_NETEM_REORDER and so on."""
PAIR = struct.Struct("=II")
"""struct tc_netem_reorder and tc_netem_corrupt: probability, correlation."""
RATE_OPTION = struct.Struct("=IiIi")
"""struct tc_netem_rate: bytes a second, packet overhead, cell size, cell overhead."""
SIGNED64, UNSIGNED64 = struct.Struct("=q"), struct.Struct("=Q")
ALWAYS = 0xFFFFFFFF
"""A probability of 1."""

HANDLE = 0x6C760000
"""Of those that lvsnet puts, ``6c76:`` to tc(8): what a user puts has another one."""


@dataclass(frozen=True)
class Impairment:
    """What netem does to packets that leave by an interface; 0 is none of it."""

    delay_us: int
    jitter_us: int
    loss: float
    """Per cent, as the others that follow."""
    duplicate: float
    corrupt: float
    reorder: float
    rate: int
    """Bits a second."""
    limit: int
    """Packets."""


@dataclass(frozen=True)
class Qdisc:
    kind: str
    handle: int
    """0 for one that the kernel has put there itself."""
    drops: int = 0
    """Packets that it has thrown away since it was put there, a number of 32 bits."""


class Qdiscs(Netlink):
    """Root qdiscs of the network namespace that the process was in when this was made."""

    def __init__(self) -> None:
        super().__init__(NETLINK_ROUTE)

    def root(self, index: int) -> Qdisc | None:
        """What is at the root of an interface's queue. Raises OSError."""
        for body in self.dump(GETQDISC, TC.pack(0, index, 0, 0, 0)):
            _family, link, handle, parent, _info = TC.unpack_from(body)
            if link == index and parent == ROOT:
                found = attributes(body[TC.size :])
                return Qdisc(word(found.get(KIND, b"")), handle, _drops(found))
        return None

    def impair(self, index: int, impairment: Impairment) -> None:
        """Put netem at the root, or change that which `impair` has put there.

        Raises:
            OSError: ENOENT, the kernel has no sch_netem; another reason of the kernel's.
        """
        head = TC.pack(0, index, HANDLE, ROOT, 0)
        body = head + text(KIND, "netem") + attribute(OPTIONS, options(impairment))
        self.do(NEWQDISC, body, CREATE | REPLACE)

    def remove(self, index: int) -> None:
        """Take away what `impair` has put at the root. Raises OSError."""
        self.do(DELQDISC, TC.pack(0, index, HANDLE, ROOT, 0))


def _drops(found: Mapping[int, bytes]) -> int:
    queue = attributes(found.get(STATISTICS, b"")).get(QUEUE, b"")
    return QUEUED.unpack_from(queue)[2] if len(queue) >= QUEUED.size else 0


def options(impairment: Impairment) -> bytes:
    """TCA_OPTIONS of netem: a struct with attributes behind it.

    All attributes are there, also those that say nothing: netem_change() of the kernel's
    net/sched/sch_netem.c leaves what it is not told as it was.
    """
    one = impairment
    rate = one.rate // 8
    # A gap of 1: each packet may be one that overtakes, as tc(8) has it.
    gap = 1 if one.reorder else 0
    head = QOPT.pack(0, one.limit, probability(one.loss), gap, probability(one.duplicate), 0)
    found = [
        attribute(LATENCY64, SIGNED64.pack(one.delay_us * 1000)),
        attribute(JITTER64, SIGNED64.pack(one.jitter_us * 1000)),
        attribute(REORDER, PAIR.pack(probability(one.reorder), 0)),
        attribute(CORRUPT, PAIR.pack(probability(one.corrupt), 0)),
        attribute(RATE, RATE_OPTION.pack(min(rate, 0xFFFFFFFF), 0, 0, 0)),
    ]
    if rate > 0xFFFFFFFF:
        found.append(attribute(RATE64, UNSIGNED64.pack(rate)))
    return head + b"".join(found)


def probability(percent: float) -> int:
    """Of 32 bits, rounded as tc(8) does."""
    return min(ALWAYS, round(percent / 100 * ALWAYS))
