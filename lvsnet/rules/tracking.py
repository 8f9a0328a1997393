"""What VRRP instances watch, and what becomes of them when it fails."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

UNKNOWN = Rule(
    "keepalived-unknown-name",
    "error",
    "a name is defined nowhere: keepalived leaves out what uses it",
    "keepalived/vrrp/vrrp_track.c, vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c",
    "define it further up in the file, or correct its spelling",
)
OWN_INTERFACE = Rule(
    "track-interface-own",
    "warning",
    "track_interface names the instance's own interface: keepalived tracks that anyway, and ignores"
    " the entry",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take the entry out",
)
SYNC_WEIGHT = Rule(
    "track-weight-sync-group",
    "warning",
    "something is tracked with a weight and the instance is in a sync group: keepalived does not"
    " track it at all",
    "keepalived.conf(5), sync_group_tracking_weight; keepalived/vrrp/vrrp.c",
    "track it without a weight, or write sync_group_tracking_weight into the group",
)
OWNER_WEIGHT = Rule(
    "keepalived-track-weight",
    "warning",
    "something is tracked with a weight, and the priority is 255: keepalived leaves it out, as the"
    " owner of the addresses always has them",
    "RFC 3768, 5.3.4; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write a priority below 255",
)
NOPREEMPT_WEIGHT = Rule(
    "track-weight-nopreempt",
    "warning",
    "something is tracked with a weight and the instance has nopreempt: the priority falls, but"
    " nobody takes the addresses from a MASTER that goes on advertising",
    "vrrp_state_backup() of keepalived/vrrp/vrrp.c",
    "track it without a weight: its failure is a FAULT then, which gives the addresses away",
    "10-track-weight-nopreempt",
)
GAP = Rule(
    "track-weight-gap",
    "warning",
    "the weights of what a machine tracks do not reach the next priority: however much of it fails,"
    " the addresses stay where they are",
    "RFC 3768, 6.4.3; vrrp_set_effective_priority() of keepalived/vrrp/vrrp_track.c",
    "make the weight larger than the gap of the priorities, or leave it out: failure is a FAULT"
    " then",
    "10-track-weight-gap",
)
BACKUP_BLIND = Rule(
    "backup-without-script",
    "warning",
    "a machine that serves the address itself is BACKUP in an instance and tracks no script there:"
    " it takes the address over whether its service runs or not",
    "keepalived.conf(5), track_script",
    "track the script in each instance that the machine can become MASTER of",
    "15-backup-without-script",
)
DIFFERS = Rule(
    "tracking-differs",
    "note",
    "one machine of a virtual router tracks a script and another none: when the service fails on"
    " the second one, nobody notices",
    "keepalived.conf(5), track_script",
    "track the same on all machines of the router",
)

SUBJECT = Subject(
    "Tracking",
    (
        UNKNOWN,
        OWN_INTERFACE,
        SYNC_WEIGHT,
        OWNER_WEIGHT,
        NOPREEMPT_WEIGHT,
        GAP,
        BACKUP_BLIND,
        DIFFERS,
    ),
)
