"""What a VRRP instance needs, and what several of one machine cannot share."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.instances import DEFAULT_PRIORITY, OWNER, Instance
from lvsnet.lint.model import Family, Finding, Related, Rule
from lvsnet.lint.site import Site
from lvsnet.lint.written import Written

ROUTER_ID_MISSING = Rule(
    "router-id-missing",
    "error",
    "a VRRP instance has no virtual_router_id between 1 and 255: keepalived ends",
    "RFC 3768, 5.3.3; keepalived.conf(5), virtual_router_id",
    "write one that no other cluster of the segment has, the same on all machines",
)
INTERFACE_MISSING = Rule(
    "interface-missing",
    "error",
    "a VRRP instance has neither an interface nor a unicast_src_ip: keepalived ends",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "name the interface that its machine has in the segment",
)
VIP_MISSING = Rule(
    "vip-missing",
    "warning",
    "a VRRP instance has no virtual_ipaddress: there is nothing that it could move, and with"
    " version 3 keepalived ends",
    "keepalived.conf(5), virtual_ipaddress; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write its addresses, or no_virtual_ipaddress where it is there for its notify commands",
)
PRIORITY_DEFAULT = Rule(
    "priority-default",
    "warning",
    "a VRRP instance has no priority: with state MASTER it is 255, the owner of the addresses, whom"
    " no tracked script moves, and with BACKUP 100 as on all others",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c; RFC 3768, 5.3.4",
    "write a priority from 1 to 254, another one on each machine",
)
PRIORITY_RANGE = Rule(
    "priority-range",
    "error",
    "a priority is no number from 1 to 255: keepalived uses 100",
    "RFC 3768, 5.3.4; vrrp_prio_handler() of keepalived/vrrp/vrrp_parser.c",
    "write a number from 1 to 254",
)
STATE_UNKNOWN = Rule(
    "state-unknown",
    "warning",
    "a state is neither MASTER nor BACKUP, in capitals: keepalived uses BACKUP",
    "vrrp_state_handler() of keepalived/vrrp/vrrp_parser.c",
    "write MASTER or BACKUP",
)
VIP_TWICE = Rule(
    "vip-twice",
    "error",
    "one machine has an address in two VRRP instances: whichever of the two leaves MASTER takes it"
    " away from the other, and keepalived -t finds nothing wrong",
    "vrrp_restore_interface() of keepalived/vrrp/vrrp.c",
    "list an address in one instance only",
)
ROUTER_ID_TWICE = Rule(
    "router-id-twice",
    "error",
    "two VRRP instances of one machine have the same virtual_router_id on one interface: keepalived"
    " ends",
    "RFC 3768, 5.3.3; keepalived/vrrp/vrrp.c, duplicate VRID",
    "give one of them another virtual_router_id, on all its machines",
)
NAME_TWICE = Rule(
    "keepalived-duplicate",
    "error",
    "something is defined twice under one name: keepalived uses one of the two",
    "vrrp_handler() and vrrp_sync_group_handler() of keepalived/vrrp/vrrp_parser.c",
    "give each its own name, or take one out",
)
FAMILIES_MIXED = Rule(
    "vip-families-mixed",
    "error",
    "a virtual_ipaddress has IPv4 and IPv6 addresses: an advertisement has one kind, and keepalived"
    " leaves out what is not of the first one's",
    "RFC 5798, 5.2.9; keepalived.conf(5), virtual_ipaddress_excluded",
    "put the others into virtual_ipaddress_excluded, or into an instance of their own",
)
LINK_LOCAL_FIRST = Rule(
    "ipv6-link-local-first",
    "note",
    "the first VIP of an IPv6 instance is no link-local address, which version 3 asks for",
    "RFC 5798, 5.2.9; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "list a link-local address of the virtual router, such as fe80::100, first",
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


FAMILY = Family(
    "VRRP instances",
    (
        ROUTER_ID_MISSING,
        INTERFACE_MISSING,
        VIP_MISSING,
        PRIORITY_DEFAULT,
        PRIORITY_RANGE,
        STATE_UNKNOWN,
        VIP_TWICE,
        ROUTER_ID_TWICE,
        NAME_TWICE,
        FAMILIES_MIXED,
        LINK_LOCAL_FIRST,
    ),
    (
        needed,
        priorities,
        states,
        vip_twice,
        router_id_twice,
        names_twice,
        families_mixed,
        link_local_first,
    ),
)
