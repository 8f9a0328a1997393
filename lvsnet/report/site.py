"""What results tell of a lab itself: its nodes, their addresses and their files."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.observe.graph import svg
from lvsnet.plan.model import Plan


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


def of_plan(plan: Plan) -> Site:
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
        svg(plan),
    )
