"""What keepalived leaves out of instances and of what they track, as something is at odds."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

VIP_REPEATED = Rule(
    "vip-repeated",
    "warning",
    "an address is twice among the VIPs of one VRRP instance: keepalived leaves the second one out,"
    " with its prefix, device and label",
    "vip_is_duplicate() of keepalived/vrrp/vrrp_data.c",
    "take out the one that is not meant",
)
PEER = Rule(
    "unicast-peer-left-out",
    "error",
    "a unicast peer, or unicast_src_ip, is of another family than the VIPs, or a peer is there"
    " twice: keepalived leaves out the later one, and a peer that is nowhere else hears nothing",
    "alloc_vrrp_unicast_peer() of keepalived/vrrp/vrrp_data.c; vrrp_srcip_handler() of"
    " vrrp_parser.c",
    "write each peer once, by the address of the instance's family",
)
TRACK_TWICE = Rule(
    "track-twice",
    "warning",
    "one thing is tracked twice by an instance or a sync group: keepalived leaves the second entry"
    " out, with its weight",
    "alloc_track_script() and its neighbours in keepalived/vrrp/vrrp_track.c",
    "take out the one that is not meant",
)
TRACKED_EMPTY = Rule(
    "tracked-incomplete",
    "error",
    "a vrrp_script has no script, a vrrp_track_process no process or a track_file no file:"
    " keepalived removes it, and what tracks it goes on as if all were well",
    "vrrp_vscript_end_handler() and vrrp_tprocess_end_handler() of keepalived/vrrp/vrrp_parser.c;"
    " track_file_end_handler() of keepalived/trackers/track_file.c",
    "write what is to be run or watched",
)
PROCESS_QUORUM = Rule(
    "process-quorum",
    "warning",
    "quorum_max of a vrrp_track_process is below its quorum: keepalived ignores the second of the"
    " two",
    "vrrp_tprocess_quorum_handler() of keepalived/vrrp/vrrp_parser.c",
    "write a quorum_max that is not below the quorum",
)
GROUP_OWNER = Rule(
    "sync-group-owner",
    "error",
    "some instances of a sync group have state MASTER and priority 255, and others not: an owner"
    " takes its addresses at once, the others may not, and a group can only move as a whole",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c; RFC 3768, 6.4.1",
    "write priorities below 255",
)
BFD = Rule(
    "bfd-left-out",
    "error",
    "a bfd_instance has no neighbor_ip, a source_ip of another family, or the addresses of an"
    " earlier one: keepalived leaves it out, and what tracks it with it",
    "bfd_end_handler() of keepalived/bfd/bfd_parser.c",
    "write a neighbor_ip, and a source_ip of its family; one session for two machines",
)

SUBJECT = Subject(
    "What keepalived leaves out of VRRP",
    (VIP_REPEATED, PEER, TRACK_TWICE, TRACKED_EMPTY, PROCESS_QUORUM, GROUP_OWNER, BFD),
)
