"""Faults of cables: pulled out, cut between groups of nodes, or losing what is of a protocol.

All of it happens to the fabric's ends of the cables, so nothing of it is to be seen in a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsnet.engine import namespaces, network, nftables
from lvsnet.engine.deploy import step
from lvsnet.engine.nftables import Rule
from lvsnet.engine.runtime import find
from lvsnet.faults.model import Dropped, Fault, LinkDown, Partition
from lvsnet.plan.model import Interface, Plan

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "vrrp": 112, "sctp": 132}
"""IP protocol numbers (IANA). What of IPv6 is called ICMPv6 is 58, without which it finds nobody
any more."""


def pull_out(fault: LinkDown, plan: Plan) -> None:
    """Take the carrier away from a node's interface; one of a node that is off has no port."""
    with step(fault.where, "pull out its cable"):
        network.pull_out(namespaces.of_fabric(plan.lab), [cable(fault, plan)])


def plug_in(fault: LinkDown, plan: Plan) -> None:
    with (
        step(fault.where, "plug in its cable"),
        network.opened(namespaces.of_fabric(plan.lab)) as links,
    ):
        index = links.find(cable(fault, plan).port)
        if index is not None:
            links.set_up(index)


def cable(fault: LinkDown, plan: Plan) -> Interface:
    """Raises LookupError when the node has no such interface, which a check has excluded."""
    for interface in find(plan, fault.node).interfaces:
        if interface.name == fault.interface:
            return interface
    raise LookupError(fault.where)


def filter_frames(standing: Iterable[Fault], plan: Plan) -> None:
    """Lose exactly the frames that the standing faults, of whatever kind, are about.

    Raises:
        LvsnetError: the kernel cannot.
    """
    with step(f"lab {plan.lab}", "filter what its segments carry"):
        nftables.replace(namespaces.of_fabric(plan.lab), rules(standing, plan))


def rules(standing: Iterable[Fault], plan: Plan) -> list[Rule]:
    """What the partitions and drops among these faults come to; none for other faults."""
    found: dict[Rule, None] = {}
    for fault in standing:
        match fault:
            case Partition(nodes, others):
                found.update(dict.fromkeys(_parting(nodes, others, plan)))
            case Dropped():
                found.update(dict.fromkeys(_losing(fault, plan)))
    return list(found)


def _parting(nodes: Iterable[str], others: Iterable[str], plan: Plan) -> Iterator[Rule]:
    there = [one for name in others for one in find(plan, name).interfaces]
    for name in nodes:
        for one in find(plan, name).interfaces:
            for other in there:
                if one.segment == other.segment:
                    yield Rule(come_by=one.port, leave_by=other.port)
                    yield Rule(come_by=other.port, leave_by=one.port)


def _losing(fault: Dropped, plan: Plan) -> Iterator[Rule]:
    arp = fault.protocol == "arp"
    protocol = None if arp else PROTOCOLS.get(fault.protocol) or int(fault.protocol)
    ports: list[tuple[int | None, int | None]] = [(None, None)]
    if fault.port is not None:
        ports = [(fault.port, None), (None, fault.port)]
    for interface in find(plan, fault.node).interfaces:
        for from_port, to_port in ports:
            if fault.direction != "in":
                yield Rule(interface.port, "", arp, protocol, from_port, to_port)
            if fault.direction != "out":
                yield Rule("", interface.port, arp, protocol, from_port, to_port)
