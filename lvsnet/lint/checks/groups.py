"""Sync groups: instances that move together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lvsnet.lint.instances import Instance
from lvsnet.lint.model import Check, Finding, Place, Related
from lvsnet.lint.site import Site
from lvsnet.rules.groups import DIFFERS, EMPTY, PREFERENCE, TWICE
from lvsnet.rules.scripts import UNUSED


def members(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        first: dict[str, tuple[str, Place]] = {}
        for group in machine.groups:
            if not group.members:
                message = f"sync group {group.name} has no members in a group block"
                yield Finding(EMPTY.name, group.place, message)
            elif len(group.members) == 1:
                message = f"sync group {group.name} has only {group.members[0].value}"
                yield Finding(UNUSED.name, group.place, message)
            for member in group.members:
                before, place = first.setdefault(member.value, (group.name, member.place))
                if before != group.name:
                    message = f"sync group {group.name}: {member.value} is in {before} already"
                    yield Finding(TWICE.name, member.place, message, (Related(place, before),))


def differ(site: Site) -> Iterator[Finding]:
    numbers: dict[tuple[str, str], int] = {}
    of: dict[str, set[int]] = defaultdict(set)
    for number, router in enumerate(site.routers()):
        for one in router:
            numbers[one.machine, one.name] = number
            of[one.machine].add(number)
    told = set()
    compared = set()
    for router in site.routers():
        for other in router[1:]:
            first = router[0]
            groups = (first.machine, _of(site, first), other.machine, _of(site, other))
            if (first.machine, other.machine) in told or groups in compared:
                continue
            compared.add(groups)
            mine, theirs = (_together(site, one, numbers) for one in (other, first))
            # What only one of the two machines has cannot be in the other's group.
            there, here = of[first.machine], of[other.machine]
            if {one for one in mine if one in there} == {one for one in theirs if one in here}:
                continue
            told.add((first.machine, other.machine))
            group = site.machine(other.machine).group_of(other.name)
            before = site.machine(first.machine).group_of(first.name)
            yield Finding(
                DIFFERS.name,
                group.place if group else other.place,
                f"{other.machine} has {_names(site, other)} in one sync group,"
                f" {first.machine} {_names(site, first)}",
                (Related(before.place if before else first.place, f"{first.machine}'s"),),
            )


def preference(site: Site) -> Iterator[Finding]:
    best = {}
    for router in site.routers():
        chosen = max(router, key=lambda one: one.priority)
        for one in router:
            best[one.machine, one.name] = chosen
    for machine in site.machines:
        for group in machine.groups:
            found = [best[machine.name, m.value] for m in group.members
                     if (machine.name, m.value) in best]  # fmt: skip
            if len({one.machine for one in found}) > 1:
                first = found[0]
                other = next(one for one in found if one.machine != first.machine)
                if machine.name == first.machine:
                    yield Finding(
                        PREFERENCE.name,
                        group.place,
                        f"sync group {group.name}: {first.machine} has the highest priority in"
                        f" {first.name}, {other.machine} in {other.name}",
                        (Related(other.at(other.given_priority), f"{other.machine}'s"),),
                    )


def _together(site: Site, one: Instance, numbers: dict[tuple[str, str], int]) -> frozenset[int]:
    group = site.machine(one.machine).group_of(one.name)
    names = [member.value for member in group.members] if group else [one.name]
    return frozenset(numbers[one.machine, name] for name in names if (one.machine, name) in numbers)


def _of(site: Site, one: Instance) -> tuple[str, str]:
    """What it moves with: its group, or itself."""
    group = site.machine(one.machine).group_of(one.name)
    return ("group", group.name) if group else ("instance", one.name)


def _names(site: Site, one: Instance) -> str:
    group = site.machine(one.machine).group_of(one.name)
    return ", ".join(member.value for member in group.members) if group else f"{one.name} alone"


CHECKS: tuple[Check, ...] = (members, differ, preference)
