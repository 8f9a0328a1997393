"""Checks of sync groups."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks.vrrp import preferred
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint


def members(lab: Lab) -> Iterator[Finding]:
    """A group's instances exist."""
    for loc, group, member in _members(lab):
        if member not in lab.vrrp:
            yield Finding(
                loc,
                f"sync group {group}: unknown VRRP instance '{member}'"
                f"{hint(member, lab.vrrp) or '; vrrp has none'}",
                because=(("vrrp", member),),
            )


def one_group(lab: Lab) -> Iterator[Finding]:
    """An instance is in one group, once (vrrp_sync_set_group() of keepalived)."""
    first: dict[str, str] = {}
    for loc, group, member in _members(lab):
        if first.get(member) == group:
            yield Finding(loc, f"sync group {group}: {member} is there already")
        elif member in first:
            yield Finding(
                loc,
                f"sync group {group}: {member} is already in sync group {first[member]}; keepalived"
                " takes an instance into one only",
            )
        first.setdefault(member, group)


def same_machines(lab: Lab) -> Iterator[Finding]:
    """Instances move together only within one keepalived."""
    for loc, group, member, first in _further_members(lab):
        own, others = lab.vrrp[member].priority, lab.vrrp[first].priority
        if own.keys() != others.keys():
            yield Finding(
                loc,
                f"sync group {group}: {member} is on {_listed(own)}, {first} on {_listed(others)};"
                " each keepalived moves only the instances that it has, so these do not move"
                " together; give both a priority on the same machines",
                because=(("vrrp", member, "priority"), ("vrrp", first, "priority")),
                rule="sync-group-nodes",
            )


def same_preference(lab: Lab) -> Iterator[Finding]:
    """A group is MASTER as a whole, so its instances prefer one machine."""
    for loc, group, member, first in _further_members(lab):
        own, others = lab.vrrp[member].priority, lab.vrrp[first].priority
        if own.keys() == others.keys() and preferred(lab.vrrp[member]) != preferred(
            lab.vrrp[first]
        ):
            yield Finding(
                loc,
                f"sync group {group}: {member} prefers {preferred(lab.vrrp[member])}, {first}"
                f" prefers {preferred(lab.vrrp[first])}; a group is MASTER only as a whole, so"
                " whoever is first has it and keeps it; let all of them prefer one machine",
                because=(("vrrp", member, "priority"), ("vrrp", first, "priority")),
                rule="sync-group-priority",
            )


def _members(lab: Lab) -> Iterator[tuple[Loc, str, str]]:
    """Place, group and name of each member."""
    for name, group in lab.vrrp_sync_group.items():
        for number, member in enumerate(group.group):
            yield ("vrrp_sync_group", name, "group", number), name, member


def _further_members(lab: Lab) -> Iterator[tuple[Loc, str, str, str]]:
    """Each known member but a group's first: place, group, name, and the name of that first."""
    first: dict[str, str] = {}
    for loc, group, member in _members(lab):
        if member in lab.vrrp and first.setdefault(group, member) != member:
            yield loc, group, member, first[group]


def _listed(machines: dict[str, int]) -> str:
    return " and ".join(machines)
