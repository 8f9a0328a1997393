"""Where somebody wants to capture, as it is written: ``lb01:eth1``, ``lb01``, ``lan``, ``all``."""

from __future__ import annotations

from collections.abc import Sequence

from lvsnet.errors import LvsnetError
from lvsnet.lab.suggest import nearest
from lvsnet.observe.capture_model import ALL, Tapped
from lvsnet.plan.model import Node, Plan


def places(words: Sequence[str], plan: Plan) -> tuple[tuple[Tapped, ...], tuple[str, ...]]:
    """The nodes whose interfaces are listened at, and the segments.

    An interface may be named by its segment. What a node may have beside its plan, such as a VRRP
    instance's own interface, is for the node to say.

    Raises:
        LvsnetError: there is no such node or segment.
    """
    nodes = {node.name: node for node in plan.nodes}
    segments = [segment.name for segment in plan.segments]
    tapped: dict[str, set[str]] = {}
    whole: set[str] = set()
    wanted: list[str] = []
    for word in words:
        name, colon, interface = word.partition(":")
        if word == ALL:
            whole.add(ALL)
        elif name in nodes and (interface or not colon):
            if colon:
                tapped.setdefault(name, set()).update(_interfaces(nodes[name], interface))
            else:
                whole.add(name)
        elif word in segments:
            wanted.append(word)
        else:
            raise _unknown(word, plan.lab, [*nodes], segments)
    if ALL in whole:
        return (Tapped(ALL, ()),), tuple(dict.fromkeys(wanted))
    return (
        tuple(
            Tapped(name, () if name in whole else tuple(sorted(tapped[name])))
            for name in nodes
            if name in whole or name in tapped
        ),
        tuple(dict.fromkeys(wanted)),
    )


def _interfaces(node: Node, name: str) -> Sequence[str]:
    """The interfaces of that name, or in the segment of that name."""
    if any(one.name == name for one in node.interfaces):
        return (name,)
    return [one.name for one in node.interfaces if one.segment == name] or (name,)


def _unknown(word: str, lab: str, nodes: list[str], segments: list[str]) -> LvsnetError:
    name, colon, interface = word.partition(":")
    if name in nodes:
        return LvsnetError(
            f"{word} names no interface: write {name} for all of them, or {name}:eth1"
        )
    near = nearest(name, [*nodes, *([] if colon else segments)])
    meant = f"{near}{colon}{interface}" if colon else near
    hint = f"; did you mean {meant}?" if near else ""
    what = f"node {name}" if colon else f"node or segment {word}"
    there = f"{', '.join(nodes)}" if colon else f"{', '.join(nodes)} and {', '.join(segments)}"
    return LvsnetError(f"lab {lab} has no {what}; it has {there}{hint}")
