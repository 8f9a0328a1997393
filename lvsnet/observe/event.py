"""What happens in a lab, as data."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "lab",
    "vip",
    "link",
    "vrrp",
    "ipvs",
    "daemon",
    "node",
    "arp",
    "nd",
    "fault",
    "traffic",
    "step",
    "watch",
)
OFTEN = ("arp", "nd")
"""Kinds of what is said several times at once: a node says five times that it has a VIP now."""


@dataclass(frozen=True)
class Event:
    """Something that happened, at a time of the lab's clock."""

    at: int
    """Nanoseconds of CLOCK_MONOTONIC of the kernel that the lab runs on."""
    kind: str
    """One of `KINDS`."""
    node: str
    """Where; empty for what is the whole lab's."""
    what: str
    """A word for programs: ``deployed`` or ``changed`` of a lab, ``gained`` or ``lost`` of a vip,
    ``up`` or ``down`` of a link, ``master``, ``backup``, ``fault`` or ``stopped`` of vrrp, ``in``,
    ``out`` or ``weight`` of ipvs, ``exited`` or ``started`` of a daemon, ``off`` or ``on`` of a
    node, ``gratuitous`` of arp, ``unsolicited`` of nd, ``put``, ``mended`` or ``failed`` of a
    fault, ``begun``, ``outage``, ``answered`` or ``ended`` of traffic, ``passed`` or ``failed`` of
    a step, ``missed`` of a watch that the kernel told too much at once."""
    subject: str
    """What it happened to: an address, an interface, ``VI_1``, ``192.168.10.13:80``, a daemon."""
    text: str
    """A line for people, without time and node: ``holds 192.168.10.100 on eth1``."""
