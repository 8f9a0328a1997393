"""The process that a container of a topology runs, as a daemon of a node.

containerlab's containers are those of their images: what an image says of itself decides what a
topology leaves open. Where nodes have lvsnet's own file system, nobody knows what that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from lvsnet.plan.model import Daemon, Node, Plan, Process

DAEMON = "main"
"""Name of the daemon."""
BUSYBOX = "/bin/busybox"
"""In lvsnet's own file system."""
STANDARD_INPUT = "/run/.standard-input"
"""There, a pipe that never ends; any directory that root may write to will do."""
OWN_IMAGES = ("lvsnet/", "lvsnet-export/")
"""How the names of images begin that have lvsnet's own file system."""
HAS = "iproute2, ping, curl, tcpdump, nftables, ipvsadm, keepalived, nginx, iperf3, socat and wrk"
"""What lvsnet's own file system has for labs (images/packages)."""

_START = """\
busybox=$1 input=$2 user=${3%%:*} group=${3#*:}
[ "$group" != "$3" ] || group=
program=$("$busybox" which "$4") || { echo "$4: not found" >&2; exit 127; }
shift 4
[ -p "$input" ] || "$busybox" mkfifo "$input"
[ -n "$user" ] || exec "$program" "$@" <>"$input"
field() {
    "$busybox" awk -F: -v key="$1" -v n="$2" '$1 == key || $3 == key { print $n; exit }' "$3"
}
uid=$(field "$user" 3 /etc/passwd)
[ -n "$group" ] || group=$(field "$user" 4 /etc/passwd)
gid=$(field "${group:-0}" 3 /etc/group)
home=$(field "$user" 6 /etc/passwd)
[ "$HOME" != /root ] || export HOME="${home:-/}"
exec "$busybox" nsenter -G "${gid:-${group:-0}}" -S "${uid:-$user}" "$program" "$@" <>"$input"
"""
"""Runs a program as a container engine does: as a user of the container, who may have no entry in
its passwd(5), and with a standard input that stays open, as containerlab's containers have it. The
program is looked for in PATH first, since busybox would rather run what it has itself."""

_ROOT = frozenset({"", "root", "0", "root:root", "0:0", "root:0", "0:root"})
_INITS = frozenset({"tini", "tini-static", "dumb-init", "catatonit"})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "busybox"})
_PLAIN = re.compile(r"[\w ./-]+")


def without_images(plan: Plan) -> Plan:
    """The plan where all nodes have lvsnet's own file system."""
    return replace(plan, nodes=tuple(map(_without_image, plan.nodes)))


def remark(plan: Plan) -> str:
    """What the user is to be told where images are not run; empty if nothing."""
    wishes = [node for node in plan.nodes if node.process]
    images = sorted({node.image for node in wishes if not node.image.startswith(OWN_IMAGES)})
    if not images:
        return ""
    idle = [node.name for node in wishes if node.image in images and not _known(node.process[0])]
    unknown = ""
    if idle:
        unknown = f"; what an image runs by itself is not known, so {_shortly(idle)} run no daemon"
    return (
        f"only --runtime docker runs images: instead of {_shortly(images)} nodes have lvsnet's own "
        f"file system, with {HAS}{unknown}"
    )


def daemon(
    process: Process, argv: tuple[str, ...], user: str, busybox: str, standard_input: str
) -> tuple[Daemon, ...]:
    """What runs ``argv`` as ``user``; nothing when that only keeps a container from ending."""
    if not argv or only_waits(argv):
        return ()
    owner = "" if user in _ROOT else user
    start = (busybox, "sh", "-c", _START, "sh", busybox, standard_input, owner, *argv)
    return (Daemon(DAEMON, start, process.stage),)


def with_files(node: Node, daemons: tuple[Daemon, ...]) -> tuple[Daemon, ...]:
    """The daemons, which may read any of the node's files.

    Where there are commands, these may have read them just as well, and the daemons read none.
    """
    if node.commands or node.afterwards:
        return daemons
    return tuple(replace(one, reads=tuple(file.path for file in node.files)) for one in daemons)


def only_waits(argv: tuple[str, ...]) -> bool:
    """Whether a command does nothing but wait, as those do that keep a container up.

    A shell waits by itself: containerlab's containers have a terminal.
    """
    program, arguments = PurePosixPath(argv[0]).name, argv[1:]
    if program in _INITS:
        rest = arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments
        return bool(rest) and only_waits(rest)
    if program in _SHELLS:
        if arguments[:1] == ("-c",) and len(arguments) == 2 and _PLAIN.fullmatch(arguments[1]):
            return only_waits(tuple(arguments[1].split()))
        return set(arguments) <= {"-i", "-l", "sh"}
    if program == "sleep":
        return len(arguments) == 1
    return program == "tail" and arguments in (("-f", "/dev/null"), ("-F", "/dev/null"))


def _without_image(node: Node) -> Node:
    if not node.process:
        return node
    (process,) = node.process
    found = daemon(process, _known(process), process.user, BUSYBOX, STANDARD_INPUT)
    return replace(node, image="", process=(), daemons=(*node.daemons, *with_files(node, found)))


def _known(process: Process) -> tuple[str, ...]:
    """What the process runs, as far as that can be known without its image.

    A command that begins with an option is for an entrypoint that only the image names.
    """
    if not process.entrypoint and process.command[:1] and process.command[0].startswith("-"):
        return ()
    return process.entrypoint + process.command


def _shortly(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:6]) + (f" and {len(listed) - 6} more" if len(listed) > 6 else "")
