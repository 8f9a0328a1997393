"""Weights of real servers, their sums, and what becomes of a real server that fails."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.quorum import unfit
from lvsnet.lab.schedulers import FLAGGED, SH_TABLE, UNWEIGHED, coarse
from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.servers import RealServer
from lvsnet.lint.site import Site

INHIBIT_HASH = Rule(
    "inhibit-hash",
    "warning",
    "inhibit_on_failure with lb_algo sh or mh and no fallback: a real server that has failed stays"
    " in the table with weight 0, and its clients are refused",
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
    "real servers have different weights, and the scheduler looks at none: rr, lc and dh share"
    " evenly",
    "ipvsadm(8), --scheduler; net/netfilter/ipvs/ip_vs_rr.c",
    "use wrr or wlc, or take the weights out",
)
SH_WEIGHTS = Rule(
    "sh-weights",
    "warning",
    "the weights of a virtual server with lb_algo sh come to more than its table has places, 256:"
    " some real servers have fewer than their share, or none",
    "ip_vs_sh_reassign() of net/netfilter/ipvs/ip_vs_sh.c",
    "write smaller weights in the same proportion, or use mh",
)
MH_WEIGHTS = Rule(
    "mh-weights",
    "warning",
    "weights of a virtual server with lb_algo mh are so far apart that the kernel makes them"
    " coarser: above 63 times their common divisor it shifts bits out of all of them",
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
    "a virtual_server has a sorry_server and nothing checks its real servers: none of them ever"
    " counts as dead",
    "keepalived.conf(5), sorry_server; update_quorum_state() of keepalived/check/ipwrapper.c",
    "write checks",
)


def weights(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        where = f"virtual_server {server.name}"
        reals = server.real_servers
        if reals and not any(real.weight for real in reals):
            yield Finding(ALL_ZERO.name, server.place, f"{where}: all weights are 0")
        above = {real.weight for real in reals if real.weight}
        scheduler = server.scheduler
        counted = server.written.number("quorum")  # of weights
        unweighted = scheduler is not None and scheduler.value in UNWEIGHED and not counted
        if scheduler is not None and unweighted and len(above) > 1:
            shown = ", ".join(map(str, sorted(above)))
            message = f"{where}: {scheduler.value} does not look at the weights {shown}"
            yield Finding(IGNORED.name, scheduler.place, message)
        if (
            scheduler is not None
            and scheduler.value == "sh"
            and sum(map(_weight, reals)) > SH_TABLE
        ):
            message = f"{where}: with sh the weights come to {sum(map(_weight, reals))}"
            yield Finding(SH_WEIGHTS.name, scheduler.place, message)
        if scheduler is not None and scheduler.value == "mh" and above:
            times = coarse(above)
            if times is not None:
                message = f"{where}: the largest weight is {times} times their common divisor"
                yield Finding(MH_WEIGHTS.name, scheduler.place, message)
        for real in reals:
            upper = real.written.number("uthreshold")
            lower = real.written.number("lthreshold")
            if lower is not None and lower.value > (upper.value if upper else 0):
                what = f"uthreshold {upper.value}" if upper else "no uthreshold"
                message = f"{where}: lthreshold {lower.value} with {what}"
                yield Finding(THRESHOLDS.name, lower.place, message)


def _weight(real: RealServer) -> int:
    return real.weight


def inhibited(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        sysctls = machine.host.sysctls if machine.host else {}
        expires = sysctls.get("net.ipv4.vs.expire_quiescent_template", "0") != "0"
        for server in machine.servers:
            levels = (server.written, *(real.written for real in server.real_servers))
            word = next(
                (found for one in levels if (found := one.flag("inhibit_on_failure"))), None
            )
            if word is None:
                continue
            where = f"virtual_server {server.name}: inhibit_on_failure"
            scheduler = server.scheduler.value if server.scheduler else ""
            fallback = server.written.all(f"{scheduler}-fallback", "flag-1")  # the same
            if scheduler in FLAGGED and not fallback:
                message = f"{where} with {scheduler}, and no {scheduler}-fallback"
                yield Finding(INHIBIT_HASH.name, word, message)
            if server.persistent and not expires:
                yield Finding(INHIBIT_PERSISTENCE.name, word, f"{where} with persistence_timeout")


def quorum(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        where = f"virtual_server {server.name}"
        needed = server.written.number("quorum")
        total = sum(real.weight for real in server.real_servers)
        slack = server.written.number("hysteresis")
        least, more = needed.value if needed else 1, slack.value if slack else 0
        for rule in unfit(least, more, total) if server.real_servers else ():
            if rule == QUORUM.name and needed is not None:
                message = f"{where}: quorum {least}, and the weights are {total} together"
                yield Finding(rule, needed.place, message)
            elif rule == HYSTERESIS.name and slack is not None:
                message = f"{where}: hysteresis {more}, and quorum {least}"
                yield Finding(rule, slack.place, message)
            elif rule == SLACK.name and slack is not None:
                message = f"{where}: quorum and hysteresis are {least + more}, the weights {total}"
                yield Finding(rule, slack.place, message)
        if server.sorry is not None and not any(real.checks for real in server.real_servers):
            yield Finding(SORRY_UNUSED.name, server.sorry.place, f"{where}: nothing checks")
        there = False
        for word in server.written.all(
            "sorry_server", "sorry_server_inhibit", "sorry_server_lvs_method"
        ):
            there = there or word.keyword == "sorry_server"
            if not there:
                message = f"{where}: {word.keyword} before any sorry_server"
                yield Finding(SORRY_ORDER.name, word.place, message)


FAMILY = Family(
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
    (weights, inhibited, quorum),
)
