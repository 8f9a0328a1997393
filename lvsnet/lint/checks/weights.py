"""Weights of real servers, their sums, and what becomes of a real server that fails."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.quorum import unfit
from lvsnet.lab.schedulers import FLAGGED, SH_TABLE, UNWEIGHED, coarse
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.servers import RealServer
from lvsnet.lint.site import Site
from lvsnet.rules.weights import (
    ALL_ZERO,
    HYSTERESIS,
    IGNORED,
    INHIBIT_HASH,
    INHIBIT_PERSISTENCE,
    MH_WEIGHTS,
    QUORUM,
    SH_WEIGHTS,
    SLACK,
    SORRY_ORDER,
    SORRY_UNUSED,
    THRESHOLDS,
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


CHECKS: tuple[Check, ...] = (weights, inhibited, quorum)
