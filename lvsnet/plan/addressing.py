"""Names and addresses of links: bridges, ports, interfaces, MAC addresses."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

from lvsnet.lab.addressing import subnet_of
from lvsnet.plan.model import Interface, Segment

if TYPE_CHECKING:
    from lvsnet.lab import model
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab

LONGEST_NAME = 15
"""Bytes of an interface name: IFNAMSIZ of <linux/if.h>, less the ending zero."""


def fabric(lab: Lab) -> tuple[tuple[Segment, ...], dict[str, tuple[Interface, ...]]]:
    """The lab's segments, and each node's interfaces by the node's name.

    Bridges and ports lie in one network namespace, the fabric's, so their names are chosen
    together: ``br-lan`` and ``lb01-eth1`` where these fit.
    """
    ends = [
        (node, segment, f"eth{number}")
        for node, spec in lab.nodes.items()
        for number, segment in enumerate(spec.interfaces, start=1)
    ]
    bridges = [f"br-{segment}" for segment in lab.segments]
    names = unique_names([*bridges, *(f"{node}-{name}" for node, _, name in ends)])
    segments = tuple(
        Segment(name, bridge, spec.mtu)
        for (name, spec), bridge in zip(lab.segments.items(), names, strict=False)
    )
    interfaces: dict[str, list[Interface]] = {node: [] for node in lab.nodes}
    for (node, segment, name), port in zip(ends, names[len(bridges) :], strict=True):
        spec = lab.segments[segment]
        interfaces[node].append(
            Interface(
                name=name,
                segment=segment,
                port=port,
                mac=mac_address(lab.name, node, name),
                addresses=tuple(
                    _with_length(spec, address) for address in lab.nodes[node].interfaces[segment]
                ),
                mtu=spec.mtu,
            )
        )
    return segments, {node: tuple(found) for node, found in interfaces.items()}


def _with_length(segment: model.Segment, address: IPAddress) -> str:
    subnet = subnet_of(segment, address.version)
    length = address.max_prefixlen if subnet is None else subnet.prefixlen
    return f"{address}/{length}"


def interface_name(lab: Lab, node: str, segment: str) -> str:
    """``eth2`` for the second segment of ``node``'s interfaces."""
    return f"eth{list(lab.nodes[node].interfaces).index(segment) + 1}"


def mac_address(lab: str, node: str, interface: str) -> str:
    """A locally administered unicast address (IEEE 802 8.2) that these names determine."""
    # None of the names can hold a slash, so no two triples give one text.
    return "02:" + sha256(f"{lab}/{node}/{interface}".encode()).digest()[:5].hex(":")


def unique_names(wanted: Sequence[str]) -> list[str]:
    """An interface name for each of ``wanted``, in their order.

    The first to want a name that fits gets it. Longer names are cut and end in a hash of what
    they stood for, and so do further ones that want the same.
    """
    taken = {name for name in wanted if len(name) <= LONGEST_NAME}
    given: set[str] = set()
    names = []
    for name in wanted:
        if len(name) <= LONGEST_NAME and name not in given:
            chosen = name
        else:
            shortened = (_shortened(name, attempt) for attempt in count())
            chosen = next(short for short in shortened if short not in taken)
        taken.add(chosen)
        given.add(chosen)
        names.append(chosen)
    return names


def _shortened(name: str, attempt: int) -> str:
    mark = sha256(f"{name}/{attempt}".encode()).hexdigest()[:5]
    stem, dash, number = name.rpartition("-eth")
    if dash and number.isdigit():
        # Keep the end of a port's name, by which it is recognised.
        tail = f"-{mark}-{number}"
        return stem[: LONGEST_NAME - len(tail)].rstrip("-") + tail
    return f"{name[: LONGEST_NAME - 6].rstrip('-')}-{mark}"
