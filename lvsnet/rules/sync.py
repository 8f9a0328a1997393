"""IPVS's sync daemons, by which connections survive their director."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

MISSING = Rule(
    "sync-daemon-missing",
    "note",
    "no director runs a sync daemon: connections that are open are reset when the VIP moves",
    "ipvsadm(8), --start-daemon; keepalived.conf(5), lvs_sync_daemon",
    "write lvs_sync_daemon INTERFACE INSTANCE id NUMBER into global_defs on all directors",
    "13-no-sync-daemon",
)
ONE_SIDE = Rule(
    "sync-daemon-one-side",
    "error",
    "one director runs a sync daemon and another none: nobody takes what it sends, nor sends what"
    " it would take, and open connections are reset when the VIP moves",
    "ipvsadm(8), --start-daemon; keepalived.conf(5), lvs_sync_daemon",
    "write the same lvs_sync_daemon on all directors",
)
DIFFERS = Rule(
    "sync-daemon-differs",
    "error",
    "directors' sync daemons have different ids, groups or ports: each throws the other's messages"
    " away, and open connections are reset when the VIP moves",
    "ipvsadm(8), --syncid; ip_vs_process_message() of net/netfilter/ipvs/ip_vs_sync.c",
    "write the same id, group and port on all directors",
    "13-syncid-differs",
)
ROLES = Rule(
    "sync-daemon-roles",
    "warning",
    "a director's sync daemon only sends, or only receives: when the first one comes back it has"
    " none of the connections that the other one took over",
    "ipvsadm(8), --start-daemon",
    "run a master and a backup daemon on each director, or let keepalived do it",
    "13-returning-master",
)
DEPRECATED = Rule(
    "keepalived-deprecated",
    "warning",
    "something is written in a way that keepalived will give up",
    "keepalived.conf(5); keepalived/core/global_parser.c, keepalived/vrrp/vrrp_parser.c",
    "write what has taken its place",
)
UNKNOWN_INSTANCE = Rule(
    "sync-daemon-instance",
    "error",
    "lvs_sync_daemon names a VRRP instance that the machine does not have: keepalived starts no"
    " sync daemon",
    "keepalived.conf(5), lvs_sync_daemon",
    "name the instance that holds the services' VIP",
)

SUBJECT = Subject("Sync daemons", (MISSING, ONE_SIDE, DIFFERS, ROLES, UNKNOWN_INSTANCE, DEPRECATED))
