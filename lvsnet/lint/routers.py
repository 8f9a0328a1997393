"""Which instances of several machines are one virtual router."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.lint.addresses import IPAddress
    from lvsnet.lint.instances import Instance

    Key = tuple[int, int, IPAddress]
    """virtual_router_id, family and VIP."""


def together(instances: Iterable[Instance]) -> tuple[tuple[Instance, ...], ...]:
    """The instances that share a VIP and have the same virtual_router_id, one of each machine.

    Each router has at least two. In about as many steps as there are VIPs, as a file may have very
    many of them.
    """
    routers: list[list[Instance]] = []
    machines: list[set[str]] = []
    numbers: dict[Key, list[int]] = defaultdict(list)
    passed: dict[tuple[Key, str], int] = defaultdict(int)
    """How many of a key's routers are known to have the machine already."""
    for one in instances:
        if one.router_id is None or not one.vips:
            continue
        keys = [(one.router_id.value, one.family, address) for address in one.addresses]
        fitting = []
        for key in keys:
            mine, at = numbers[key], passed[key, one.machine]
            while at < len(mine) and one.machine in machines[mine[at]]:
                at += 1
            passed[key, one.machine] = at
            fitting += mine[at : at + 1]
        if fitting:
            routers[min(fitting)].append(one)
            machines[min(fitting)].add(one.machine)
            continue
        for key in keys:
            numbers[key].append(len(routers))
        routers.append([one])
        machines.append({one.machine})
    return tuple(tuple(router) for router in routers if len(router) > 1)
