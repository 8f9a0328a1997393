"""What is mounted in the guest's root, above the node file system."""

from __future__ import annotations

from pathlib import Path

from lvsnet.engine.syscalls import mount

MOUNTS = (
    ("proc", "/proc", ""),
    ("sysfs", "/sys", ""),
    ("cgroup2", "/sys/fs/cgroup", ""),
    ("devtmpfs", "/dev", ""),
    ("devpts", "/dev/pts", ""),
    ("tmpfs", "/run", "mode=755"),
    ("tmpfs", "/tmp", "mode=1777"),
)
MADE = ("/dev/pts", "/dev/shm")
"""Directories that devtmpfs does not have."""
MODPROBE = "/mnt/bin/modprobe"
"""What is not loaded by name, such as a scheduler that somebody types, the kernel asks for."""


def mount_all() -> None:
    """Here rather than by a program each: processes are what takes time in a guest."""
    for kind, place, options in MOUNTS:
        target = Path(place)
        if place in MADE:
            target.mkdir(exist_ok=True)
        mount(kind, target, kind, options=options)
    for place in MADE:
        Path(place).mkdir(exist_ok=True)
    Path("/proc/sys/kernel/modprobe").write_text(MODPROBE)
