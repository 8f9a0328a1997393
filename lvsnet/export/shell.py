"""Pieces of shell scripts that machines run, wherever they were exported to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lvsnet.plan.model import Daemon, Node

COMMAND_S = 60
"""Seconds that one of a node's own commands may take, as in the engine."""
TRIES = 150
"""Tenths of a second in which a daemon must be ready."""
MODULES_OF_THE_RUNTIME = ("veth", "bridge")
"""What containers' wires need, and no machine that is one itself."""


@dataclass(frozen=True)
class Condition:
    """A sign of a daemon's being ready."""

    test: str
    """Of a shell: true once it is there."""
    lacking: str
    """In words, while it is not."""


def readiness(daemon: Daemon) -> list[Condition]:
    """What is true once a daemon is ready; empty when nothing is known but that it runs."""
    # A socket in the state TCP_LISTEN, 0A (include/net/tcp_states.h): local, remote, state.
    conditions = [
        Condition(
            f"cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |"
            f' grep -q ":{port:04X} [0-9A-F]*:0000 0A"',
            f"it does not listen on TCP port {port}",
        )
        for port in daemon.listens
    ]
    if daemon.pid_file:
        test = f"test -s {shlex.quote(daemon.pid_file)}"
        conditions.append(Condition(test, f"there is no {daemon.pid_file}"))
    return conditions


def command(argv: Sequence[str]) -> str:
    """One of a node's own commands, within its time."""
    return shlex.join(("timeout", str(COMMAND_S), *argv))


def load_modules(names: Sequence[str]) -> str:
    """A command that has the kernel have these modules; empty when there are none.

    A scheduler is loaded with IPVS or, where IPVS is there already, by the kernel when it is asked
    for. What is built in may have no file that modprobe finds.
    """
    ipvs = [name for name in names if name == "ip_vs" or name.startswith("ip_vs_")]
    others = [name for name in names if name not in ipvs]
    steps = [f"{{ test -e /proc/net/ip_vs || modprobe -a {shlex.join(ipvs)}; }}"] if ipvs else []
    steps += [f"{{ test -e /sys/module/{name} || modprobe {name}; }}" for name in others]
    return " && ".join(steps)


def modules(kernel: Sequence[str]) -> list[str]:
    """Of the modules that a lab needs those that are not for its wires."""
    return [name for name in kernel if name not in MODULES_OF_THE_RUNTIME]


def exports(node: Node) -> str:
    """Lines that give what follows them the node's environment; empty when it has none."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in node.environment)
