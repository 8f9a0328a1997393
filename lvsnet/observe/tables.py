"""What has changed in a director's IPVS table: real servers in and out, and their weights.

No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lvsnet.endpoint import parted
from lvsnet.observe.model import Service
from lvsnet.observe.notices import Change
from lvsnet.plan.model import Plan

Table = Mapping[str, Mapping[str, int]]
"""Service, as ``tcp 192.168.10.100:80`` -> address of a real server -> its weight."""

MARK = b"->"
FIELDS = 4
"""Of a real server's line in /proc/net/ip_vs: arrow, address, method, weight; then its counts."""


def digest(text: bytes) -> bytes:
    """What is in /proc/net/ip_vs, without the numbers of connections.

    Reading that takes a fraction of asking by netlink, and an equal digest is an equal table.
    """
    lines = (line.split() for line in text.splitlines())
    return b"\n".join(b" ".join(one[:FIELDS] if one[:1] == [MARK] else one) for one in lines)


def table(services: Sequence[Service]) -> Table:
    return {
        f"{one.protocol} {one.address}": {line.address: line.weight for line in one.real_servers}
        for one in services
    }


def changes(before: Table, after: Table, names: Mapping[str, str]) -> Iterator[Change]:
    """What has happened between two looks; ``names``: address without port -> node."""
    for service in {**before, **after}:
        old, new = before.get(service, {}), after.get(service, {})
        for server in {**old, **new}:
            who = named(server, names)
            if server not in new:
                yield Change("ipvs", "out", server, f"{who} out of {service}")
            elif server not in old:
                weight = f", weight {new[server]}"
                yield Change("ipvs", "in", server, f"{who} in {service}{weight}")
            elif old[server] != new[server]:
                weights = f"weight {old[server]} -> {new[server]}"
                yield Change("ipvs", "weight", server, f"{who} in {service}: {weights}")


def names(plan: Plan) -> dict[str, str]:
    """Address without prefix length -> the node that has it on a wire."""
    return {
        address.partition("/")[0]: node.name
        for node in plan.nodes
        for interface in node.interfaces
        for address in interface.addresses
    }


def named(server: str, names: Mapping[str, str]) -> str:
    """``nginx01 (192.168.10.13:80)``; the address alone of what is no node's."""
    host = parted(server)[0]
    return f"{names[host]} ({server})" if host in names else server
