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
from lvsnet.plan.model import Daemon, File, Node

INSIDE = "/.lvsnet"
INSTALL = f"sh {INSIDE}/install"
TRIES = 150
"""Tenths of a second in which a daemon must be ready."""
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
    runs || {{ echo "{name} ended at once" >&2; exit 1; }}
    ready && exit 0
    tries=$((tries - 1))
done
echo "{name} is not ready after {seconds} s: {lacking}" >&2
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


def load_modules(names: Sequence[str]) -> str:
    """A command for the host that loads modules; empty when there are none.

    A scheduler is loaded with IPVS or, where IPVS is there already, by the kernel when it is asked
    for. What is built in may have no file that modprobe finds.
    """
    ipvs = [name for name in names if name == "ip_vs" or name.startswith("ip_vs_")]
    others = [name for name in names if name not in ipvs]
    steps = [f"{{ test -e /proc/net/ip_vs || modprobe -a {shlex.join(ipvs)}; }}"] if ipvs else []
    steps += [f"{{ test -e /sys/module/{name} || modprobe {name}; }}" for name in others]
    return shlex.join(("sh", "-c", " && ".join(steps))) if steps else ""


def _install(node: Node) -> Iterator[str]:
    yield f"# Puts the files of {node.name} in their places.\nset -e\n"
    for file in node.files:
        source, target = shlex.quote(f"{INSIDE}/files{file.path}"), shlex.quote(file.path)
        yield f"mkdir -p {shlex.quote(str(PurePosixPath(file.path).parent))}\n"
        yield f"cp -T {source} {target}\n"
        yield f"chmod {file.mode:04o} {target}\n"


def _start(node: Node, daemon: Daemon) -> str:
    tests, lacking = _ready(daemon)
    return _START.format(
        name=daemon.name,
        node=node.name,
        daemons=DAEMONS,
        argv=shlex.join(daemon.argv),
        ready=" &&\n        ".join(tests) or f"test $tries -le {TRIES - SURVIVED}",
        lacking=" or ".join(lacking),
        tries=TRIES,
        seconds=TRIES // 10,
    )


def _ready(daemon: Daemon) -> tuple[list[str], list[str]]:
    """Commands that succeed when a daemon is ready, and in words what each finds missing."""
    # A socket in the state TCP_LISTEN, 0A (include/net/tcp_states.h): local, remote, state.
    tests = [
        f"cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ':{port:04X} [0-9A-F]*:0000 0A'"
        for port in daemon.listens
    ]
    lacking = [f"it does not listen on TCP port {port}" for port in daemon.listens]
    if daemon.pid_file:
        tests.append(f"test -s {shlex.quote(daemon.pid_file)}")
        lacking.append(f"there is no {daemon.pid_file}")
    return tests, lacking
