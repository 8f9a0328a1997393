"""What Docker's engine is asked for: a node's container, and how a daemon is started in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lvsnet.engine.runtimes import oci
from lvsnet.plan.model import Daemon, Node

OWN = "/.lvsnet"
"""Where an image of the user's gets an init and a shell, which it may lack."""
BUSYBOX = f"{OWN}/busybox"
INIT = (f"{OWN}/tini", "--", BUSYBOX, "sleep", "infinity")
"""Of a node with an image of the user's; `lvsnet.engine.runtimes.oci.INIT` in lvsnet's own."""
DAEMONS = "/run/.lvsnet"
"""A directory in each node: NAME.pid for each daemon, with its line of /proc/PID/stat."""
APPARMOR = Path("/sys/module/apparmor/parameters/enabled")

START = (
    f"[ -d {DAEMONS} ] || %s -p {DAEMONS}; read -r stat </proc/$$/stat; "
    f'echo "$stat" >{DAEMONS}/"$0".pid; exec "$@" >>/proc/1/fd/1 2>&1'
)
"""$0 is the daemon's name, %s a mkdir(1). Its init's standard output is the container's log."""

SIGNAL = (
    "start() { set -- ${1##*) }; shift 19; echo $1; }; "
    f'read -r before 2>/dev/null <{DAEMONS}/"$0".pid || exit 0; pid=${{before%% *}}; '
    'read -r now 2>/dev/null <"/proc/$pid/stat" || exit 0; '
    '[ "$before" = "$pid" ] || [ "$(start "$before")" = "$(start "$now")" ] || exit 0; '
    'kill -"$1" "$pid" || [ ! -d "/proc/$pid" ]'
)
"""$0 is the daemon's name, $1 a signal's number. One of another start time, field 22 of
proc_pid_stat(5), has only got the number of a process that has ended."""

FROM_PATH = 'program=$("$0" which "$1") || program=$1; shift; exec "$program" "$@"'
"""Runs the image's own program where it has one, and not what busybox, $0, has of that name."""


def container(
    node: Node, image: str, labels: Mapping[str, str], *, apparmor: bool
) -> dict[str, object]:
    """The body of a request to create a node's container (Docker Engine API, ContainerCreate)."""
    environment = {"HOME": "/root", "TERM": "xterm", **dict(node.environment)}
    in_memory = node.tmpfs if node.image else ("/run", "/tmp")
    host: dict[str, object] = {
        "NetworkMode": "none",
        "UsernsMode": "host",  # also where the engine gives its containers one of their own
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "32m"}},
        "Tmpfs": {
            destination: ",".join(["rw", "exec", *options])
            for destination, kind, options in oci.MOUNTS
            if kind == "tmpfs" and destination in in_memory
        },
    }
    if node.privileged:
        host["Privileged"] = True
    else:
        host |= {
            "CapAdd": [name.removeprefix("CAP_") for name in node.capabilities],
            "MaskedPaths": list(oci.MASKED),
            "ReadonlyPaths": list(oci.READ_ONLY),
        }
        if apparmor:
            # Its profile docker-default forbids writing to /proc/sys.
            host["SecurityOpt"] = ["apparmor=unconfined"]
    return {
        "Image": image,
        "Hostname": node.name,
        "User": "0:0",
        "WorkingDir": node.directory,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Entrypoint": list(init_of(node)),
        "Cmd": [],
        "Healthcheck": {"Test": ["NONE"]},
        "StopSignal": "SIGTERM",
        "Labels": dict(labels),
        "HostConfig": host,
    }


def daemon(node: Node, one: Daemon) -> list[str]:
    """The command that becomes a daemon."""
    init = init_of(node)[0]
    if not init.startswith(OWN):
        return [*shell(init), "-c", START % "mkdir", one.name, *one.argv]
    mkdir = f"{BUSYBOX} mkdir"
    return [*shell(init), "-c", START % mkdir, one.name, *env(init), *one.argv]


def init_of(node: Node) -> tuple[str, ...]:
    return INIT if node.image else oci.INIT


def shell(init: str) -> list[str]:
    """The shell in a container whose init is the program at ``init``."""
    return [BUSYBOX, "sh"] if init.startswith(OWN) else ["/bin/sh"]


def env(init: str) -> list[str]:
    """What runs a program in a container whose init is the program at ``init``.

    A program that is not there ends it with a shell's exit code, 127, and a message.
    """
    if init.startswith(OWN):
        return [BUSYBOX, "sh", "-c", FROM_PATH, BUSYBOX]
    return ["/usr/bin/env", "--"]


def has_apparmor() -> bool:
    return APPARMOR.is_file() and APPARMOR.read_text().strip() == "Y"
