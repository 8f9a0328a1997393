"""Checks of VRRP instances."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.check_addresses import settled, unusable
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint


def in_segment(lab: Lab) -> Iterator[Finding]:
    """An instance's segment exists, and its VIPs are in the segment's subnet."""
    for name, instance in lab.vrrp.items():
        segment = instance.segment
        if not lab.segments:
            continue
        if segment not in lab.segments:
            yield Finding(
                ("vrrp", name, "segment"),
                f"VRRP instance {name}: unknown segment '{segment}'{hint(segment, lab.segments)}",
                because=(("segments", segment),),
            )
            continue
        subnet = lab.segments[segment].subnet
        for number, address in enumerate(instance.addresses):
            reason = unusable(address, subnet)
            if reason is not None:
                others = [key for key, other in lab.segments.items() if address in other.subnet]
                where = (
                    f"; it is in segment {others[0]}" if others and address not in subnet else ""
                )
                yield Finding(
                    ("vrrp", name, "addresses", number),
                    f"VRRP instance {name}: the VIP {address} {reason} segment {segment}{where}",
                )


def directors(lab: Lab) -> Iterator[Finding]:
    """Who has a priority is a director with an interface in the instance's segment."""
    for name, instance in lab.vrrp.items():
        for node in instance.priority:
            loc = ("vrrp", name, "priority", node)
            where = f"VRRP instance {name}"
            if node not in lab.nodes:
                known = [key for key, other in lab.nodes.items() if other.role == "director"]
                message = f"{where}: unknown node '{node}'{hint(node, known)}"
                yield Finding(loc, message, "key", (("nodes", node),))
            elif lab.nodes[node].role != "director":
                role = lab.nodes[node].role
                message = f"{where}: node {node} is no director; its role is {role}"
                yield Finding(loc, message, "key")
            elif (
                instance.segment in lab.segments
                and settled(lab, node)
                and instance.segment not in lab.nodes[node].interfaces
            ):
                message = f"{where}: director {node} has no interface in segment {instance.segment}"
                yield Finding(loc, message, "key", (("nodes", node, "interfaces"),))


def priorities_differ(lab: Lab) -> Iterator[Finding]:
    """With equal priorities it is the higher address that wins (RFC 3768, 6.4.3): chance."""
    for name, instance in lab.vrrp.items():
        first: dict[int, str] = {}
        for node, priority in instance.priority.items():
            if priority in first:
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: {node} and {first[priority]} both have priority"
                    f" {priority}",
                )
            first.setdefault(priority, node)


def router_ids_differ(lab: Lab) -> Iterator[Finding]:
    """Instances of one segment have different router ids, else they take each other for peers."""
    first: dict[tuple[str, int], str] = {}
    for name, instance in lab.vrrp.items():
        key = (instance.segment, instance.virtual_router_id)
        if key in first:
            yield Finding(
                ("vrrp", name, "virtual_router_id"),
                f"VRRP instance {name}: virtual_router_id {key[1]} is already that of instance"
                f" {first[key]} in segment {key[0]}",
            )
        first.setdefault(key, name)


def one_configuration(lab: Lab) -> Iterator[Finding]:
    """A director's keepalived.conf is written by the user or generated from vrrp, not both."""
    for name, instance in lab.vrrp.items():
        for node in instance.priority:
            if node in lab.nodes and lab.nodes[node].keepalived is not None:
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: node {node} runs a keepalived.conf of its own"
                    f" (nodes.{node}.keepalived); name it there or here, not both",
                    "key",
                )
