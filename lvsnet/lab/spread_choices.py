"""What a spread leaves open, chosen by what the rest of the lab file has: its segment, and ids.

The lab file is read as a document here, of which other parts may be wrong; so what cannot be read
is passed over, and the models tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from lvsnet.errors import LvsnetError
from lvsnet.lab import values
from lvsnet.lab.document import Entry, Leaf, Listing, Loc, Node, Table, child
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Role
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.scalars import Integer
from lvsnet.lab.suggest import hint

PLACE: Loc = ("vrrp", values.SPREAD)
HIGHEST_ID = 255
"""Of virtual_router_id, one byte (RFC 3768, 5.3.3)."""


class RefusedError(LvsnetError):
    """Why a spread has no plan, at places of the document.

    ``findings`` may be empty: what the plan needs has an error of its own, of which the models or
    the checks tell.
    """

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(one.message for one in findings))
        self.findings = findings


def judge_directors(root: Table, spread: Spread) -> None:
    """Raises RefusedError: not all of ``over`` are directors, or none of them would be left."""
    nodes = child(root, "nodes")
    if not isinstance(nodes, Table):
        raise RefusedError
    findings = [
        Finding((*PLACE, "over", number), f"vrrp.spread: {reason}")
        for number, name in enumerate(spread.over)
        if (reason := _no_director(nodes, name, spread.over[:number]))
    ]
    most = len(spread.over) - 1
    if spread.losses > most:
        message = (
            f"vrrp.spread: losses: {spread.losses} of {most + 1} directors; one has to be left, so"
            f" it is {most} at most"
        )
        findings.append(Finding((*PLACE, "losses"), message))
    if findings:
        raise RefusedError(*findings)


def _no_director(nodes: Table, name: str, before: list[str]) -> str:
    """Why a VIP cannot be on it; empty when nothing is known against it."""
    if name in before:
        return f"{name} is there already"
    if name not in nodes.entries:
        known = [one for one in nodes.entries if _role(nodes, one) == "director"]
        return f"unknown node '{name}'{hint(name, known)}"
    role = _role(nodes, name)
    if role in get_args(Role) and role != "director":
        return f"node {name} is no director; its role is {role}"
    return ""


def _role(nodes: Table, name: str) -> object:
    role = child(nodes.entries[name].node, "role")
    return role.value if isinstance(role, Leaf) else None


def segment_of(root: Table, spread: Spread) -> str:
    """The segment of a spread whose directors are some.

    Raises:
        RefusedError: it does not exist or not all directors are in it; or none is given, and they
            do not share exactly one.
    """
    ways = [child(child(child(root, "nodes"), name), "interfaces") for name in spread.over]
    segments = child(root, "segments")
    tables = [one for one in ways if isinstance(one, Table)]
    if len(tables) < len(ways) or not isinstance(segments, Table):
        raise RefusedError
    if spread.segment is not None:
        _judge_segment(spread.segment, segments, tables, spread)
        return spread.segment
    first, *others = tables
    shared = [one for one in first.entries if all(one in other.entries for other in others)]
    if not shared:
        message = f"vrrp.spread: {_listed(spread.over)} are in no common segment"
        raise RefusedError(Finding((*PLACE, "over"), message))
    if len(shared) > 1:
        message = (
            f"vrrp.spread: {_listed(spread.over)} share the segments {_listed(shared)}; say with"
            " 'segment' which of them the VIPs are in"
        )
        raise RefusedError(Finding(PLACE, message, "key"))
    return shared[0]


def _judge_segment(segment: str, segments: Table, ways: list[Table], spread: Spread) -> None:
    if segment not in segments.entries:
        message = f"vrrp.spread: unknown segment '{segment}'{hint(segment, segments.entries)}"
        raise RefusedError(Finding((*PLACE, "segment"), message))
    findings = [
        Finding(
            (*PLACE, "over", number),
            f"vrrp.spread: director {name} has no interface in segment {segment}",
        )
        for number, (name, way) in enumerate(zip(spread.over, ways, strict=True))
        if segment not in way.entries
    ]
    if findings:
        raise RefusedError(*findings)


def entries_of(root: Table) -> dict[str, Entry]:
    """What is written at ``vrrp.spread``."""
    spread = child(child(root, "vrrp"), values.SPREAD)
    if not isinstance(spread, Table):
        raise LookupError("the document has no mapping at vrrp.spread")
    return spread.entries


def at(node: Node | None, path: tuple[str | None, ...]) -> Iterator[Node]:
    """What a document has at a path, of which None is any key or item."""
    if node is None or not path:
        yield from () if node is None else (node,)
    elif path[0] is not None:
        yield from at(child(node, path[0]), path[1:])
    elif isinstance(node, Table):
        for entry in node.entries.values():
            yield from at(entry.node, path[1:])
    elif isinstance(node, Listing):
        for item in node.items:
            yield from at(item.node, path[1:])


def ids_of(root: Table, spread: Spread, segment: str, vips: int) -> tuple[int, ...]:
    """A virtual_router_id for each VIP.

    The first is the one that is written even if another instance has it, of which the checks tell.

    Raises:
        RefusedError: too few are free in the segment.
    """
    written = "virtual_router_id" in spread.model_fields_set
    first = spread.virtual_router_id
    used = set(_ids(root, segment)) - ({first} if written else set())
    free = [one for one in range(first, HIGHEST_ID + 1) if one not in used][:vips]
    if len(free) < vips:
        message = (
            f"vrrp.spread: {vips} VIPs, but from virtual_router_id {first} on only {len(free)} are"
            f" free in segment {segment}; the highest is {HIGHEST_ID}; begin with a lower"
            " 'virtual_router_id', or spread fewer"
        )
        at = (*PLACE, "virtual_router_id" if written else "addresses")
        raise RefusedError(Finding(at, message))
    return tuple(free)


def _ids(root: Table, segment: str) -> Iterator[int]:
    for instance in at(root, ("vrrp", None)):
        its, number = child(instance, "segment"), child(instance, "virtual_router_id")
        if its == Leaf(segment) and isinstance(number, Leaf) and isinstance(number.value, Integer):
            yield int(number.value)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
