"""The OCI runtime configuration of a node (opencontainers/runtime-spec, config.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lvsnet.engine import capabilities
from lvsnet.engine.runtimes import disks
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

SMALL = {"/dev": "size=1m", "/run": "size=8m"}
"""Those that stay a tmpfs of the node's own; other than the disk, they are never full."""

UNKILLABLE = -1000
"""What the kernel never kills when memory runs out (proc_pid_oom_score_adj(5))."""


def lab_cgroup(lab: str) -> str:
    """The control group above those of a lab's nodes."""
    return f"{TOP_CGROUP}/{lab}"


def cgroup(lab: str, node: str) -> str:
    """The control group of a node's processes."""
    return f"{lab_cgroup(lab)}/{node}"


def config(
    lab: str, node: Node, root: str, disk: str, allowed: Collection[str]
) -> Mapping[str, object]:
    """The config.json of ``node``, whose root file system is mounted at ``root``.

    ``disk`` is the directory with what it writes, ``allowed`` the capabilities of who starts it.
    """
    given = sorted(capabilities.of(node))
    # With its init the whole node would end.
    spared = {"oomScoreAdj": UNKILLABLE} if "CAP_SYS_RESOURCE" in allowed else {}
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
            **spared,
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), given),
        },
        "mounts": [_mount(node, disk, *each) for each in MOUNTS],
        "annotations": {"lvsnet.lab": lab, "lvsnet.node": node.name, "lvsnet.role": node.role},
        "linux": linux,
    }


def _mount(
    node: Node, disk: str, destination: str, kind: str, options: list[str]
) -> Mapping[str, object]:
    source = kind
    if destination in disks.VOLATILE:
        kind, source = "bind", f"{disk}/{disks.VOLATILE[destination]}"
        options = ["bind", *(option for option in options if not option.startswith("mode="))]
    elif destination in SMALL:
        others = (option for option in options if not option.startswith("size="))
        options = [*others, SMALL[destination]]
    elif node.privileged:
        options = [option for option in options if option != "ro"]
    return {"destination": destination, "type": kind, "source": source, "options": options}
