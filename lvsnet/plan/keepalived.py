"""keepalived on a director or a real server: its configuration, and the daemon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.general import GLOBAL_DEFS
from lvsnet.keepalived.tree import Blank, Item, Statement, statement
from lvsnet.keepalived.writer import write
from lvsnet.lab.settings import is_named
from lvsnet.plan.model import ConfigurationTest, Daemon, File
from lvsnet.plan.services import Site, rip
from lvsnet.plan.settings import Machine, is_of, runs_commands, setting, used, written
from lvsnet.plan.sync_daemon import lvs_sync_daemon
from lvsnet.plan.virtual_servers import lvs_timeouts, virtual_server
from lvsnet.plan.vrrp import vrrp

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
_USERS = {
    "vrrp_track_process": ("track_process",),
    "track_file": ("track_file",),
    "bfd_instance": ("track_bfd", "name"),
    "track_group": ("track_group",),
}
"""What is defined beside instances and services -> the keywords that use it by its name."""
_ENDS = {"bfd_instance": "neighbor_ip"}
"""The keywords by which they say which machines they are of."""
SCHEDULERS = ("lb_algo", "lvs_sched")
"""The keywords of a scheduler (keepalived.conf(5))."""


def keepalived_daemon(reads: Sequence[str] | None = None, fixed: Sequence[str] = ()) -> Daemon:
    """The daemon, in the foreground, with its log on standard output (keepalived(8)).

    ``reads``: what a configuration of the user's own includes from elsewhere, which is tested
    before it starts; None for ours.
    ``fixed``: what of ours it takes only then.
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
        tests=() if reads is None else (TEST,),
        reads=(DIRECTORY, *(reads or ())),
        # By which it keeps its VIPs, tables and connections (keepalived(8), SIGNALS).
        reload="HUP",
        fixed=tuple(fixed),
    )


def fixed(lab: Lab, node: str, sites: Sequence[Site]) -> tuple[str, ...]:
    """What of ``node``'s keepalived.conf a reload does not take; as keepalived 2.3.3 does it.

    It compares weights with those that it had, but no thresholds (keepalived/check/ipwrapper.c),
    and leaves a sync daemon running that the file has no more (vrrp_daemon.c).
    """
    return (
        *(statement.keyword for statement in lvs_sync_daemon(lab, node)),
        *(
            f"{rip(lab, node, member)}:{member.port} in {site.name}:"
            f" {member.lthreshold}-{member.uthreshold}"
            for site in sites
            for member in site.members
            if member.uthreshold
        ),
    )


def keepalived_files(lab: Lab, node: str, sites: Sequence[Site]) -> tuple[File, ...]:
    """``node``'s keepalived.conf, with ``sites`` as its virtual servers; none without any use.

    Raises LvsnetError when something in the lab cannot be written there.
    """
    machine = Machine(lab, node)
    own = (
        *vrrp(lab, node),
        *(block for site in sites for block in virtual_server(lab, node, site)),
    )
    blocks = (*_shared(machine, own), *own)
    if not blocks:
        return ()
    outside = tuple(one for one in blocks if one.block is None)
    items: list[Item] = [*outside, _global_defs(machine, blocks, sites)]
    for block in blocks:
        if block not in outside:
            items += [Blank(), block]
    # keepalived skips a file that is executable.
    return (File(PATH, write(items), 0o644),)


def _shared(machine: Machine, own: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """What stands beside instances and services: of all machines with keepalived, of those that
    it names, or of those that use it. ``own`` are this machine's instances and services.
    """
    plain: list[Statement] = []
    named: list[Statement] = []
    for name, keyword in FILE.keywords.items():
        tree = machine.lab.settings.given.get(name)
        if not isinstance(tree, dict) or not is_named(keyword):
            if own or is_of(tree, machine.name):
                plain += setting(machine, keyword, tree)
            continue
        here = {
            one: inner
            for one, inner in tree.items()
            if any(one in used((*own, *plain), user) for user in _USERS.get(name, ()))
            or (isinstance(inner, dict) and is_of(inner.get(_ENDS.get(name, "")), machine.name))
        }
        named += setting(machine, keyword, here)
    # keepalived knows a name only once it is defined.
    return (*named, *plain)


def _global_defs(
    machine: Machine, blocks: tuple[Statement, ...], sites: Sequence[Site]
) -> Statement:
    lab = machine.lab
    settings = written(machine, GLOBAL_DEFS, lab.global_defs.settings)

    def lines() -> Iterator[Statement]:
        # The name of the machine in messages and mails.
        if not any(one.keyword == "router_id" for one in settings):
            yield statement("router_id", machine.name)
        if runs_commands((*settings, *blocks)):
            yield statement("script_user", lab.global_defs.script_user)
            if lab.global_defs.enable_script_security:
                yield statement("enable_script_security")
        yield from lvs_sync_daemon(lab, machine.name)
        # The process that sets them only runs where there are virtual servers.
        if sites:
            yield from lvs_timeouts(lab.timeouts)
        yield from settings

    return statement("global_defs", block=tuple(lines()))
