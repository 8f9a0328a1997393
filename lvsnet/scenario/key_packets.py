"""Of all packets that pass a lab's wires those that tell something, and of many alike the first and
the last ones.

No I/O here: packets in by time, those that are kept out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from lvsnet.observe.capture_model import Capture
from lvsnet.observe.packet import Packet
from lvsnet.plan.model import Plan

SECOND = 1_000_000_000
FILTER = (
    "arp or ip proto 112 or ip6 proto 112 or icmp or icmp6 or "
    "(ip[6:2] & 0x1fff = 0 and tcp and (tcp[13] & 0x12 = 2 or tcp[13] & 4 != 0)) or "
    "(ip6[6] = 6 and (ip6[53] & 0x12 = 2 or ip6[53] & 4 != 0))"
)
"""VRRP, ARP, ICMP, and of TCP the SYN that opens a connection and RST: two packets or three of a
connection, so that a busy lab is not slowed down."""
SNAPLEN = 256
"""Bytes of a packet: more than any of these needs to be told."""
MOST = 30
"""Of each kind the first ones that are kept, and as many last ones."""
ANEW = 4 * SECOND
"""An advertisement that was not heard for so long, and for three of its intervals, is news."""
REPEATED = 2 * SECOND
"""Of what else is said again within this time, once is enough."""
AGAIN = 10 * SECOND
"""A SYN that comes again within this time was not answered (tcp_syn_retries of tcp(7))."""
OPENING = 4
"""SYNs that are kept at first, and after each fault and each other packet that is kept."""
ANSWERING = ("arp-request", "arp-reply", "nd-solicitation", "nd-advertisement")
TOLD = ("arp-gratuitous", "nd-unsolicited", "icmp-error", "tcp-rst", *ANSWERING)
_WORD = re.compile(r"[0-9a-f.:]+")


@dataclass
class _Kind:
    first: list[Packet] = field(default_factory=list)
    last: deque[Packet] = field(default_factory=lambda: deque(maxlen=MOST))

    def add(self, packet: Packet) -> None:
        if len(self.first) < MOST:
            self.first.append(packet)
        else:
            self.last.append(packet)


@dataclass
class KeyPackets:
    """What is kept so far."""

    vips: frozenset[str]
    """Addresses that whoever asks for them, or answers, is of interest."""
    kinds: dict[str, _Kind] = field(default_factory=dict)
    heard: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """Node, interface and text -> when it was heard last, and how long after the time before."""
    opening: int = OPENING
    """How many more connections are of interest that begin in good order."""
    swept: int = 0

    def take(self, packets: Sequence[Packet]) -> None:
        """The next ones, about in the order of time."""
        for one in packets:
            if self._tells(one):
                self.kinds.setdefault(one.kind, _Kind()).add(one)
        if packets and packets[-1].at - self.swept > AGAIN:
            self._sweep(packets[-1].at)

    def kept(self) -> tuple[Packet, ...]:
        """By time."""
        found = [packet for kind in self.kinds.values() for packet in (*kind.first, *kind.last)]
        return tuple(sorted(found, key=lambda one: one.at))

    def _tells(self, packet: Packet) -> bool:
        kind = packet.kind
        if kind in ANSWERING and not self._names_a_vip(packet.text):
            return False
        if kind != "tcp-syn" and kind != "vrrp" and kind not in TOLD:
            return False
        silent, interval = self._silence(packet)
        if kind == "tcp-syn":
            if silent is not None and silent < AGAIN:
                return True
            self.opening -= 1
            return self.opening >= 0
        if kind == "vrrp":
            tells = silent is None or silent > max(ANEW, 3 * interval)
        else:
            tells = silent is None or silent > REPEATED
        if tells:
            self.opening = OPENING
        return tells

    def _silence(self, packet: Packet) -> tuple[int | None, int]:
        """How long the same was not said there, None for never, and the interval before that."""
        key = (packet.node, packet.interface, packet.text)
        before = self.heard.get(key)
        if before is None:
            self.heard[key] = (packet.at, 0)
            return None, 0
        last, interval = before
        self.heard[key] = (packet.at, packet.at - last)
        return packet.at - last, interval

    def _names_a_vip(self, text: str) -> bool:
        return not self.vips.isdisjoint(_WORD.findall(text))

    def _sweep(self, now: int) -> None:
        """Forget what each connection says once: it will not come again."""
        self.swept = now
        self.heard = {
            key: times
            for key, times in self.heard.items()
            if now - times[0] <= max(AGAIN, 4 * times[1])
        }


def capture(plan: Plan) -> Capture:
    """Of all segments, each packet once."""
    return Capture((), tuple(one.name for one in plan.segments), FILTER, SNAPLEN)


def of_lab(plan: Plan) -> KeyPackets:
    held = {one.address for one in plan.held}
    served = {one.service.rpartition(":")[0].strip("[]") for one in plan.listed}
    return KeyPackets(frozenset(held | served))
