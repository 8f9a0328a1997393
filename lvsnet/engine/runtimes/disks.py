"""Where crun's nodes have their disks: one tmpfs for all of a lab, with a limit.

What is written to it is memory that no killed process gives back. So all that a node can fill up
lies in it, beneath a limit that leaves room for processes: who fills a disk gets ENOSPC, as on a
real machine, and nobody is killed for it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lvsnet.engine.syscalls import mount

VOLATILE = {"/tmp": "tmp", "/dev/shm": "shm"}
"""What is empty after a reboot -> its directory on the node's disk."""


def make(directory: Path, room: int | None) -> None:
    """Mount a new lab's tmpfs; ``room`` is what its nodes may take of memory, if that is limited.

    Raises:
        OSError: the kernel refused.
    """
    directory.mkdir()
    size = limit(Path("/proc/meminfo").read_text(), room)
    mount("lvsnet", directory, "tmpfs", options=f"mode=0755,size={size}")


def limit(meminfo: str, room: int | None) -> int:
    """Bytes that a lab's disks may take: half of what is available now (proc_meminfo(5)).

    Of a machine's memory the first lab can take half, the next one half of the rest; in a guest
    of 512 MB, whose nodes have ``room``, it is 215 MB.
    """
    line = next(line for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    available = int(line.split()[1]) * 1024
    return (available if room is None else min(available, room)) // 2


def boot(disk: Path, root: Path, image: Path) -> None:
    """Mount a node's root at ``root``: ``image``, and above it what is written to ``disk``.

    Raises:
        OSError: the kernel refused, or the lab's disks are full.
    """
    for part in (disk / "upper", disk / "work", root):
        part.mkdir(parents=True, exist_ok=True)
    for name in VOLATILE.values():
        # Whatever a node made of it; a link is not followed.
        shutil.rmtree(disk / name, ignore_errors=True)
        (disk / name).mkdir()
        (disk / name).chmod(0o1777)
    layers = f"lowerdir={image},upperdir={disk / 'upper'},workdir={disk / 'work'}"
    mount("overlay", root, "overlay", options=layers)
