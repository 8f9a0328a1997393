"""Checks of VRRP instances: where they are, and on which machines."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.addressing import contains, is_of_link, version_of
from lvsnet.lab.checks.addresses import settled, unusable
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import EXCLUDED, HeldVip, not_vips
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import VrrpInstance
from lvsnet.lab.suggest import hint

ROLES = ("director", "realserver")
"""Of machines that run keepalived."""
LONGEST_V3 = 40_950_000
"""Microseconds between advertisements of version 3: 4095 hundredths of a second."""


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
        for vip in instance.vips:
            # The one that advertisements are sent for is of the link, not of a subnet.
            if not is_of_link(vip.address):
                yield from _in_subnet(lab, name, vip)


def _in_subnet(lab: Lab, name: str, vip: HeldVip) -> Iterator[Finding]:
    """A VIP is in a subnet of its own segment, or one that advertisements do not carry in none.

    To the latter, others need a route, as sites have it whose VIPs are in no network of theirs.
    """
    address, segment = vip.address.ip, lab.vrrp[name].segment
    if vip.segment in lab.segments and contains(lab.segments[vip.segment], address):
        segment = vip.segment
    reason = unusable(address, lab.segments[segment])
    around = [key for key, other in lab.segments.items() if contains(other, address)]
    elsewhere = bool(around) and segment not in around
    routed = vip.loc[0] == EXCLUDED and (not around or (elsewhere and vip.moved))
    if reason is None or routed:
        return
    where = (
        f"; it is in segment {around[0]}: {{{address}: {{dev: {around[0]}}}}} puts it there"
        if elsewhere
        else ""
    )
    yield Finding(
        ("vrrp", name, *vip.loc),
        f"VRRP instance {name}: the VIP {address} {reason} segment {segment}{where}",
    )


def usable(lab: Lab) -> Iterator[Finding]:
    """What advertisements do not carry are addresses that an interface can have, too."""
    for name, instance in lab.vrrp.items():
        for loc, reason in not_vips(instance):
            yield Finding(("vrrp", name, *loc), f"VRRP instance {name}: {EXCLUDED}: {reason}")


def machines(lab: Lab) -> Iterator[Finding]:
    """Who has a priority is a machine with keepalived and an interface in the segment."""
    known = [key for key, other in lab.nodes.items() if other.role in ROLES]
    for name, instance in lab.vrrp.items():
        for node in instance.priority:
            loc = ("vrrp", name, "priority", node)
            where = f"VRRP instance {name}"
            if node not in lab.nodes:
                message = f"{where}: unknown node '{node}'{hint(node, known)}"
                yield Finding(loc, message, "key", (("nodes", node),))
            elif lab.nodes[node].role not in ROLES:
                message = (
                    f"{where}: node {node} is neither a director nor a real server; its role is"
                    f" {lab.nodes[node].role}"
                )
                yield Finding(loc, message, "key")
            elif (
                instance.segment in lab.segments
                and settled(lab, node)
                and instance.segment not in lab.nodes[node].interfaces
            ):
                role = "director" if lab.nodes[node].role == "director" else "real server"
                message = f"{where}: {role} {node} has no interface in segment {instance.segment}"
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
    first: dict[tuple[str, int, int], str] = {}
    for name, instance in lab.vrrp.items():
        # Those of IPv4 and of IPv6 do not hear each other (RFC 5798, 5.2.3).
        key = (instance.segment, instance.virtual_router_id, version_of(instance))
        if key in first:
            yield Finding(
                ("vrrp", name, "virtual_router_id"),
                f"VRRP instance {name}: virtual_router_id {key[1]} is already that of instance"
                f" {first[key]} in segment {key[0]}",
            )
        first.setdefault(key, name)


def intervals(lab: Lab) -> Iterator[Finding]:
    """An instance's version of VRRP can send its interval, and has its authentication.

    Version 2 has whole seconds in one byte (RFC 3768, 5.3.7), version 3 hundredths of a second in
    twelve bits (RFC 5798, 5.2.7), and no authentication (9).
    """
    for name, instance in lab.vrrp.items():
        where = f"VRRP instance {name}"
        loc = ("vrrp", name, "advert_int")
        microseconds = instance.advert_int.microseconds
        if instance.version == 2 and microseconds % 1_000_000:
            yield Finding(
                loc,
                f"{where}: {instance.advert_int} is not a whole number of seconds, as VRRP version "
                "2 needs; with `version: 3` it may be",
            )
        if instance.version == 3 and microseconds > LONGEST_V3:
            yield Finding(
                loc,
                f"{where}: {instance.advert_int} is too long for VRRP version 3: at most 40950ms",
            )
        if instance.version == 3 and instance.authentication is not None:
            yield Finding(
                ("vrrp", name, "authentication"),
                f"{where}: VRRP version 3 has no authentication (RFC 5798, 9); take it out",
                "key",
            )


def one_configuration(lab: Lab) -> Iterator[Finding]:
    """A machine's keepalived.conf is written by the user or generated from vrrp, not both."""
    for name, instance in lab.vrrp.items():
        for node in instance.priority:
            if node in lab.nodes and lab.nodes[node].keepalived is not None:
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: node {node} runs a keepalived.conf of its own"
                    f" (nodes.{node}.keepalived); name it there or here, not both",
                    "key",
                )


def preferred(instance: VrrpInstance) -> str:
    """The machine with the highest priority."""
    return max(instance.priority, key=instance.priority.__getitem__)
