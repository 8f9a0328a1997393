"""Tunneling: the director puts the client's packet into another one, to the real server's address.

So the real server may be anywhere that the director has a route to. There the packet leaves the
tunnel by a device of the tunnel's kind, which has the VIP, and the real server answers the client
itself. As with direct routing it keeps quiet about the VIP on the wire (ip_vs_tunnel_xmit() of
net/netfilter/ipvs/ip_vs_xmit.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lvsnet.lab.forwarding import end_of_tunnel
from lvsnet.lab.virtual_services import vips
from lvsnet.plan.methods.base import Needs, Sysctl, once
from lvsnet.plan.methods.dr import quiet
from lvsnet.plan.model import Address, Device, Unwrapping

if TYPE_CHECKING:
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Tunnel
    from lvsnet.plan.services import Member, Site

OWN_PORTS = False
GUE_PORT = 6080
"""IANA's number for GUE."""

_KINDS = {
    "tunl0": "ipip", "sit0": "sit", "ip6tnl0": "ip6tnl", "gre0": "gre", "ip6gre0": "ip6gre",
}  # fmt: skip
"""Device -> its kind."""
MODULES = {
    "ipip": "ipip", "sit": "sit", "ip6tnl": "ip6_tunnel", "gre": "ip_gre", "ip6gre": "ip6_gre",
}  # fmt: skip
"""Kind of a device -> the kernel's module."""


def lvs_method(tunnel: Tunnel | None) -> tuple[str, ...]:
    """keepalived.conf(5), lvs_method."""
    if tunnel is None or tunnel.type == "ipip":
        return ("TUN",)
    port = ("port", str(_port(tunnel))) if tunnel.type == "gue" else ()
    return ("TUN", "type", tunnel.type, *port, tunnel.checksum)


def options(tunnel: Tunnel | None) -> tuple[str, ...]:
    """As ``ipvsadm --save`` has them."""
    if tunnel is None or tunnel.type == "ipip":
        return ("-i",)
    port = ("--tun-port", str(_port(tunnel))) if tunnel.type == "gue" else ()
    return ("-i", "--tun-type", tunnel.type, *port, f"--tun-{tunnel.checksum}")


def director(lab: Lab, site: Site, node: str) -> Needs:  # noqa: ARG001
    """Nothing: IPVS wraps the packets itself, without any device."""
    return Needs()


def real_server(lab: Lab, site: Site, node: str) -> Needs:  # noqa: ARG001
    members = [member for member in site.answering if node in member.nodes]
    asked = vips(site.service)
    addresses = [
        Address(_device(member, vip).name, f"{vip}/{vip.max_prefixlen}")
        for member in members
        for vip in asked
    ]
    devices = dict.fromkeys(_device(member, vip) for member in members for vip in asked)
    unwrapping = dict.fromkeys(_unwrapping(members))
    filtering = dict.fromkeys(
        _device(member, vip).name for member in members for vip in asked if vip.version == 4
    )
    return Needs(
        sysctls=(
            *(one for name in filtering for one in (*quiet(name), _loose(name))),
            *once(site, node),
        ),
        addresses=tuple(dict.fromkeys(addresses)),
        devices=tuple(devices),
        unwrapping=tuple(unwrapping),
        modules=(*(MODULES[one.kind] for one in devices), *(("fou",) if unwrapping else ())),
    )


def _device(member: Member, vip: IPAddress) -> Device:
    name = end_of_tunnel(member.tunnel, member.version, vip.version)
    return Device(name, _KINDS[name])


def _unwrapping(members: Sequence[Member]) -> Iterator[Unwrapping]:
    for member in members:
        if member.tunnel is not None and member.tunnel.type == "gue":
            yield Unwrapping(_port(member.tunnel), "gue", member.version)


def _port(tunnel: Tunnel) -> int:
    return tunnel.port or GUE_PORT


def _loose(device: str) -> Sysctl:
    """The largest of all's and the device's holds, so 2 wins over 1 (ip-sysctl.rst, rp_filter).

    A device without an address drops with 2, too (__fib_validate_source() of
    net/ipv4/fib_frontend.c), so it is the one that has the VIP.
    """
    return Sysctl(
        f"net.ipv4.conf.{device}.rp_filter",
        "2",
        "Take clients' packets that leave the tunnel here although answers go out by\n"
        "another interface. The strict filter, 1, drops them.",
    )
