"""Masquerading: the director puts the real server's address and port in the place of its own.

It has to take that back in the answer, so every answer has to pass it: it is the real servers'
gateway, and forwards (ip_vs_nat_xmit() and ip_vs_out_hook() of net/netfilter/ipvs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.lab.addressing import address_in, gateway_for
from lvsnet.lab.sync_groups import together
from lvsnet.lab.virtual_services import version, vips
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.methods.base import Needs, Sysctl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Tunnel
    from lvsnet.plan.services import Site

OWN_PORTS = True

_FORWARDING = Sysctl(
    "net.ipv4.ip_forward",
    "1",
    "Pass the real servers' answers on to the clients: they go by the routing table.",
)


_FORWARDING6 = Sysctl(
    "net.ipv6.conf.all.forwarding",
    "1",
    "Pass the real servers' answers on to the clients: they go by the routing table.",
)


def lvs_method(tunnel: Tunnel | None) -> tuple[str, ...]:  # noqa: ARG001
    return ("NAT",)


def options(tunnel: Tunnel | None) -> tuple[str, ...]:  # noqa: ARG001
    return ("-m",)


def director(lab: Lab, site: Site, node: str) -> Needs:
    if version(site.service) == 6:
        return Needs(sysctls=(_FORWARDING6,))
    shared = [
        segment for segment in _with_clients(lab, site) if segment in lab.nodes[node].interfaces
    ]
    if not shared:
        return Needs(sysctls=(_FORWARDING,))
    # An interface sends redirects when either all's value or its own says so
    # (IN_DEV_TX_REDIRECTS() of include/linux/inetdevice.h).
    scopes = ("all", "default", *(interface_name(lab, node, segment) for segment in shared))
    return Needs(sysctls=(_FORWARDING, *map(_no_redirects, scopes)))


def real_server(lab: Lab, site: Site, node: str) -> Needs:
    if node in site.directors:
        return Needs()
    gateways = tuple(map(str, _gateways(lab, site, node)))
    if version(site.service) == 4:
        return Needs(gateways=gateways)
    # A router cannot be told to send no redirects for IPv6; a host takes them by its interface's
    # own value (ndisc_redirect_rcv() and rt6_do_redirect() of net/ipv6).
    shared = [one for one in _with_clients(lab, site) if one in lab.nodes[node].interfaces]
    names = [interface_name(lab, node, segment) for segment in shared]
    return Needs(sysctls=tuple(map(_deaf_to_redirects, names)), gateways=gateways)


def _deaf_to_redirects(interface: str) -> Sysctl:
    return Sysctl(
        f"net.ipv6.conf.{interface}.accept_redirects",
        "0",
        "Go on answering clients in our own segment by way of the director.",
    )


def _no_redirects(scope: str) -> Sysctl:
    return Sysctl(
        f"net.ipv4.conf.{scope}.send_redirects",
        "0",
        "Do not tell real servers that clients in their own segment are nearer without us.",
    )


def _with_clients(lab: Lab, site: Site) -> list[str]:
    """Segments of the service's real servers in which clients are, too."""
    real_servers = {node for member in site.answering for node in member.nodes}
    return [
        segment
        for segment in lab.segments
        if any(segment in lab.nodes[node].interfaces for node in real_servers)
        and any(segment in spec.interfaces for spec in lab.nodes.values() if spec.role == "client")
    ]


def _gateways(lab: Lab, site: Site, node: str) -> list[IPAddress]:
    """Addresses that are always the working director's, the best one first.

    They are the VIPs that all the service's directors can hold, in a segment of the real
    server's. A lone director needs none: its own addresses stay where it is.
    """
    found = sorted(_vips(lab, site, node), key=lambda rank_and_vip: rank_and_vip[0])
    if found or len(site.directors) > 1:
        return [vip for _, vip in found]
    director = lab.nodes[site.directors[0]]
    family = version(site.service)
    ways = (address_in(director, segment, family) for segment in lab.nodes[node].interfaces)
    return [address for address in ways if address is not None]


def _vips(lab: Lab, site: Site, node: str) -> Iterator[tuple[tuple[bool, bool], IPAddress]]:
    """VIPs, each with how much speaks against it."""
    served = {vip for service in lab.services.values() for vip in vips(service)}
    moving = together(lab, site.instance)
    family = version(site.service)
    for name, instance in lab.vrrp.items():
        reachable = instance.segment in lab.nodes[node].interfaces
        if reachable and instance.priority.keys() >= set(site.directors):
            for vip in instance.addresses:
                if vip.ip not in vips(site.service) and gateway_for(vip.ip, family):
                    # One that stays behind when the service moves breaks it, so one that moves
                    # with it comes first.
                    yield (name not in moving, vip.ip in served), vip.ip
