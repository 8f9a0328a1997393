"""A packet that was seen on a wire, in words."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "vrrp",
    "arp-gratuitous",
    "arp-request",
    "arp-reply",
    "nd-solicitation",
    "nd-advertisement",
    "nd-unsolicited",
    "nd-router",
    "icmp-error",
    "icmp",
    "tcp-syn",
    "tcp-syn-ack",
    "tcp-fin",
    "tcp-rst",
    "tcp",
    "udp",
    "sctp-init",
    "sctp-init-ack",
    "sctp-abort",
    "sctp-shutdown",
    "sctp",
    "group",
    "sync",
    "ip",
    "other",
)
"""What packets are: of one in a tunnel that of the inner packet. ``icmp-error`` has redirects, too;
``tcp`` and ``sctp`` are a connection's data and acknowledgements, ``group`` is of IGMP and MLD,
``sync`` of IPVS's connection synchronisation."""
CARRIED = frozenset(("tcp", "sctp"))
"""The kinds that are not told of unless somebody asks: they are most of what passes."""


@dataclass(frozen=True)
class Packet:
    """A packet as it passed an interface of a node."""

    at: int
    """Nanoseconds of CLOCK_MONOTONIC of the kernel that the lab runs on."""
    node: str
    interface: str
    kind: str
    """One of `KINDS`."""
    text: str
    """A line for people, without time and place:
    ``TCP SYN 192.168.10.10:40112 > 192.168.10.100:80``."""
