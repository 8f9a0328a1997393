"""Linux capabilities: their names, and which ones a process may hand on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lvsnet.plan.model import Node

ALL = tuple(
    f"CAP_{name}"
    for name in """
        CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
        NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
        SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
        SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
        WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
    """.split()
)
"""In the order of their numbers (include/uapi/linux/capability.h)."""

DEFAULT = (
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
)
"""What Docker gives by default, but NET_RAW, which the plan asks for itself."""


def bounding(status: str) -> frozenset[str]:
    """The bounding set in a /proc/PID/status (capabilities(7), proc_pid_status(5))."""
    line = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    bits = int(line.split()[1], 16)
    return frozenset(name for number, name in enumerate(ALL) if bits >> number & 1)


def of_process(pid: int) -> frozenset[str]:
    """The bounding set of a process, or of this one with pid 0.

    Raises:
        OSError: there is no such process.
    """
    return bounding(Path(f"/proc/{pid or 'self'}/status").read_text())


def known() -> frozenset[str]:
    """All that the running kernel knows; an older one lacks the last ones."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    return frozenset(ALL[: last + 1])


def of(node: Node) -> frozenset[str]:
    """What a node is to have."""
    return frozenset(ALL if node.privileged else (*DEFAULT, *node.capabilities))


def refusals(nodes: Iterable[Node], allowed: frozenset[str], giver: str) -> list[str]:
    """A sentence for each node that asks for more than ``giver`` may give, which is ``allowed``."""
    there = known()
    sentences = []
    for node in nodes:
        if missing := sorted(of(node) & there - allowed):
            wish = "privileged" if node.privileged else "capabilities"
            sentences.append(
                f"{node.name}: {wish}: {giver} may not give {', '.join(missing)} on this machine; "
                "take it out, or use --kernel guest"
            )
    return sentences
