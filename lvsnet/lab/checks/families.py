"""Checks of what IPv4 and IPv6 do not share: instances, services and routes of one family."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.addressing import FAMILIES, address_in, contains, version_of
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.checks.members import Member, listed
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import VrrpInstance
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
                    " family: keepalived ignores the others; write it in virtual_ipaddress_excluded"
                    " of this one, or give it to an instance of its own, in a sync group with this"
                    " one where the two belong together",
                )


def version_of_vrrp(lab: Lab) -> Iterator[Finding]:
    """VRRP for IPv6 is version 3 (RFC 5798); version 2 is IPv4's alone (RFC 3768, 1)."""
    for name, instance in lab.vrrp.items():
        if version_of(instance) == 6 and instance.version != 3:
            at = "version" if "version" in instance.model_fields_set else "addresses"
            vip = instance.addresses[-1].ip  # the first one is often a link-local address
            yield Finding(
                ("vrrp", name, at),
                f"VRRP instance {name}: {vip} is IPv6, for which there is VRRP"
                " version 3 only (RFC 5798); write `version: 3`",
                because=(("vrrp", name, "version"),),
            )


def machines(lab: Lab) -> Iterator[Finding]:
    """A machine of an instance has an address of its family in the segment, from which it asks
    and, by unicast and IPv4, advertises; and one beside each VIP that is in another subnet."""
    for name, instance in lab.vrrp.items():
        told = set()
        for node, segment, family, place in _wanted(lab, instance):
            if (
                node in lab.nodes
                and (node, segment, family) not in told
                and settled(lab, node)
                and segment in lab.nodes[node].interfaces
                and address_in(lab.nodes[node], segment, family) is None
            ):
                told.add((node, segment, family))
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: {node} has no {FAMILIES[family]} address in segment"
                    f" {segment}",
                    "key",
                    (
                        ("nodes", node, "interfaces"),
                        ("vrrp", name, place),
                        ("segments", segment),
                    ),
                )


def _wanted(lab: Lab, instance: VrrpInstance) -> Iterator[tuple[str, str, int, str]]:
    """Machine, segment and version of IP of which it has to have an address; the key that says so.

    Of a VIP in no subnet, to which others need a route, none.
    """
    for node in instance.priority:
        yield node, instance.segment, version_of(instance), "addresses"
    for vip in instance.vips:
        segment = lab.segments.get(vip.segment)
        if segment is not None and contains(segment, vip.address.ip):
            for node in vip.machines:
                yield node, vip.segment, vip.address.version, str(vip.loc[0])


def real_servers(lab: Lab) -> Iterator[Finding]:
    """A service's real servers are of its VIP's family, or behind a tunnel.

    The kernel refuses any others, and these while its sync daemon runs (ip_vs_genl_set_cmd() and
    start_sync_thread() of net/netfilter/ipvs).
    """
    for member in listed(lab):
        if not vips(member.spec):
            continue  # that it has none is told
        family = version(member.spec)
        address = member.server.address
        if address is not None and address.version != family:
            what = (
                f"service {member.service}: real server {address} is {FAMILIES[address.version]},"
                f" the VIP {vips(member.spec)[0]} is {FAMILIES[family]}"
            )
            resting = (("services", member.service), ("sync_daemon",))
            if member.method != "tun":
                yield Finding(
                    member.loc,
                    f"{what}; the kernel takes such a one with method tun only, and its method is"
                    f" {member.method}",
                    because=resting,
                )
            elif lab.sync_daemon is not None:
                yield Finding(
                    member.loc,
                    f"{what}; the kernel takes no such one beside a sync daemon, whose messages"
                    " have room for one family; take sync_daemon out, or write an address of"
                    f" {FAMILIES[family]}",
                    because=resting,
                )
        elif member.server.node is not None:
            yield from _without_address(lab, member, member.server.node, family)


def granularity_of_group(lab: Lab) -> Iterator[Finding]:
    """keepalived loads the lines of a group with a mask of its own."""
    for name, service in lab.services.items():
        if (
            service.persistence_granularity is not None
            and service.virtual_server_group
            and service.configured_by == "keepalived"
        ):
            yield Finding(
                ("services", name, "persistence_granularity"),
                f"service {name}: keepalived ignores persistence_granularity of a group of virtual"
                " servers: each client is one; make a service of each line, or let ipvsadm"
                " configure it",
                "key",
                (
                    ("services", name, "virtual_server_group"),
                    ("services", name, "configured_by"),
                ),
                "group-granularity",
            )


def _without_address(lab: Lab, member: Member, node: str, family: int) -> Iterator[Finding]:
    """A node whose addresses are all of the other family, in the segments that count."""
    if member.behind is None or not settled(lab, node):
        return
    spec = lab.nodes[node]
    for director in member.directors:
        if not settled(lab, director) or node == director:
            continue
        shared = spec.interfaces.keys() & lab.nodes[director].interfaces.keys()
        # A tunnel may begin and end anywhere.
        counting = spec.interfaces.keys() if member.method == "tun" else shared
        ways = [address_in(spec, segment, family) for segment in counting]
        if counting and not any(way is not None for way in ways):
            yield Finding(
                member.loc,
                f"service {member.service}: real server {node} has no {FAMILIES[family]} address"
                f" in segment {' or '.join(sorted(counting))}, and the VIP {vips(member.spec)[0]}"
                f" is {FAMILIES[family]}, by which it has to answer",
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
