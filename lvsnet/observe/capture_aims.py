"""At what a capture is to listen in a lab as it is now: nodes from inside, and ports of the fabric.

A redeploy may have made another lab of it since the capture began.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lvsnet.engine import namespaces
from lvsnet.engine.links import Links
from lvsnet.errors import LvsnetError
from lvsnet.observe.capture_model import ALL, Capture
from lvsnet.plan.model import Interface, Node, Plan

LOOPBACK = "lo"


@dataclass(frozen=True)
class Aims:
    wanted: Mapping[str, frozenset[str]]
    """Node -> interfaces; none: all."""
    ports: Mapping[str, tuple[Node, Interface]]
    """Port in the fabric -> whose cable ends there; of those that are listened at."""


def aims(plan: Plan, capture: Capture) -> Aims:
    """The nodes, and the ports of the segments whose other ends are not listened at.

    What the lab does not have, or no more, is left out.
    """
    asked = {one.node: frozenset(one.interfaces) for one in capture.nodes}
    wanted = {
        node.name: asked.get(ALL, asked.get(node.name, frozenset()))
        for node in plan.nodes
        if ALL in asked or node.name in asked
    }
    ports = {
        one.port: (node, one)
        for node in plan.nodes
        for one in node.interfaces
        if one.segment in capture.segments
        and not (node.name in wanted and (not wanted[node.name] or one.name in wanted[node.name]))
    }
    return Aims(wanted, ports)


def check(node: Node, interfaces: Collection[str], init: int | None) -> None:
    """Raise when a node has no such interface, by its plan or as it is.

    ``init``: the process id of a node that is on.
    """
    there = {one.name for one in node.interfaces} | {one.name for one in node.devices} | {LOOPBACK}
    unknown = set(interfaces) - there
    if not unknown:
        return
    if init is not None:
        with namespaces.entered(namespaces.of_process(init)), Links() as links:
            there = set(links.names().values())
    for name in sorted(unknown - there):
        from lvsnet.lab.suggest import nearest

        near = nearest(name, sorted(there))
        hint = f"; did you mean {near}?" if near else ""
        known = ", ".join(sorted(there))
        raise LvsnetError(f"{node.name} has no interface {name}; it has {known}{hint}")
