"""Gateways of real servers with method nat: the working director, wherever that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lvsnet.lab.addressing import address_in, contains, gateway_for
from lvsnet.lab.sync_groups import together
from lvsnet.lab.virtual_services import version, vips

if TYPE_CHECKING:
    from lvsnet.lab.held_vips import HeldVip
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Service


def gateways(
    lab: Lab, service: Service, holder: str, directors: Sequence[str], node: str
) -> list[IPAddress]:
    """Addresses that are always the working director's, the best one first.

    They are VIPs that all of ``directors``, the service's, can hold, in a segment of the real
    server ``node``; the service's own are none. A lone director needs no VIP: its own addresses
    stay where it is. ``holder`` is the VRRP instance that has the service's VIP.
    """
    near, family, asked = lab.nodes[node].interfaces, version(service), vips(service)
    served = {vip for one in lab.services.values() for vip in vips(one)}
    moving, all_of = together(lab, holder), {*directors}
    shared = [
        # One that stays behind when the service moves breaks it, so one that moves with it comes
        # first.
        (name not in moving, vip.address.ip in served, vip.address.ip)
        for name, instance in lab.vrrp.items()
        for vip in instance.vips
        if vip.segment in near and all_of.issubset(vip.machines) and _leads(lab, vip, family)
        if vip.address.ip not in asked
    ]
    if shared or len(directors) > 1:
        return [address for _, _, address in sorted(shared, key=lambda one: one[:2])]
    own = (address_in(lab.nodes[directors[0]], segment, family) for segment in near)
    return [address for address in own if address is not None]


def _leads(lab: Lab, vip: HeldVip, family: int) -> bool:
    """Whether a VIP can be a gateway: its segment's machines have a route to it."""
    segment = lab.segments.get(vip.segment)
    reached = segment is not None and contains(segment, vip.address.ip)
    return reached and gateway_for(vip.address.ip, family)
