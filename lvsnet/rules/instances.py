"""What a VRRP instance needs, and what several of one machine cannot share."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

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

SUBJECT = Subject(
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
)
