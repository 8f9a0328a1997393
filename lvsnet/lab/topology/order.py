"""Which nodes begin when others are done: ``wait-for`` and ``startup-delay``.

containerlab refuses circles between nodes, whatever their stages
(core/dependency_manager/dependency_manager.go), so a node as a whole comes after those that it
waits for. Of a delay the order remains: nobody waits for time to pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lvsnet.lab.suggest import hint
from lvsnet.lab.topology.values import Text, Told
from lvsnet.lab.values import shown


def stages(
    waits: Mapping[str, Sequence[Text]],
    delays: Mapping[str, int],
    others: Sequence[str],
    told: Told,
) -> dict[str, int]:
    """Node -> number of its stage, from 1.

    ``waits`` has each node and those that it waits for, ``delays`` seconds. ``others`` are nodes
    for which nobody need wait. Nothing when nodes wait for each other, which is told.
    """
    known = [*waits, *others]
    graph: dict[str, list[str]] = {}
    for node, awaited in waits.items():
        for one in awaited:
            if one.text not in known:
                why = f"no node {shown(one.text)}{hint(one.text, known)}"
                told.error(one.mark, f"{one.path}: {why}")
        graph[node] = [one.text for one in awaited if one.text in waits]
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # A list of nodes in which each waits for the next but the last, which is the first.
        _tell_circle(error.args[1], waits, told)
        return {}
    begins: dict[str, tuple[int, int]] = {}
    for node in order:
        before = [begins[one] for one in graph[node]]
        time = max((time for time, _ in before), default=0) + delays[node]
        begins[node] = time, 1 + max((depth for _, depth in before), default=0)
    ranks = {begin: rank for rank, begin in enumerate(sorted(set(begins.values())), start=1)}
    return {node: ranks[begins[node]] for node in waits}


def _tell_circle(circle: Sequence[str], waits: Mapping[str, Sequence[Text]], told: Told) -> None:
    for node in waits:
        for one in waits[node]:
            if node in circle and one.text in circle:
                names = ", ".join(sorted(set(circle)))
                told.error(one.mark, f"{one.path}: nodes wait for each other in a circle: {names}")
                return
