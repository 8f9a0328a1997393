"""A node's addresses and routes as netplan files, for a real machine (netplan's YAML reference).

In a lab the engine sets them by netlink and the files only lie there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_interface

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Address, File, Interface, Route

PATH = "/etc/netplan/50-lvsnet.yaml"
VIPS_PATH = "/etc/netplan/50-lo_ipvs.yaml"

_NAMES = "# On a real machine put its own interface names in the place of eth1, eth2, ...\n"
_VIPS = (
    "# The addresses at which clients ask for services; directors answer for them on the wire.\n"
)
_LABEL = "ipvs"
"""What ``ip address`` shows beside them."""


def netplan_files(
    node: str,
    interfaces: Sequence[Interface],
    addresses: Sequence[Address],
    routes: Sequence[Route],
) -> Iterator[File]:
    """The files of ``node``: one with interfaces and routes, one with VIPs on ``lo`` and tunnels.

    Raises LvsnetError for a route through a gateway that is in none of the node's subnets.
    """
    gateways = [_towards(node, interfaces, route) for route in routes]
    lines: list[str] = []
    for interface in interfaces:
        through = [
            route for route, name in zip(routes, gateways, strict=True) if name == interface.name
        ]
        lines += _interface(interface, through)
    if lines:
        yield _file(PATH, _NAMES, lines)
    if addresses:
        yield _file(VIPS_PATH, _VIPS, _others(addresses))


def _file(path: str, head: str, lines: Iterable[str]) -> File:
    text = f"{head}network:\n  version: 2\n  ethernets:\n"
    # netplan complains of a file that others may read: it can hold secrets.
    return File(path, text + "".join(f"    {line}\n" for line in lines), 0o600)


def _towards(node: str, interfaces: Sequence[Interface], route: Route) -> str:
    if route.interface:
        return route.interface
    gateway = ip_address(route.via)
    for interface in interfaces:
        if any(gateway in ip_interface(address).network for address in interface.addresses):
            return interface.name
    raise LvsnetError(
        f"node {node}: the route to {route.destination} goes via {route.via}, which is in none "
        "of the node's segments; name a gateway that the node can reach directly"
    )


def _interface(interface: Interface, routes: Sequence[Route]) -> Iterator[str]:
    yield f"{interface.name}:"
    if interface.mtu != 1500:
        yield f"  mtu: {interface.mtu}"
    yield "  addresses:"
    for address in interface.addresses:
        yield f"    - {address}"
    if routes:
        yield "  routes:"
    for route in routes:
        yield f"    - to: {route.destination}"
        yield f"      via: {route.via}"


def _others(addresses: Sequence[Address]) -> Iterator[str]:
    for name in dict.fromkeys(address.interface for address in addresses):
        yield f"{name}:"
        yield "  match:"
        yield f"    name: {name}"
        yield "  addresses:"
        for address in addresses:
            if address.interface == name and ":" in address.address:
                yield f"    - {address.address}"  # a label is IPv4's (systemd.network(5), Label)
            elif address.interface == name:
                yield f"    - {address.address}:"
                yield f"        label: {_LABEL}"
