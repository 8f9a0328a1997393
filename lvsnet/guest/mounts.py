"""What is mounted in the guest's root, above the node file system, and nodes' limit."""

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
MODPROBE_SETTING = Path("/proc/sys/kernel/modprobe")
MODPROBE = "/mnt/bin/modprobe"
"""What is not loaded by name, such as a scheduler that somebody types, the kernel asks for."""
NODES = Path("/sys/fs/cgroup/lvsnet")
"""The control group of all nodes: `lvsnet.engine.runtimes.oci.TOP_CGROUP`, late to be imported."""
RESERVED = 24 * 2**20
"""Bytes for what runs beside the nodes, over what it has when the agent starts: with a site in it
of five nodes it takes 18 MB, and each request some more."""
SHARE_RESERVED = 32
"""Further a part of all memory, this one: the more nodes, the more is asked for at a time."""


def mount_all() -> None:
    """Here rather than by a program each: processes are what takes time in a guest."""
    for kind, place, options in MOUNTS:
        target = Path(place)
        if place in MADE:
            target.mkdir(exist_ok=True)
        mount(kind, target, kind, options=options)
    for place in MADE:
        Path(place).mkdir(exist_ok=True)
    if MODPROBE_SETTING.exists():  # else the kernel has all that it can have built in
        MODPROBE_SETTING.write_text(MODPROBE)
    _limit_nodes()


def _limit_nodes() -> None:
    """Keep memory from running out anywhere but in nodes, where the kernel then kills at once.

    When all of a kernel's memory is used up, it throws out every program's pages before it kills,
    and reads them again: on a busy machine for minutes, in which no request is answered. Below a
    limit of their own, nodes can only throw out what they alone run
    (Documentation/admin-guide/cgroup-v2.rst, memory.max).
    """
    (NODES.parent / "cgroup.subtree_control").write_text("+memory")
    NODES.mkdir()
    (NODES / "memory.max").write_text(str(room(Path("/proc/meminfo").read_text())))


def room(meminfo: str) -> int:
    """Bytes that all nodes together may take, by proc_meminfo(5) before there are any."""
    lines = (line.split() for line in meminfo.splitlines())
    sizes = {words[0]: int(words[1]) * 1024 for words in lines}
    return sizes["MemAvailable:"] - sizes["MemTotal:"] // SHARE_RESERVED - RESERVED
