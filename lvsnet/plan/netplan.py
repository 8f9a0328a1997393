"""A node's addresses and routes as a netplan file, for a real machine (netplan's YAML reference).

In a lab the engine sets them by netlink and the file only lies there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Address, File, Interface, Route

PATH = "/etc/netplan/50-lvsnet.yaml"

_HEAD = """\
# On a real machine put its own interface names in the place of eth1, eth2, ...
network:
  version: 2
"""


def netplan_file(
    node: str,
    interfaces: Sequence[Interface],
    addresses: Sequence[Address],
    routes: Sequence[Route],
) -> tuple[File, ...]:
    """The file of ``node``; none when it has no addresses at all.

    Raises LvsnetError for a route through a gateway that is in none of the node's subnets.
    """
    gateways = [_towards(node, interfaces, route) for route in routes]
    lines: list[str] = []
    for interface in interfaces:
        through = [
            route for route, name in zip(routes, gateways, strict=True) if name == interface.name
        ]
        lines += _interface(interface, through)
    lines += _others(addresses)
    if not lines:
        return ()
    text = _HEAD + "  ethernets:\n" + "".join(f"    {line}\n" for line in lines)
    # netplan complains of a file that others may read: it can hold secrets.
    return (File(PATH, text, 0o600),)


def _towards(node: str, interfaces: Sequence[Interface], route: Route) -> str:
    gateway = IPv4Address(route.via)
    for interface in interfaces:
        if any(gateway in IPv4Interface(address).network for address in interface.addresses):
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
        here = (address.address for address in addresses if address.interface == name)
        for number, address in enumerate(here):
            # The label shows it as lo:0 in the output of ifconfig and ip.
            yield f"    - {address}:"
            yield f'        label: "{name}:{number}"'
