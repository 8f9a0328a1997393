"""Direct routing: the director sends the client's packet on unchanged, to the real server's MAC.

The real server takes it because the VIP is on its ``lo``, and answers the client itself. It must
keep quiet about that address on the wire, where the VIP is the director's
(Documentation/networking/ip-sysctl.rst of Linux, arp_ignore and arp_announce).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.plan.methods.base import Needs, Sysctl
from lvsnet.plan.model import Address

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab, Service

LB_KIND = "DR"


def director(lab: Lab, service: Service, node: str) -> Needs:  # noqa: ARG001
    """Nothing: IPVS hands the packet to the link itself, ip_forward plays no part."""
    return Needs()


def real_server(lab: Lab, service: Service, node: str) -> Needs:  # noqa: ARG001
    return Needs(
        sysctls=(
            Sysctl(
                "net.ipv4.conf.all.arp_ignore",
                "1",
                "Answer ARP only for addresses of the interface that was asked: not for the VIP\n"
                "on lo. Else this machine takes the clients away from the director.",
            ),
            Sysctl(
                "net.ipv4.conf.all.arp_announce",
                "2",
                "Never name the VIP as the sender of an ARP request of our own. Else our\n"
                "neighbours learn from it that the VIP is here.",
            ),
        ),
        addresses=(Address("lo", f"{service.address}/32"),),
    )
