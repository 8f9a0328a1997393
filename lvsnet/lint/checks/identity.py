"""Which virtual router an instance is: only seen with the configurations of all machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.clusters import clashing
from lvsnet.lint.instances import OWNER, Instance, Vip
from lvsnet.lint.model import Check, Finding, Place, Related
from lvsnet.lint.site import Site
from lvsnet.rules.identity import (
    MASTER_TWICE,
    NAMES_EQUAL,
    OWNER_TWICE,
    PRIORITIES_EQUAL,
    ROUTER_ID_CLASH,
    ROUTER_ID_DIFFERS,
    VERSION_DIFFERS,
    VIPS_DIFFER,
)


def router_id_differs(site: Site) -> Iterator[Finding]:
    holders: dict[IPAddress, list[Instance]] = defaultdict(list)
    for instance in site.instances():
        for vip in instance.held:
            holders[vip.address].append(instance)
    told = set()
    for address, found in holders.items():
        first = found[0]
        for other in found[1:]:
            if other.machine == first.machine or None in (first.router_id, other.router_id):
                continue
            # Where segments are known, one address may be in two of them.
            if first.segment and other.segment and first.segment != other.segment:
                continue
            pair = (first.written.place, other.written.place)
            if first.router_id.value == other.router_id.value or pair in told:  # type: ignore[union-attr]
                continue
            told.add(pair)
            yield Finding(
                ROUTER_ID_DIFFERS.name,
                other.at(other.router_id),
                f"VRRP instance {other.name} on {other.machine} has VIP {address} under"
                f" virtual_router_id {_id(other)}, and {first.machine} under {_id(first)}: both"
                " will hold it",
                (Related(first.at(first.router_id), f"{first.machine} has {_id(first)}"),),
            )


def router_id_clash(site: Site) -> Iterator[Finding]:
    for one, other in clashing(site.instances()):
        yield Finding(
            ROUTER_ID_CLASH.name,
            other.at(other.router_id),
            f"virtual_router_id {_id(other)} of instance {other.name} on {other.machine}, with"
            f" {_vips(other)}, is that of instance {one.name} on {one.machine}, with {_vips(one)}",
            (Related(one.at(one.router_id), f"{one.machine}: {_vips(one)}"),),
        )


def vips_differ(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for other in others:
            yield from _compared(first, other, first.vips, other.vips, "virtual_ipaddress")
            yield from _compared(
                first, other, first.excluded, other.excluded, "virtual_ipaddress_excluded"
            )


def _compared(
    first: Instance, other: Instance, its: Sequence[Vip], others: Sequence[Vip], keyword: str
) -> Iterator[Finding]:
    """What two machines have of a list of VIPs, ``its`` being the first one's."""
    here, there = {vip.address for vip in others}, {vip.address for vip in its}
    if here == there:
        return
    missing, more = sorted(map(str, there - here)), sorted(map(str, here - there))
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"also has {', '.join(more)}"] if more else []
    where = "" if keyword == "virtual_ipaddress" else f" in {keyword}"
    block, of_first = other.written.last(keyword), first.written.last(keyword)
    yield Finding(
        VIPS_DIFFER.name,
        block.place if block else other.place,
        f"VRRP instance {other.name} on {other.machine} {' and '.join(parts)}{where}, compared"
        f" with {first.name} on {first.machine}",
        (Related(of_first.place if of_first else first.place, f"{first.machine}'s list"),),
    )


def priorities_equal(site: Site) -> Iterator[Finding]:
    for router in site.routers():
        first: dict[int, Instance] = {}
        for one in router:
            before = first.setdefault(one.priority, one)
            if before is not one and one.priority != OWNER:
                yield Finding(
                    PRIORITIES_EQUAL.name,
                    one.at(one.given_priority),
                    f"VRRP instance {one.name}: {one.machine} and {before.machine} both have"
                    f" priority {one.priority}",
                    (Related(before.at(before.given_priority), f"{before.machine}'s priority"),),
                )


def owner_twice(site: Site) -> Iterator[Finding]:
    for router in site.routers():
        owners = [one for one in router if one.priority == OWNER]
        for one in owners[1:]:
            how = "has no priority, so state MASTER makes it 255," if not one.given_priority else ""
            yield Finding(
                OWNER_TWICE.name,
                one.at(one.given_priority),
                f"VRRP instance {one.name}: {one.machine} {how or 'has priority 255'} as"
                f" {owners[0].machine} does",
                (Related(owners[0].at(owners[0].given_priority), f"{owners[0].machine}'s"),),
            )


def master_twice(site: Site) -> Iterator[Finding]:
    for router in site.routers():
        masters = [one for one in router if one.master]
        for one in masters[1:]:
            yield Finding(
                MASTER_TWICE.name,
                one.at(one.state),
                f"VRRP instance {one.name}: {one.machine} and {masters[0].machine} are both"
                " written as MASTER",
                (Related(masters[0].at(masters[0].state), f"{masters[0].machine}'s state"),),
            )


def version_differs(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for one in others:
            if one.version != first.version:
                yield Finding(
                    VERSION_DIFFERS.name,
                    one.version_place or one.place,
                    f"VRRP instance {one.name}: {one.machine} speaks version {one.version},"
                    f" {first.machine} version {first.version}",
                    (Related(first.version_place or first.place, f"version {first.version}"),),
                )


def names_equal(site: Site) -> Iterator[Finding]:
    first: dict[str, tuple[str, Place]] = {}
    for machine in site.machines:
        name = machine.globals.word("router_id")
        if name is None:
            continue
        before = first.setdefault(name.value, (machine.name, name.place))
        if before[0] != machine.name:
            yield Finding(
                NAMES_EQUAL.name,
                name.place,
                f"router_id {name.value} of {machine.name} is that of {before[0]}",
                (Related(before[1], f"{before[0]}'s"),),
            )


def _id(instance: Instance) -> int:
    return instance.router_id.value if instance.router_id else 0


def _vips(instance: Instance) -> str:
    first, *more = (str(vip.address) for vip in instance.vips)
    return f"VIP {first}" + (f" and {len(more)} more" if more else "")


CHECKS: tuple[Check, ...] = (
    router_id_differs,
    router_id_clash,
    vips_differ,
    priorities_equal,
    owner_twice,
    master_twice,
    version_differs,
    names_equal,
)
