"""What results tell of a lab itself: its nodes, their addresses and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lvsnet.endpoint import joined
from lvsnet.observe.graph import svg
from lvsnet.plan.model import Plan
from lvsnet.traffic.model import Target


@dataclass(frozen=True)
class File:
    path: str
    content: str


@dataclass(frozen=True)
class Node:
    name: str
    role: str
    addresses: tuple[str, ...]
    """Of its own on wires, without prefix length."""
    files: tuple[File, ...]


@dataclass(frozen=True)
class Site:
    nodes: tuple[Node, ...]
    """In the order of the lab file."""
    picture: str = ""
    """The lab's graph as svg; empty without one."""


def of_plan(plan: Plan, targets: Sequence[Target] = ()) -> Site:
    """The site of a plan, in whose picture requests go to the first of the targets."""
    return Site(
        tuple(
            Node(
                one.name,
                one.role,
                tuple(
                    address.partition("/")[0]
                    for interface in one.interfaces
                    for address in interface.addresses
                ),
                tuple(File(file.path, file.content) for file in one.files),
            )
            for one in plan.nodes
        ),
        svg(plan, service=_service(plan, targets)),
    )


def _service(plan: Plan, targets: Sequence[Target]) -> str | None:
    """The service that is asked first, if one is; of a mark's nothing but its VIPs is known."""
    for target in targets:
        line = f"{target.protocol} {joined(target.host, target.port)}"
        by_line = (one.name for one in plan.services if line in one.asked)
        by_vip = (one.name for one in plan.services if target.host in one.vips)
        found = next(by_line, None) or next(by_vip, None)
        if found is not None:
            return found
    return None
