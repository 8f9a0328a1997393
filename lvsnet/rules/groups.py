"""Sync groups: instances that move together."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

EMPTY = Rule(
    "sync-group-empty",
    "error",
    "a vrrp_sync_group has no group block with members: keepalived leaves it out, and its instances"
    " move alone",
    "vrrp_sync_group_handler() of keepalived/vrrp/vrrp_parser.c",
    "write the names of its instances into group { }",
)
TWICE = Rule(
    "sync-group-twice",
    "error",
    "an instance is in two sync groups: keepalived leaves it out of the second",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c",
    "make one group of the two, or take the instance out of one",
)
DIFFERS = Rule(
    "sync-groups-differ",
    "error",
    "machines have different sync groups for the same virtual routers: what moves together from one"
    " machine does not from the other",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c; keepalived.conf(5), vrrp_sync_group",
    "write the same groups on all machines",
)
PREFERENCE = Rule(
    "sync-group-priority",
    "warning",
    "instances of a sync group are best on different machines: a group becomes MASTER only as a"
    " whole, so whoever is first has it, and no priority decides",
    "vrrp_sync_can_goto_master() of keepalived/vrrp/vrrp_sync.c",
    "give one machine the highest priority in all instances of the group",
)

SUBJECT = Subject("Sync groups", (EMPTY, TWICE, DIFFERS, PREFERENCE))
