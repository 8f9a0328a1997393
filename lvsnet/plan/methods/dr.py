"""Direct routing: the director sends the client's packet on unchanged, to the real server's MAC.

The real server takes it because the VIP is on its ``lo``, and answers the client itself. It must
keep quiet about that address on the wire, where the VIP is the director's
(Documentation/networking/ip-sysctl.rst of Linux, arp_ignore and arp_announce).

With IPv6 it does so by itself: the kernel answers a neighbour solicitation only for addresses of
the interface that was asked, and takes no other ones as the source of its own (ndisc_recv_ns() and
ndisc_solicit() of net/ipv6/ndisc.c). Nor has IPv6 a reverse path filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.lab.virtual_services import vips
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.methods.base import Needs, Sysctl, once
from lvsnet.plan.model import Address
from lvsnet.plan.services import ways_in

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Tunnel
    from lvsnet.plan.services import Site

OWN_PORTS = False


def lvs_method(tunnel: Tunnel | None) -> tuple[str, ...]:  # noqa: ARG001
    return ("DR",)


def options(tunnel: Tunnel | None) -> tuple[str, ...]:  # noqa: ARG001
    return ("-g",)


def director(lab: Lab, site: Site, node: str) -> Needs:  # noqa: ARG001
    """Nothing: IPVS hands the packet to the link itself, ip_forward plays no part."""
    return Needs()


def real_server(lab: Lab, site: Site, node: str) -> Needs:
    asked = vips(site.service)
    addresses = tuple(Address("lo", f"{vip}/{vip.max_prefixlen}") for vip in asked)
    if all(vip.version == 6 for vip in asked):
        return Needs(sysctls=once(site, node), addresses=addresses)
    return Needs(
        sysctls=(
            *quiet("lo"),
            *once(site, node),
            *(
                _loose(interface_name(lab, node, segment))
                for segment in ways_in(lab, site, node)
                if segment != site.front
            ),
        ),
        addresses=addresses,
    )


def quiet(device: str) -> tuple[Sysctl, ...]:
    """What keeps neighbours from learning that ``device`` has the VIP."""
    return (
        Sysctl(
            "net.ipv4.conf.all.arp_ignore",
            "1",
            "Answer ARP only for addresses of the interface that was asked: not for the VIP\n"
            f"on {device}. Else this machine takes the clients away from the director.",
        ),
        Sysctl(
            "net.ipv4.conf.all.arp_announce",
            "2",
            "Never name the VIP as the sender of an ARP request of our own. Else our\n"
            "neighbours learn from it that the VIP is here.",
        ),
    )


def _loose(interface: str) -> Sysctl:
    """The largest of all's and the interface's holds (ip-sysctl.rst, rp_filter): 2 wins over 1."""
    return Sysctl(
        f"net.ipv4.conf.{interface}.rp_filter",
        "2",
        "Take clients' packets that the director sends in here although answers leave\n"
        "by another interface. The strict filter, 1, drops them.",
    )
