"""What lies beside a containerlab topology: nodes' files, and scripts that put them in place.

A node sees its directory ``nodes/NAME`` at ``/.lvsnet``. Its files are copied from there, since one
that is mounted by itself could not be replaced in the node, would belong to whoever ran lvsnet, and
would be hidden by the tmpfs at /run. Scripts are files because neither their ``$`` nor their quotes
then pass through containerlab's templates.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from lvsnet.engine.runtimes.docker_config import DAEMONS
from lvsnet.export import shell
from lvsnet.export.shell import TRIES
from lvsnet.plan.model import Daemon, File, Node

INSIDE = "/.lvsnet"
INSTALL = f"sh {INSIDE}/install"
SURVIVED = 5
"""Tenths of a second that one must live of which nothing is known but that it runs."""

_START = """\
# Starts {name} of {node}, its output into the container's log, and waits until it is ready.
mkdir -p {daemons}
setsid {argv} </dev/null >>/proc/1/fd/1 2>&1 &
pid=$!
cat /proc/$pid/stat >{daemons}/{name}
runs() {{
    test -e /proc/$pid/status && ! grep -q '^State:.[ZX]' /proc/$pid/status
}}
ready() {{
    {ready}
}}
tries={tries}
while [ $tries -gt 0 ]; do
    sleep 0.1
    runs || {{ echo {ended} >&2; exit 1; }}
    ready && exit 0
    tries=$((tries - 1))
done
echo {late} >&2
exit 1
"""

_OPEN = (
    "readlink /run/netns/{container} | cut -d/ -f3 | xargs -I PID nsenter -t PID -m -n sh -c "
    '"mount -o bind /proc/sys/net /proc/sys/net && mount -o remount,bind,rw /proc/sys/net"'
)


def bind(node: Node) -> str:
    """The bind mount of a node's directory, relative to the topology."""
    return f"nodes/{node.name}:{INSIDE}:ro"


def start(daemon: str) -> str:
    """The command, in a node, that starts a daemon."""
    return f"sh {INSIDE}/start-{daemon}"


def files_of(node: Node) -> Iterator[File]:
    """What is in the directory of a node; paths are relative to the topology."""
    home = f"nodes/{node.name}"
    if node.files:
        yield File(f"{home}/install", "".join(_install(node)))
    for daemon in node.daemons:
        yield File(f"{home}/start-{daemon.name}", _start(node, daemon))
    for file in node.files:
        yield File(f"{home}/files{file.path}", file.content, file.mode)


def open_sysctls(container: str) -> str:
    """A command for the host that lets an unprivileged container write its own ``net.*`` sysctls.

    Docker has all of /proc/sys read-only there; containerlab has no setting for it. The link in
    /run/netns is containerlab's own, to /proc/PID/ns/net (utils/netlink.go).
    """
    return shlex.join(("sh", "-c", _OPEN.format(container=container)))


def load_modules(kernel: Sequence[str]) -> str:
    """A command for the host that loads what a lab needs; empty when it needs nothing."""
    command = shell.load_modules(shell.modules(kernel))
    return shlex.join(("sh", "-c", command)) if command else ""


def _install(node: Node) -> Iterator[str]:
    yield f"# Puts the files of {node.name} in their places.\nset -e\n"
    for file in node.files:
        source, target = shlex.quote(f"{INSIDE}/files{file.path}"), shlex.quote(file.path)
        yield f"mkdir -p {shlex.quote(str(PurePosixPath(file.path).parent))}\n"
        yield f"cp -T {source} {target}\n"
        yield f"chmod {file.mode:04o} {target}\n"


def _start(node: Node, daemon: Daemon) -> str:
    conditions = shell.readiness(daemon)
    tests = [condition.test for condition in conditions]
    lacking = " or ".join(condition.lacking for condition in conditions)
    late = f"{daemon.name} is not ready after {TRIES // 10} s: {lacking}"
    return _START.format(
        name=daemon.name,
        node=node.name,
        daemons=DAEMONS,
        argv=shlex.join(daemon.argv),
        ready=" &&\n        ".join(tests) or f"test $tries -le {TRIES - SURVIVED}",
        tries=TRIES,
        ended=shlex.quote(f"{daemon.name} ended at once"),
        late=shlex.quote(late),
    )
