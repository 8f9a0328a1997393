"""What runs on a virtual machine, as units of systemd.

Where a daemon is started as Debian's package starts it, the package's unit runs it; any other one,
and the node's own commands, get a unit with a script, in which no word needs systemd's quoting.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lvsnet.export.order import daemons
from lvsnet.export.shell import Condition, command, exports, readiness
from lvsnet.export.vagrant_text import systemd
from lvsnet.plan import ipvsadm
from lvsnet.plan.keepalived import keepalived_daemon
from lvsnet.plan.model import Daemon, File, Node
from lvsnet.plan.nginx import nginx_daemon
from lvsnet.plan.sync_daemon import START
from lvsnet.plan.vsftpd import vsftpd_daemon

UNITS = "/etc/systemd/system"
SCRIPTS = "/usr/local/lib/lvsnet"
IPVSADM = "ipvsadm.service"
COMMANDS = "lvsnet-commands.service"
OF_PACKAGES = {
    nginx_daemon(()).argv: "nginx.service",
    keepalived_daemon().argv: "keepalived.service",
    ("cron", "-f"): "cron.service",
    vsftpd_daemon(()).argv: "vsftpd.service",
}
"""Command line of a daemon in a lab -> the unit that does the same on a machine with systemd."""

_NETWORK = ("network-online.target",)


@dataclass(frozen=True)
class Service:
    """A unit that a machine runs."""

    unit: str
    ready: tuple[Condition, ...]
    """What is to be waited for when it was started."""
    files: tuple[File, ...]
    """The unit itself with its script, or what is to be added to a package's unit."""


def services(node: Node) -> list[Service]:
    """What a machine runs, in the order in which it is to be started."""
    found: list[Service] = []
    own = [argv for argv in node.commands if argv != ipvsadm.LOAD and argv[:2] != START]
    if len(own) < len(node.commands):
        # The package's start script loads the rules and starts the sync daemon; it is no systemd
        # unit of its own.
        found.append(Service(IPVSADM, (), ()))
    if own:
        found.append(_commands(node, own, [one.unit for one in found]))
    before = [one.unit for one in found]
    for stage in sorted({daemon.stage for daemon in node.daemons}):
        started = [
            _daemon(node, daemon, before) for daemon in daemons(node) if daemon.stage == stage
        ]
        found += started
        before += [one.unit for one in started]
    return found


def _daemon(node: Node, daemon: Daemon, after: Sequence[str]) -> Service:
    known = OF_PACKAGES.get(daemon.argv)
    if known is not None:
        # Where it has its process id is between the package's unit and systemd.
        ready = readiness(replace(daemon, pid_file=""))
        return Service(known, tuple(ready), tuple(_addition(node, known, after)))
    unit = f"lvsnet-daemon-{daemon.name}.service"
    script = File(
        f"{SCRIPTS}/daemon-{daemon.name}", _script(node, f"exec {shlex.join(daemon.argv)}"), 0o755
    )
    lines = _unit(f"{daemon.name} of {node.name}", after, "Type=exec", f"ExecStart={script.path}")
    return Service(unit, tuple(readiness(daemon)), (File(f"{UNITS}/{unit}", lines), script))


def _commands(node: Node, own: Sequence[Sequence[str]], after: Sequence[str]) -> Service:
    script = File(f"{SCRIPTS}/commands", _script(node, *map(command, own)), 0o755)
    lines = _unit(
        f"The lab's own commands on {node.name}",
        after,
        "Type=oneshot",
        "RemainAfterExit=yes",
        f"ExecStart={script.path}",
    )
    return Service(COMMANDS, (), (File(f"{UNITS}/{COMMANDS}", lines), script))


def _unit(description: str, after: Sequence[str], *service: str) -> str:
    return _sections(
        (
            "[Unit]",
            f"Description={description}",
            f"Wants={' '.join(_NETWORK)}",
            f"After={' '.join((*_NETWORK, *after))}",
        ),
        ("[Service]", *service),
        ("[Install]", "WantedBy=multi-user.target"),
    )


def _addition(node: Node, unit: str, after: Sequence[str]) -> Iterator[File]:
    """What a package's unit is to do besides: come after others, have the node's environment."""
    sections: list[tuple[str, ...]] = []
    if after:
        sections.append(("[Unit]", f"After={' '.join(after)}"))
    if node.environment:
        words = (systemd(f"{name}={value}") for name, value in node.environment)
        sections.append(("[Service]", *(f"Environment={word}" for word in words)))
    if sections:
        # After a file of the lab's own, of which it changes nothing.
        yield File(f"{UNITS}/{unit}.d/60-lvsnet-export.conf", _sections(*sections))


def _sections(*sections: Sequence[str]) -> str:
    return "\n".join("".join(f"{line}\n" for line in section) for section in sections)


def _script(node: Node, *lines: str) -> str:
    # systemd gives a service of root's no home.
    head = f"#!/bin/sh\nset -e\nexport HOME=/root\n{exports(node)}"
    return head + "".join(f"{line}\n" for line in lines)
