"""The rules that a lab can break on purpose, with ``allow``: what is unwise, or cannot work.

What has no name here is wrong in a way that leaves nothing to run.
"""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet.rules import (
    authentication,
    directors,
    groups,
    modes,
    nat,
    realservers,
    scripts,
    services,
    timing,
    tracking,
    weights,
)
from lvsnet.rules.rule import Rule

_RULES = (
    services.PORT,
    directors.EACH_OTHER,
    services.TUN_PORT,
    Rule(
        "tun-route",
        "error",
        "with method tun a director has no route to a real server, or a real server none to a"
        " client, whom it answers itself",
        "ip_vs_tunnel_xmit() of net/netfilter/ipvs/ip_vs_xmit.c",
    ),
    realservers.RP_FILTER,
    weights.IGNORED,
    Rule(
        "group-granularity",
        "warning",
        "a group of virtual servers has persistence_granularity and is keepalived's: it takes each"
        " client for itself, of whichever network",
        "ipvs_group_range_cmd() of keepalived/check/ipvswrapper.c",
    ),
    weights.SH_WEIGHTS,
    weights.MH_WEIGHTS,
    weights.QUORUM,
    weights.HYSTERESIS,
    weights.SLACK,
    weights.INHIBIT_HASH,
    weights.INHIBIT_PERSISTENCE,
    weights.SORRY_UNUSED,
    Rule(
        "ftp-method",
        "error",
        "an FTP service is balanced by another method than nat, or by a group: the kernel's"
        " ip_vs_ftp rewrites addresses, which nat alone does, so passive data connections come to"
        " a port that IPVS has no service for",
        "ip_vs_ftp_out() of net/netfilter/ipvs/ip_vs_ftp.c",
    ),
    Rule(
        "ftp-port",
        "error",
        "an FTP service has another port than 21: the kernel's ip_vs_ftp looks at no other one",
        "ports[] of net/netfilter/ipvs/ip_vs_ftp.c",
    ),
    Rule(
        "ftp-persistence",
        "error",
        "an FTP service by firewall mark has no persistence: control and data connections of a"
        " client come to different real servers",
        "ip_vs_sched_persist() of net/netfilter/ipvs/ip_vs_core.c",
    ),
    Rule(
        "tun-fragments",
        "warning",
        "a director with method tun has net.ipv4.vs.pmtu_disc 0: it cuts what does not fit into"
        " the tunnel into fragments, instead of telling the client",
        "Documentation/networking/ipvs-sysctl.rst of Linux, pmtu_disc; ensure_mtu_is_adequate() of"
        " net/netfilter/ipvs/ip_vs_xmit.c",
    ),
    nat.RETURN_PATH,
    Rule(
        "nat-client-subnet",
        "error",
        "with method nat a client is in a real server's segment, and no narrower route on the real"
        " server leads to it through a director: the answer goes round the director, and the"
        " client resets a connection that it knows nothing of",
        "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c; RFC 9293, 3.10.7.1",
    ),
    Rule(
        "sync-group-nodes",
        "error",
        "instances of a sync group are not on the same machines: each keepalived moves only those"
        " that it has, so what should move together does not",
        "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c",
    ),
    groups.PREFERENCE,
    nat.GATEWAY_APART,
    authentication.PASS_LENGTH,
    authentication.AH_MASTER,
    modes.STRICT_UNICAST,
    modes.STRICT_UNREACHABLE,
    modes.STRICT_REFUSES,
    modes.WITHOUT_EFFECT,
    Rule(
        "debounce-interval",
        "warning",
        "interface_up_down_delays waits longer with a link that is down than a backup waits for"
        " advertisements: keepalived shortens the delay",
        "check_debounce_timers() of keepalived/vrrp/vrrp.c",
    ),
    Rule(
        "check-without-effect",
        "warning",
        "a check has a setting that does nothing without another one: keepalived ignores it",
        "keepalived.conf(5), HTTP_GET; keepalived/check/check_http.c and check_udp.c",
    ),
    timing.NOPREEMPT_MASTER,
    timing.DELAY_MASTER,
    timing.DELAY_NOPREEMPT,
    tracking.BACKUP_BLIND,
    tracking.GAP,
    tracking.NOPREEMPT_WEIGHT,
    tracking.SYNC_WEIGHT,
    tracking.OWN_INTERFACE,
    Rule(
        "spread-nopreempt",
        "warning",
        "a spread has nopreempt: a director that comes back takes none of its VIPs back, so after"
        " some losses and returns one of them has more than the plan gives it",
        "RFC 3768, 6.4.2, Preempt_Mode; keepalived.conf(5), nopreempt",
    ),
    Rule(
        "spread-idle",
        "warning",
        "a spread has fewer VIPs than directors: some have none until another director is lost",
        "RFC 3768, 6.4.3: one router at a time answers for a VIP",
    ),
    Rule(
        "vips-beyond-packet",
        "warning",
        "an instance has more addresses than a packet of its segment has room for, or than 255:"
        " keepalived leaves those beyond out of its advertisements, as if they were in"
        " virtual_ipaddress_excluded",
        "RFC 5798, 5.2.5; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    ),
    Rule(
        "vip-prefix",
        "warning",
        "a VIP's prefix length is neither 32 nor that of its segment: whoever holds the VIP has a"
        " route to another network than its neighbours",
        "keepalived.conf(5), virtual_ipaddress; ip-address(8)",
    ),
    scripts.SECURITY_OFF,
    scripts.PATH,
    Rule(
        "script-not-executable",
        "warning",
        "the program of a script or notify command is a file of the lab that its user may not"
        " execute: keepalived disables it",
        "check_script_secure() of lib/notify.c of keepalived",
    ),
    scripts.SHELL,
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _RULES}
"""Name -> rule; ``keepalived -t``'s findings have theirs in ``lvsnet.keepalived.verdict``."""
