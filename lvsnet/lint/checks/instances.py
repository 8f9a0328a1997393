"""What a VRRP instance needs, and what several of one machine cannot share."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.instances import DEFAULT_PRIORITY, OWNER, Instance
from lvsnet.lint.model import Check, Finding, Related
from lvsnet.lint.site import Site
from lvsnet.lint.written import Written
from lvsnet.rules.instances import (
    FAMILIES_MIXED,
    INTERFACE_MISSING,
    LINK_LOCAL_FIRST,
    NAME_TWICE,
    PRIORITY_DEFAULT,
    PRIORITY_RANGE,
    ROUTER_ID_MISSING,
    ROUTER_ID_TWICE,
    STATE_UNKNOWN,
    VIP_MISSING,
    VIP_TWICE,
)


def needed(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        where = f"VRRP instance {one.name}"
        written = one.written.word("virtual_router_id")
        if one.router_id is None or not 1 <= one.router_id.value <= 255:
            what = f"virtual_router_id {written.value} is not" if written else "there is no"
            what += " a number from 1 to 255" if written else " virtual_router_id"
            place = written.place if written else one.place
            yield Finding(ROUTER_ID_MISSING.name, place, f"{where}: {what}")
        if one.interface is None and one.written.word("unicast_src_ip") is None:
            yield Finding(INTERFACE_MISSING.name, one.place, f"{where}: there is no interface")
        if not one.vips and not one.written.all("no_virtual_ipaddress"):
            yield Finding(VIP_MISSING.name, one.place, f"{where}: there is no virtual_ipaddress")


def priorities(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        where = f"VRRP instance {one.name}"
        written = one.written.word("priority")
        if written is None:
            value = OWNER if one.master else DEFAULT_PRIORITY
            message = f"{where}: there is no priority, so it is {value}"
            yield Finding(PRIORITY_DEFAULT.name, one.place, message)
        elif one.given_priority is None or not 1 <= one.given_priority.value <= OWNER:
            message = f"{where}: priority {written.value} is no number from 1 to 255"
            yield Finding(PRIORITY_RANGE.name, written.place, message)


def states(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        if one.state is not None and one.state.value not in ("MASTER", "BACKUP"):
            message = f"VRRP instance {one.name}: keepalived takes state {one.state.value} for"
            yield Finding(STATE_UNKNOWN.name, one.state.place, f"{message} BACKUP")


def vip_twice(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        first: dict[IPAddress, Instance] = {}
        for one in machine.instances:
            for vip in one.held:
                before = first.setdefault(vip.address, one)
                if before is not one:
                    yield Finding(
                        VIP_TWICE.name,
                        vip.place,
                        f"{vip.address} is an address of VRRP instance {before.name}, too",
                        (Related(before.place, f"instance {before.name}"),),
                    )


def router_id_twice(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        first: dict[tuple[int, str, int], Instance] = {}
        for one in machine.instances:
            if one.router_id is None or one.interface is None or one.peers:
                continue
            if one.written.word("mcast_dst_ip") is not None:
                continue
            key = (one.router_id.value, one.interface.value, one.family)
            before = first.setdefault(key, one)
            if before is not one:
                yield Finding(
                    ROUTER_ID_TWICE.name,
                    one.router_id.place,
                    f"VRRP instance {one.name}: virtual_router_id {key[0]} is already that of"
                    f" {before.name} on {key[1]}",
                    (Related(before.at(before.router_id), f"{before.name}'s"),),
                )


def names_twice(site: Site) -> Iterator[Finding]:
    kinds = (
        "vrrp_instance",
        "vrrp_sync_group",
        "vrrp_script",
        "vrrp_track_process",
        "bfd_instance",
    )
    for machine in site.machines:
        first: dict[tuple[str, str], Written] = {}
        for one in machine.statements:
            if one.keyword in kinds and one.arguments:
                before = first.setdefault((one.keyword, one.arguments[0]), one)
                if before is not one:
                    yield Finding(
                        NAME_TWICE.name,
                        one.place,
                        f"{one.keyword} {one.arguments[0]} is defined already",
                        (Related(before.place, "here first"),),
                    )


def families_mixed(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        for vip in one.vips:
            if vip.address.version != one.family:
                yield Finding(
                    FAMILIES_MIXED.name,
                    vip.place,
                    f"VRRP instance {one.name}: {vip.address} is IPv{vip.address.version}, and the"
                    f" first VIP, {one.vips[0].address}, IPv{one.family}: keepalived leaves it out",
                )


def link_local_first(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        if one.vips and one.family == 6 and not one.peers and not one.vips[0].address.is_link_local:
            yield Finding(
                LINK_LOCAL_FIRST.name,
                one.vips[0].place,
                f"VRRP instance {one.name}: the first VIP, {one.vips[0].address}, is not"
                " link-local",
            )


CHECKS: tuple[Check, ...] = (
    needed,
    priorities,
    states,
    vip_twice,
    router_id_twice,
    names_twice,
    families_mixed,
    link_local_first,
)
