"""What is said of a lab when something went wrong in it: what was done, and how it is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.api.lab import Running
    from lvsnet.observe.model import Node

MOST_LINES = 8
"""Of a director's log, the last ones."""


def state(lab: Running) -> str:
    """Several lines; a lab that does not answer any more has its reason instead of its state."""
    lines = ["what was done, in seconds of the lab's time:"] if lab.history.entries else []
    lines += [f"{one.at:>10.3f}  {one.text}" for one in lab.history.entries]
    try:
        lines += _now(lab)
    except LvsnetError as error:
        lines.append(f"its state cannot be had: {error}")
    return "\n".join(lines)


def _now(lab: Running) -> Iterator[str]:
    yield f"now, at {lab.clock.now:.3f} s:" if lab.is_virtual else "now:"
    site = lab.look()
    for vip in site.vips:
        yield f"  VIP {vip} on {' and '.join(site.holders(vip)) or 'no node'}"
    for fault in lab.fault.standing:
        yield f"  fault {fault}"
    for node in site.nodes:
        yield from _node(node)
    for node in site.nodes:
        if node.running and node.role == "director":
            said = lab[node.name].log().rstrip().splitlines()[-MOST_LINES:]
            if said:
                yield f"the end of {node.name}'s log:"
                yield from (f"  {line}" for line in said)


def _node(node: Node) -> Iterator[str]:
    dead = [name for name, alive in node.daemons if not alive]
    if not node.running:
        yield f"  {node.name} is off"
    elif dead:
        yield f"  {node.name}: {', '.join(dead)} does not run"
    for service in node.services:
        yield f"  {node.name}: {service.protocol} {service.address} {service.scheduler}"
        for one in service.real_servers:
            yield (
                f"    -> {one.address} {one.method}, weight {one.weight}, {one.active} active, "
                f"{one.inactive} inactive"
            )
