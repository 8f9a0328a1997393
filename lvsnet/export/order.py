"""In which order machines are made by a program that cannot hold all of them back at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from lvsnet.plan.model import Daemon, Node

_PLACES = {"router": 0, "director": 2}
"""Of roles among nodes whose daemons start in the same stages; 1 for all others."""


def in_order(nodes: Iterable[Node]) -> list[list[Node]]:
    """Groups of nodes, each of which is to be up before the next one is made.

    Nodes without daemons come first, then those of lower stages, so that real servers answer when
    directors start to balance. Where two groups have the same stages, as when keepalived runs on
    real servers and directors, routers are before real servers and those before directors. Clients
    come last: their own commands may need all others.
    """

    def rank(node: Node) -> tuple[bool, tuple[int, ...], int]:
        stages = tuple(sorted({daemon.stage for daemon in node.daemons}))
        return node.role == "client", stages, _PLACES.get(node.role, 1)

    return [list(group) for _, group in groupby(sorted(nodes, key=rank), key=rank)]


def daemons(node: Node) -> list[Daemon]:
    """A node's daemons, those of lower stages first."""
    return sorted(node.daemons, key=lambda daemon: daemon.stage)
