"""Masquerading: the director puts the real server's address and port in the place of its own.

It has to take that back in the answer, so every answer has to pass it: it is the real servers'
gateway, and forwards (ip_vs_nat_xmit() and ip_vs_out_hook() of net/netfilter/ipvs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.lab.gateways import gateways
from lvsnet.lab.virtual_services import version
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.methods.base import Needs, Sysctl

if TYPE_CHECKING:
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
    ways = tuple(map(str, gateways(lab, site.service, site.instance, site.directors, node)))
    if version(site.service) == 4:
        return Needs(gateways=ways)
    # A router cannot be told to send no redirects for IPv6; a host takes them by its interface's
    # own value (ndisc_redirect_rcv() and rt6_do_redirect() of net/ipv6).
    shared = [one for one in _with_clients(lab, site) if one in lab.nodes[node].interfaces]
    names = [interface_name(lab, node, segment) for segment in shared]
    return Needs(sysctls=tuple(map(_deaf_to_redirects, names)), gateways=ways)


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
