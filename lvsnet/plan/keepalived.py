"""keepalived on a director or a real server: its configuration, and the daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lvsnet.keepalived.tree import Blank, Item, Statement, statement
from lvsnet.keepalived.writer import write
from lvsnet.plan.model import ConfigurationTest, Daemon, File
from lvsnet.plan.reading import included
from lvsnet.plan.services import Site
from lvsnet.plan.sync_daemon import lvs_sync_daemon
from lvsnet.plan.virtual_servers import announces, lvs_timeouts, virtual_server
from lvsnet.plan.vrrp import runs_commands, vrrp

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab

DIRECTORY = "/etc/keepalived/"
PATH = f"{DIRECTORY}keepalived.conf"
TEST = ConfigurationTest(
    ("keepalived", "--config-test", f"--use-file={PATH}", "--log-console", "--no-syslog"),
    judge="keepalived",
)
"""What a configuration of the user's own has to pass."""

_PID_FILE = "/run/keepalived.pid"
_SCHEDULER = re.compile(r"^[ \t]*(?:lb_algo|lvs_sched)[ \t]+(\w+)", re.MULTILINE)


def schedulers(configuration: str) -> list[str]:
    """The schedulers that a keepalived.conf names (keepalived.conf(5), lb_algo and lvs_sched)."""
    return _SCHEDULER.findall(configuration)


def keepalived_daemon(own: str | None = None) -> Daemon:
    """The daemon, in the foreground, with its log on standard output (keepalived(8)).

    ``own``: the configuration of the user's, which is tested before it starts; None for ours.
    """
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
        tests=() if own is None else (TEST,),
        reads=(DIRECTORY, *included(own or "", DIRECTORY)),
        # By which it keeps its VIPs, tables and connections (keepalived(8), SIGNALS).
        reload="HUP",
    )


def keepalived_files(lab: Lab, node: str, sites: Sequence[Site]) -> tuple[File, ...]:
    """``node``'s keepalived.conf, with ``sites`` as its virtual servers; none without any use.

    Raises LvsnetError when something in the lab cannot be written there.
    """
    blocks = (
        *vrrp(lab, node),
        *(block for site in sites for block in virtual_server(lab, node, site)),
    )
    if not blocks:
        return ()
    items: list[Item] = [_global_defs(lab, node, sites)]
    for block in blocks:
        items += [Blank(), block]
    # keepalived skips a file that is executable.
    return (File(PATH, write(items), 0o644),)


def _global_defs(lab: Lab, node: str, sites: Sequence[Site]) -> Statement:
    def lines() -> Iterator[Statement]:
        # The name of the machine in messages and mails.
        yield statement("router_id", node)
        if runs_commands(lab, node) or any(map(announces, sites)):
            yield statement("script_user", lab.global_defs.script_user)
            if lab.global_defs.enable_script_security:
                yield statement("enable_script_security")
        yield from lvs_sync_daemon(lab, node)
        # The process that sets them only runs where there are virtual servers.
        if sites:
            yield from lvs_timeouts(lab.timeouts)

    return statement("global_defs", block=tuple(lines()))
