"""The rules that a lab can break on purpose, with ``allow``: what is unwise, or cannot work.

What has no name here is wrong in a way that leaves nothing to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Rule:
    severity: Literal["error", "warning"]
    """``error`` for what cannot work, ``warning`` for what is only unwise."""
    summary: str
    """What breaks it, and what the daemon or the kernel then does; a sentence without its dot."""
    source: str
    """Where that is laid down: an RFC, a man page, a file of keepalived's or the kernel's."""


RULES: dict[str, Rule] = {
    "dr-port": Rule(
        "error",
        "with method dr a real server has another port than the service: packets arrive for the"
        " port that the client chose, and ipvsadm and keepalived put the service's port in its"
        " place",
        "ipvsadm(8), --real-server; keepalived/check/check_data.c",
    ),
    "director-loop": Rule(
        "error",
        "two directors of a service are each other's real servers, with method dr or tun, and both"
        " balance: the backup gives a connection back, and so on until its packets' TTL is used up",
        "ip_vs_in_hook() of net/netfilter/ipvs/ip_vs_core.c; Documentation/networking/"
        "ipvs-sysctl.rst of Linux, backup_only",
    ),
    "tun-port": Rule(
        "error",
        "with method tun a real server has another port than the service: packets leave the tunnel"
        " for the port that the client chose, and ipvsadm and keepalived put the service's port in"
        " its place",
        "ipvsadm(8), --real-server; keepalived/check/check_data.c",
    ),
    "tun-route": Rule(
        "error",
        "with method tun a director has no route to a real server, or a real server none to a"
        " client, whom it answers itself",
        "ip_vs_tunnel_xmit() of net/netfilter/ipvs/ip_vs_xmit.c",
    ),
    "tun-rp-filter": Rule(
        "error",
        "with method tun the reverse path filter is 1 where packets leave the tunnel: the way to"
        " their senders is not by the tunnel, so all of them are dropped",
        "Documentation/networking/ip-sysctl.rst of Linux, rp_filter; __fib_validate_source() of"
        " net/ipv4/fib_frontend.c",
    ),
    "weight-unused": Rule(
        "warning",
        "a weight above 1 with a scheduler that only asks whether a weight is 0: rr, lc or dh",
        "net/netfilter/ipvs/ip_vs_rr.c, ip_vs_lc.c and ip_vs_dh.c",
    ),
    "group-granularity": Rule(
        "warning",
        "a group of virtual servers has persistence_granularity and is keepalived's: it takes each"
        " client for itself, of whichever network",
        "ipvs_group_range_cmd() of keepalived/check/ipvswrapper.c",
    ),
    "sh-weights": Rule(
        "warning",
        "the weights of a service with scheduler sh come to more than its table has places, 256:"
        " some real servers have fewer than their share, or none",
        "ip_vs_sh_reassign() of net/netfilter/ipvs/ip_vs_sh.c",
    ),
    "mh-weights": Rule(
        "warning",
        "weights of a service with scheduler mh are so far apart that the kernel makes them"
        " coarser: above 63 times their common divisor it shifts bits out of all of them",
        "ip_vs_mh_shift_weight() of net/netfilter/ipvs/ip_vs_mh.c",
    ),
    "quorum-weights": Rule(
        "warning",
        "a quorum is more than all real servers of its service weigh: keepalived lowers it to that",
        "validate_check_config() of keepalived/check/check_data.c",
    ),
    "hysteresis-quorum": Rule(
        "warning",
        "a hysteresis is not below its quorum: keepalived lowers it to one less",
        "validate_check_config() of keepalived/check/check_data.c",
    ),
    "hysteresis-weights": Rule(
        "warning",
        "quorum and hysteresis together are more than all real servers weigh: the quorum is never"
        " gained, not even when keepalived starts",
        "update_quorum_state() of keepalived/check/ipwrapper.c",
    ),
    "inhibit-hash": Rule(
        "warning",
        "inhibit_on_failure with scheduler sh or mh and no fallback: a real server that has failed"
        " stays in the table with weight 0, and its clients are refused",
        "net/netfilter/ipvs/ip_vs_sh.c and ip_vs_mh.c; ipvsadm(8), --sched-flags",
    ),
    "inhibit-persistence": Rule(
        "warning",
        "inhibit_on_failure with persistence: clients of a real server that has failed are sent to"
        " it all the same, unless net.ipv4.vs.expire_quiescent_template is 1",
        "Documentation/networking/ipvs-sysctl.rst of Linux, expire_quiescent_template",
    ),
    "sorry-unused": Rule(
        "warning",
        "a service has a sorry server and no check: no real server ever counts as dead",
        "update_quorum_state() of keepalived/check/ipwrapper.c",
    ),
    "ftp-method": Rule(
        "error",
        "an FTP service is balanced by another method than nat, or by a group: the kernel's"
        " ip_vs_ftp rewrites addresses, which nat alone does, so passive data connections come to a"
        " port that IPVS has no service for",
        "ip_vs_ftp_out() of net/netfilter/ipvs/ip_vs_ftp.c",
    ),
    "ftp-port": Rule(
        "error",
        "an FTP service has another port than 21: the kernel's ip_vs_ftp looks at no other one",
        "ports[] of net/netfilter/ipvs/ip_vs_ftp.c",
    ),
    "ftp-persistence": Rule(
        "error",
        "an FTP service by firewall mark has no persistence: control and data connections of a"
        " client come to different real servers",
        "ip_vs_sched_persist() of net/netfilter/ipvs/ip_vs_core.c",
    ),
    "tun-fragments": Rule(
        "warning",
        "a director with method tun has net.ipv4.vs.pmtu_disc 0: it cuts what does not fit into the"
        " tunnel into fragments, instead of telling the client",
        "Documentation/networking/ipvs-sysctl.rst of Linux, pmtu_disc; ensure_mtu_is_adequate() of"
        " net/netfilter/ipvs/ip_vs_xmit.c",
    ),
    "nat-return-path": Rule(
        "error",
        "with method nat a real server's answers do not go through the director that holds the"
        " VIP: nobody puts the VIP back into them, and connections stay in SYN_RECV",
        "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c",
    ),
    "nat-client-subnet": Rule(
        "error",
        "with method nat a client is in a real server's segment, and no narrower route on the real"
        " server leads to it through a director: the answer goes round the director, and the"
        " client resets a connection that it knows nothing of",
        "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c; RFC 9293, 3.10.7.1",
    ),
    "sync-group-nodes": Rule(
        "error",
        "instances of a sync group are not on the same machines: each keepalived moves only those"
        " that it has, so what should move together does not",
        "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c",
    ),
    "sync-group-priority": Rule(
        "warning",
        "instances of a sync group are best on different machines: a group becomes MASTER only as"
        " a whole, so whoever is first has it, and no priority decides",
        "vrrp_sync_can_goto_master() of keepalived/vrrp/vrrp_sync.c",
    ),
    "nat-gateway-apart": Rule(
        "warning",
        "a service's VIP and the gateway VIP of its real servers, with method nat, are in no"
        " common sync group: when one of them moves alone, answers miss the director",
        "keepalived.conf(5), vrrp_sync_group",
    ),
    "auth-pass-length": Rule(
        "warning",
        "auth_pass has more than 8 bytes: keepalived cuts the rest off",
        "RFC 2338, 5.3.10; vrrp_auth_pass_handler() of keepalived/vrrp/vrrp_parser.c",
    ),
    "auth-ah-master": Rule(
        "warning",
        "state MASTER with auth_type AH: keepalived starts as BACKUP",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "strict-unicast": Rule(
        "error",
        "an instance has unicast and strict_mode, or vrrp_strict for all: RFC 5798 knows multicast"
        " alone, and keepalived ends; only 2.3.3 takes it",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "strict-unreachable": Rule(
        "warning",
        "an instance has strict_mode, or vrrp_strict for all, and no accept with VRRP version 3:"
        " whoever holds its VIPs drops all packets to them but ARP",
        "keepalived.conf(5), vrrp_strict; RFC 5798, 6.1, Accept_Mode; vrrp_complete_instance() of"
        " keepalived/vrrp/vrrp.c",
    ),
    "strict-ignored": Rule(
        "warning",
        "an instance has strict_mode, or vrrp_strict for all, and what the RFC does not know:"
        " keepalived leaves that out",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "vrrp-without-effect": Rule(
        "warning",
        "an instance has a setting that does nothing without another one, or beside it: keepalived"
        " leaves it out",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "debounce-interval": Rule(
        "warning",
        "interface_up_down_delays waits longer with a link that is down than a backup waits for"
        " advertisements: keepalived shortens the delay",
        "check_debounce_timers() of keepalived/vrrp/vrrp.c",
    ),
    "check-without-effect": Rule(
        "warning",
        "a check has a setting that does nothing without another one: keepalived ignores it",
        "keepalived.conf(5), HTTP_GET; keepalived/check/check_http.c and check_udp.c",
    ),
    "nopreempt-master": Rule(
        "warning",
        "state MASTER with nopreempt: keepalived clears nopreempt, and the machine takes the"
        " addresses back when it returns",
        "keepalived.conf(5), nopreempt; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "preempt-delay-master": Rule(
        "warning",
        "state MASTER with preempt_delay: keepalived clears the delay, and the machine takes the"
        " addresses back at once",
        "keepalived.conf(5), preempt_delay; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "preempt-delay-nopreempt": Rule(
        "warning",
        "preempt_delay with nopreempt: keepalived sets the delay to 0, as nothing is taken back",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "backup-without-script": Rule(
        "warning",
        "a real server is BACKUP in an instance and tracks no script there: it takes the addresses"
        " whether its service runs or not",
        "keepalived.conf(5), track_script",
    ),
    "track-weight-gap": Rule(
        "warning",
        "the weights of the scripts that a machine tracks do not reach the next priority: however"
        " many of them fail, the addresses stay where they are",
        "RFC 3768, 6.4.3; vrrp_set_effective_priority() of keepalived/vrrp/vrrp_track.c",
    ),
    "track-weight-nopreempt": Rule(
        "warning",
        "a tracked script has a weight and the instance nopreempt: the priority falls, but nobody"
        " takes the addresses from a MASTER that goes on advertising",
        "vrrp_state_backup() of keepalived/vrrp/vrrp.c",
    ),
    "track-weight-sync-group": Rule(
        "warning",
        "a tracked script has a weight and the instance is in a sync group: keepalived does not"
        " track it at all",
        "keepalived.conf(5), sync_group_tracking_weight; keepalived/vrrp/vrrp.c",
    ),
    "track-interface-own": Rule(
        "warning",
        "track_interface names the instance's own segment: keepalived tracks that anyway, and"
        " ignores the entry with a warning",
        "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "spread-nopreempt": Rule(
        "warning",
        "a spread has nopreempt: a director that comes back takes none of its VIPs back, so after"
        " some losses and returns one of them has more than the plan gives it",
        "RFC 3768, 6.4.2, Preempt_Mode; keepalived.conf(5), nopreempt",
    ),
    "spread-idle": Rule(
        "warning",
        "a spread has fewer VIPs than directors: some have none until another director is lost",
        "RFC 3768, 6.4.3: one router at a time answers for a VIP",
    ),
    "vips-beyond-packet": Rule(
        "warning",
        "an instance has more addresses than a packet of its segment has room for, or than 255:"
        " keepalived leaves those beyond out of its advertisements, as if they were in"
        " virtual_ipaddress_excluded",
        "RFC 5798, 5.2.5; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    "vip-prefix": Rule(
        "warning",
        "a VIP's prefix length is neither 32 nor that of its segment: whoever holds the VIP has a"
        " route to another network than its neighbours",
        "keepalived.conf(5), virtual_ipaddress; ip-address(8)",
    ),
    "script-security-off": Rule(
        "warning",
        "enable_script_security is false where keepalived runs scripts: it reports a security"
        " violation, and runs as root even what others can change",
        "keepalived.conf(5), enable_script_security",
    ),
    "script-path": Rule(
        "warning",
        "a script's or notify command's program is not given by its absolute path, or root runs"
        " it from /bin, /sbin or /lib: these are symbolic links on Debian, and keepalived disables"
        " what lies behind one, with enable_script_security or without",
        "check_security() of lib/notify.c of keepalived",
    ),
    "script-not-executable": Rule(
        "warning",
        "the program of a script or notify command is a file of the lab that its user may not"
        " execute: keepalived disables it",
        "check_script_secure() of lib/notify.c of keepalived",
    ),
    "script-shell": Rule(
        "warning",
        "a script or notify command has words that only a shell understands: keepalived gives them"
        " to the program as arguments",
        "keepalived.conf(5), vrrp_script; system_call_script() of lib/notify.c of keepalived",
    ),
}
"""Name -> rule; ``keepalived -t``'s findings have theirs in ``lvsnet.keepalived.verdict``."""
