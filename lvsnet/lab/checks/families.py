"""Checks of what IPv4 and IPv6 do not share: instances, services and routes of one family."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.addressing import FAMILIES, address_in, version_of
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.checks.members import Member, listed
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.virtual_services import version, vips


def one_of_instance(lab: Lab) -> Iterator[Finding]:
    """keepalived leaves VIPs out that are not of the first one's family (alloc_vrrp_vip() of
    keepalived/vrrp/vrrp_data.c)."""
    for name, instance in lab.vrrp.items():
        version = version_of(instance)
        for number, vip in enumerate(instance.addresses):
            if vip.version != version:
                yield Finding(
                    ("vrrp", name, "addresses", number),
                    f"VRRP instance {name}: {vip.ip} is {FAMILIES[vip.version]}, but the first VIP"
                    f" {instance.addresses[0].ip} is {FAMILIES[version]}, and an instance has one"
                    " family: keepalived ignores the others; give it to an instance of its own, in"
                    " a sync group with this one where the two belong together",
                )


def version_of_vrrp(lab: Lab) -> Iterator[Finding]:
    """VRRP for IPv6 is version 3 (RFC 5798); version 2 is IPv4's alone (RFC 3768, 1)."""
    for name, instance in lab.vrrp.items():
        if version_of(instance) == 6 and instance.version != 3:
            at = "version" if "version" in instance.model_fields_set else "addresses"
            yield Finding(
                ("vrrp", name, at),
                f"VRRP instance {name}: {instance.addresses[0].ip} is IPv6, for which there is VRRP"
                " version 3 only (RFC 5798); write `version: 3`",
                because=(("vrrp", name, "version"),),
            )


def machines(lab: Lab) -> Iterator[Finding]:
    """A machine of an instance has an address of its family in the segment, from which it asks
    and, by unicast and IPv4, advertises."""
    for name, instance in lab.vrrp.items():
        version = version_of(instance)
        for node in instance.priority:
            if (
                node in lab.nodes
                and settled(lab, node)
                and instance.segment in lab.nodes[node].interfaces
                and address_in(lab.nodes[node], instance.segment, version) is None
            ):
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: {node} has no {FAMILIES[version]} address in segment"
                    f" {instance.segment}",
                    "key",
                    (
                        ("nodes", node, "interfaces"),
                        ("vrrp", name, "addresses"),
                        ("segments", instance.segment),
                    ),
                )


def real_servers(lab: Lab) -> Iterator[Finding]:
    """A service's real servers are of its VIP's family.

    The kernel refuses any other but with a tunnel (ip_vs_genl_set_cmd() of
    net/netfilter/ipvs/ip_vs_ctl.c).
    """
    for member in listed(lab):
        family = version(member.spec)
        address = member.server.address
        if address is not None and address.version != family:
            yield Finding(
                member.loc,
                f"service {member.service}: real server {address} is {FAMILIES[address.version]},"
                f" the VIP {vips(member.spec)[0]} is {FAMILIES[family]}; with method"
                f" {member.spec.method} the kernel takes real servers of the VIP's family only",
                because=(
                    ("services", member.service, "address"),
                    ("services", member.service, "method"),
                ),
            )
        elif member.server.node is not None:
            yield from _without_address(lab, member, member.server.node, family)


def _without_address(lab: Lab, member: Member, node: str, family: int) -> Iterator[Finding]:
    """A node whose addresses are all of the other family, in the segments that count."""
    if member.behind is None or not settled(lab, node):
        return
    for director in member.directors:
        shared = lab.nodes[node].interfaces.keys() & lab.nodes[director].interfaces.keys()
        ways = [address_in(lab.nodes[node], segment, family) for segment in shared]
        if shared and not any(way is not None for way in ways):
            yield Finding(
                member.loc,
                f"service {member.service}: real server {node} has no {FAMILIES[family]} address"
                f" in segment {' or '.join(sorted(shared))}; the VIP {vips(member.spec)[0]} is"
                f" {FAMILIES[family]}, and with method {member.spec.method} the kernel takes real"
                " servers of the VIP's family only",
                because=(("nodes", node, "interfaces"), ("services", member.service, "method")),
            )
            return


def routes(lab: Lab) -> Iterator[Finding]:
    """A route's gateway is of its destination's family."""
    for name, node in lab.nodes.items():
        for number, route in enumerate(node.routes):
            if route.to != "default" and route.to.version != route.via.version:
                yield Finding(
                    ("nodes", name, "routes", number, "via"),
                    f"node {name}: the gateway {route.via} is {FAMILIES[route.via.version]}, and"
                    f" {route.to} is {FAMILIES[route.to.version]}",
                    because=(("nodes", name, "routes", number, "to"),),
                )
