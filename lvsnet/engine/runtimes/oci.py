"""The OCI runtime configuration of a node (opencontainers/runtime-spec, config.md)."""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet.engine import capabilities
from lvsnet.plan.model import Node

TOP_CGROUP = "/lvsnet"
"""Of all labs on this kernel."""

INIT = ("/usr/bin/tini", "--", "/usr/bin/sleep", "infinity")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

NAMESPACES = ("pid", "network", "ipc", "uts", "mount", "cgroup")

MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug")

READ_ONLY = (
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sysrq-trigger",
    "/proc/sys/abi",
    "/proc/sys/debug",
    "/proc/sys/dev",
    "/proc/sys/fs",
    "/proc/sys/kernel",
    "/proc/sys/user",
    "/proc/sys/vm",
)
"""All that a container usually may not write, but /proc/sys/net, which is the node's own."""

_NO_EXEC = ["nosuid", "noexec", "nodev"]

MOUNTS: tuple[tuple[str, str, list[str]], ...] = (
    ("/proc", "proc", _NO_EXEC),
    ("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
    ("/dev/shm", "tmpfs", [*_NO_EXEC, "mode=1777"]),
    ("/sys", "sysfs", [*_NO_EXEC, "ro"]),
    ("/sys/fs/cgroup", "cgroup", [*_NO_EXEC, "ro"]),
    ("/run", "tmpfs", ["nosuid", "nodev", "mode=755"]),
    ("/tmp", "tmpfs", ["nosuid", "nodev", "mode=1777"]),
)
"""As on a Debian machine: /run and /tmp are gone after a reboot, the rest of the disk is not."""


def lab_cgroup(lab: str) -> str:
    """The control group above those of a lab's nodes."""
    return f"{TOP_CGROUP}/{lab}"


def cgroup(lab: str, node: str) -> str:
    """The control group of a node's processes."""
    return f"{lab_cgroup(lab)}/{node}"


def config(lab: str, node: Node, root: str) -> Mapping[str, object]:
    """The config.json of ``node``, whose root file system is mounted at ``root``."""
    given = sorted(capabilities.of(node))
    environment = {"PATH": PATH, "HOME": "/root", "TERM": "xterm", **dict(node.environment)}
    linux: dict[str, object] = {
        "namespaces": [{"type": kind} for kind in NAMESPACES],
        "cgroupsPath": cgroup(lab, node.name),
    }
    if not node.privileged:
        linux |= {"maskedPaths": list(MASKED), "readonlyPaths": list(READ_ONLY)}
    return {
        "ociVersion": "1.0.2",
        "hostname": node.name,
        "root": {"path": root},
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(INIT),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": "/",
            "noNewPrivileges": False,
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), given),
        },
        "mounts": [
            {
                "destination": destination,
                "type": kind,
                "source": kind,
                "options": [
                    option for option in options if not (node.privileged and option == "ro")
                ],
            }
            for destination, kind, options in MOUNTS
        ],
        "annotations": {"lvsnet.lab": lab, "lvsnet.node": node.name, "lvsnet.role": node.role},
        "linux": linux,
    }
