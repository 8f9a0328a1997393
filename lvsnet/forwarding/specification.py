"""``[HOST:]PORT:TARGET:PORT``, as ssh(1) has it for -L, and what TARGET means in a lab."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.observe.model import Node, Site

DEFAULT_HOST = "127.0.0.1"
EVERYWHERE = "*"
HIGHEST_PORT = 65535
DIALLERS = ("client", "host", "router")
"""Roles of the nodes that an address is connected to from, the first that there are; a director
or real server may have the VIP itself."""
PART = re.compile(r"\[(?P<bracketed>[^\[\]]*)\]|(?P<plain>[^:\[\]]*)")


@dataclass(frozen=True)
class Forward:
    """One argument."""

    host: str
    """Of this machine, to listen on: a name, an address, or `EVERYWHERE`."""
    port: int
    """0 takes a free one."""
    lab: str
    """Empty when none was given."""
    target: str
    """A node's name, or an address."""
    target_port: int

    @property
    def to_address(self) -> bool:
        return is_address(self.target)


@dataclass(frozen=True)
class Route:
    """How a target is reached: addresses that are tried in turn from within a node."""

    node: str
    hosts: tuple[str, ...]


def parse(text: str) -> Forward:
    """What an argument asks for.

    Raises:
        LvsnetError: it asks for nothing that makes sense.
    """
    parts = _parts(text)
    if len(parts) == 3:
        parts = [DEFAULT_HOST, *parts]
    if len(parts) != 4 or not parts[2]:
        raise LvsnetError(
            f"{text!r} is not [HOST:]PORT:TARGET:PORT, such as 8080:192.168.10.100:80; an IPv6 "
            "address is in brackets"
        )
    host, port, target, target_port = parts
    lab, _, target = target.rpartition("/")
    return Forward(
        host or EVERYWHERE,
        _port(text, port, 0),
        lab,
        str(ipaddress.ip_address(target)) if is_address(target) else target,
        _port(text, target_port, 1),
    )


def route(site: Site, forward: Forward, dialler: str) -> Route:
    """Where to connect from, and to what; ``dialler`` is the node that the user named, or empty.

    Raises:
        LvsnetError: there is no such node, or none to connect to an address from.
    """
    if forward.to_address:
        node = _node(site, dialler) if dialler else _dialler(site)
        return Route(node.name, (forward.target,))
    node = _node(site, forward.target)
    if dialler and dialler != node.name:
        own = tuple(_addresses(node))
        if not own:
            raise LvsnetError(f"{node.name} has no address now that {dialler} could reach")
        return Route(_node(site, dialler).name, own)
    return Route(node.name, ("127.0.0.1", "::1", *_addresses(node)))


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _parts(text: str) -> list[str]:
    found = []
    start = 0
    while start <= len(text):
        part = PART.match(text, start)
        if part is None or part.end() not in (len(text), text.find(":", part.end())):
            return []
        found.append(part["plain"] if part["bracketed"] is None else part["bracketed"])
        start = part.end() + 1
    return found


def _port(text: str, given: str, lowest: int) -> int:
    if not (given.isascii() and given.isdigit() and lowest <= int(given) <= HIGHEST_PORT):
        raise LvsnetError(f"{text!r}: {given!r} is no port, {lowest} to {HIGHEST_PORT}")
    return int(given)


def _node(site: Site, name: str) -> Node:
    for node in site.nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in site.nodes)
    raise LvsnetError(f"the lab has no node {name}; it has {known}")


def _dialler(site: Site) -> Node:
    for role in DIALLERS:
        for node in site.nodes:
            if node.role == role and node.running:
                return node
    raise LvsnetError(
        "no client, host or router runs in the lab to connect from; --from NODE names another node"
    )


def _addresses(node: Node) -> Sequence[str]:
    """A node's own, without what it holds for others: VIPs have the longest prefix, or lie on lo.

    Those of the link alone (fe80::/10) need an interface, too.
    """
    own = []
    for one in node.addresses:
        interface = ipaddress.ip_interface(one.address)
        single = interface.network.prefixlen == interface.max_prefixlen
        if one.interface != "lo" and not single and not interface.is_link_local:
            own.append(str(interface.ip))
    return own
