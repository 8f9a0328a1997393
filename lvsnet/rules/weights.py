"""Weights of real servers, their sums, and what becomes of a real server that fails."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

INHIBIT_HASH = Rule(
    "inhibit-hash",
    "warning",
    "inhibit_on_failure with scheduler sh or mh and no fallback: a real server that has failed"
    " stays in the table with weight 0, and its clients are refused",
    "net/netfilter/ipvs/ip_vs_sh.c and ip_vs_mh.c; ipvsadm(8), --sched-flags",
    "write sh-fallback or mh-fallback, or take inhibit_on_failure out",
)
INHIBIT_PERSISTENCE = Rule(
    "inhibit-persistence",
    "warning",
    "inhibit_on_failure with persistence: clients of a real server that has failed are sent to it"
    " all the same, unless net.ipv4.vs.expire_quiescent_template is 1",
    "Documentation/networking/ipvs-sysctl.rst of Linux, expire_quiescent_template",
    "set net.ipv4.vs.expire_quiescent_template=1 on all directors, or take inhibit_on_failure out",
)
ALL_ZERO = Rule(
    "weights-zero",
    "error",
    "all real servers of a virtual_server have weight 0: none of them gets new connections",
    "ipvsadm(8), --weight",
    "give those that are to work a weight above 0",
)
IGNORED = Rule(
    "weight-unused",
    "warning",
    "real servers have weights above 1, and the scheduler only asks whether a weight is 0: rr, lc"
    " and dh share evenly",
    "ipvsadm(8), --scheduler; net/netfilter/ipvs/ip_vs_rr.c, ip_vs_lc.c and ip_vs_dh.c",
    "use wrr or wlc, or take the weights out",
)
SH_WEIGHTS = Rule(
    "sh-weights",
    "warning",
    "the weights of a service with scheduler sh come to more than its table has places, 256: some"
    " real servers have fewer than their share, or none",
    "ip_vs_sh_reassign() of net/netfilter/ipvs/ip_vs_sh.c",
    "write smaller weights in the same proportion, or use mh",
)
MH_WEIGHTS = Rule(
    "mh-weights",
    "warning",
    "weights of a service with scheduler mh are so far apart that the kernel makes them coarser:"
    " above 63 times their common divisor it shifts bits out of all of them",
    "ip_vs_mh_shift_weight() of net/netfilter/ipvs/ip_vs_mh.c",
    "write weights of 1 to 63",
)
THRESHOLDS = Rule(
    "thresholds",
    "error",
    "a real server's lower threshold is above its upper one: the kernel refuses the real server",
    "ip_vs_add_dest() of net/netfilter/ipvs/ip_vs_ctl.c; ipvsadm(8), --l-threshold",
    "write a uthreshold that is larger than the lthreshold",
)
QUORUM = Rule(
    "quorum-weights",
    "warning",
    "quorum is more than all real servers weigh together: keepalived lowers it to their sum, so one"
    " that fails is enough to lose it",
    "keepalived.conf(5), quorum; validate_check_config() of keepalived/check/check_data.c",
    "write a quorum that the weights exceed when as many fail as may",
)
HYSTERESIS = Rule(
    "hysteresis-quorum",
    "warning",
    "hysteresis is not below quorum: keepalived lowers it to quorum - 1",
    "keepalived.conf(5), hysteresis; validate_check_config() of keepalived/check/check_data.c",
    "write one below the quorum",
)
SORRY_ORDER = Rule(
    "sorry-server-order",
    "warning",
    "sorry_server_inhibit or sorry_server_lvs_method stands before sorry_server, or without it:"
    " keepalived ignores it",
    "ssvri_handler() of keepalived/check/check_parser.c",
    "write it below sorry_server",
)
SLACK = Rule(
    "hysteresis-weights",
    "warning",
    "quorum and hysteresis together are more than all real servers weigh: the quorum is never"
    " gained, not even when keepalived starts",
    "keepalived.conf(5), hysteresis; update_quorum_state() of keepalived/check/ipwrapper.c",
    "write a smaller hysteresis",
)
SORRY_UNUSED = Rule(
    "sorry-unused",
    "warning",
    "a service has a sorry server and nothing checks its real servers: none of them ever counts as"
    " dead",
    "keepalived.conf(5), sorry_server; update_quorum_state() of keepalived/check/ipwrapper.c",
    "write checks",
)

SUBJECT = Subject(
    "Weights and failures",
    (
        INHIBIT_HASH,
        INHIBIT_PERSISTENCE,
        ALL_ZERO,
        IGNORED,
        SH_WEIGHTS,
        MH_WEIGHTS,
        THRESHOLDS,
        QUORUM,
        HYSTERESIS,
        SORRY_ORDER,
        SLACK,
        SORRY_UNUSED,
    ),
)
