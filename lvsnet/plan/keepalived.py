"""keepalived on a director: VRRP instances, and virtual servers with their checks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lvsnet.keepalived.tree import Blank, Comment, Item, Statement, Word, comment, statement
from lvsnet.keepalived.writer import write
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.methods import METHODS
from lvsnet.plan.model import Daemon, File
from lvsnet.plan.services import Member, Site, rip

if TYPE_CHECKING:
    from lvsnet.lab.model import Check, Lab, VrrpInstance

PATH = "/etc/keepalived/keepalived.conf"
_PID_FILE = "/run/keepalived.pid"


SCHEDULER = re.compile(r"^[ \t]*(?:lb_algo|lvs_sched)[ \t]+(\w+)", re.MULTILINE)


def schedulers(configuration: str) -> list[str]:
    """The schedulers that a keepalived.conf names (keepalived.conf(5), lb_algo and lvs_sched)."""
    return SCHEDULER.findall(configuration)


def keepalived_daemon() -> Daemon:
    """The daemon, in the foreground, with its log on standard output (keepalived(8))."""
    return Daemon(
        "keepalived",
        (
            "keepalived",
            "--dont-fork",
            "--log-console",
            "--log-detail",
            "--no-syslog",
            # Debian's default, said aloud because use_pid_dir in a user's file would move it.
            f"--pid={_PID_FILE}",
        ),
        stage=2,
        pid_file=_PID_FILE,
    )


def keepalived_files(lab: Lab, node: str, sites: Sequence[Site]) -> tuple[File, ...]:
    """``node``'s keepalived.conf; none when the lab has nothing for it to run.

    Raises LvsnetError when something in the lab cannot be written there.
    """
    parts: list[Item] = []
    for name, instance in lab.vrrp.items():
        if node in instance.priority:
            parts += [Blank(), _vrrp_instance(lab, node, name, instance)]
    for site in sites:
        if node in site.directors:
            parts += [Blank(), _virtual_server(lab, node, site)]
    # keepalived skips a file that is executable.
    return (File(PATH, write([_global_defs(node), *parts]), 0o644),) if parts else ()


def _global_defs(node: str) -> Statement:
    # Only what differs between the machines: the host name in messages and mails.
    return statement("global_defs", block=(statement("router_id", node),))


def _vrrp_instance(lab: Lab, node: str, name: str, instance: VrrpInstance) -> Statement:
    interface = interface_name(lab, node, instance.segment)
    preferred = max(instance.priority, key=instance.priority.__getitem__)
    addresses = tuple(
        statement(f"{address}/32", "dev", interface) for address in instance.addresses
    )
    return statement(
        "vrrp_instance",
        name,
        block=(
            # Says only who is meant to be: all start as BACKUP, and the priorities decide.
            statement("state", "MASTER" if node == preferred else "BACKUP"),
            statement("interface", interface),
            statement("virtual_router_id", instance.virtual_router_id),
            statement("priority", instance.priority[node]),
            statement("advert_int", str(instance.advert_int.seconds)),
            statement("virtual_ipaddress", block=addresses),
        ),
    )


def _virtual_server(lab: Lab, node: str, site: Site) -> Statement:
    service = site.service
    return statement(
        "virtual_server",
        str(service.address),
        service.port,
        block=(
            comment(f"service {site.name}"),
            *_checking(service.check),
            statement("lb_algo", service.scheduler),
            statement("lb_kind", METHODS[service.method].LB_KIND),
            statement("protocol", service.protocol.upper()),
            *(
                item
                for member in site.members
                for item in (Blank(), _real_server(lab, node, member, service.check))
            ),
        ),
    )


def _checking(check: Check | None) -> tuple[Item, ...]:
    if check is None:
        return ()
    # Without alpha keepalived puts every real server into the table at once and takes the dead
    # ones out after their first failed checks, so that clients of a director that has just
    # started hit them, and nobody can tell "has passed" from "was not looked at yet". It costs
    # nothing at start: a new master waits for its VIP longer than a first check takes, which
    # warmup 0 makes one second. It comes anywhere within delay_loop otherwise, and with a long
    # one the table would stay empty.
    alpha = Statement((Word("alpha"),), comment=Comment(" in the table once its check passes"))
    return (
        statement("delay_loop", str(check.interval.seconds)),
        statement("warmup", 0),
        alpha,
    )


def _real_server(lab: Lab, director: str, member: Member, check: Check | None) -> Statement:
    return statement(
        "real_server",
        str(rip(lab, director, member.node)),
        member.port,
        block=(
            statement("weight", member.weight),
            *(() if check is None else (_checker(check),)),
        ),
    )


def _checker(check: Check) -> Statement:
    timing = (
        statement("connect_timeout", str(check.timeout.seconds)),
        statement("retry", check.retry),
        statement("delay_before_retry", str(check.delay_before_retry.seconds)),
    )
    if check.type == "tcp":
        return statement("TCP_CHECK", block=timing)
    url = statement(
        "url",
        block=(statement("path", check.path), statement("status_code", check.status_code)),
    )
    return statement("HTTP_GET", block=(url, *timing))
