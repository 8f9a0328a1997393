"""Network namespaces: entering them, and the one that holds a lab's fabric."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvsnet.engine.syscalls import (
    CLONE_NEWNET,
    MS_BIND,
    MS_REC,
    MS_SHARED,
    mount,
    setns,
    unmount,
    unshare,
)

DIRECTORY = Path("/run/netns")
"""Where ip-netns(8) keeps named namespaces, so that `ip netns exec` finds the fabric."""
GONE = (FileNotFoundError, ProcessLookupError)
"""What the kernel says of the namespaces, and files, of a process that has ended meanwhile."""


def of_process(pid: int) -> Path:
    return Path(f"/proc/{pid}/ns/net")


def of_fabric(lab: str) -> Path:
    return DIRECTORY / f"lvsnet-{lab}"


def known_fabric(lab: str) -> tuple[int, int] | None:
    """What tells a lab's fabric from that of another lab of its name; None: there is none."""
    try:
        found = of_fabric(lab).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def entered(namespace: Path) -> Iterator[None]:
    """Be in a network namespace: sockets made and /proc/sys/net written inside belong to it."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(there, CLONE_NEWNET)
        finally:
            os.close(there)
        try:
            yield
        finally:
            setns(home, CLONE_NEWNET)
    finally:
        os.close(home)


def create_fabric(lab: str) -> Path:
    """Make the named namespace that a lab's bridges live in.

    Raises:
        FileExistsError: there is one already.
        OSError: the kernel refused.
    """
    path = of_fabric(lab)
    _share(DIRECTORY)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o444))
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        unshare(CLONE_NEWNET)
        try:
            mount("/proc/thread-self/ns/net", path, flags=MS_BIND)
        finally:
            setns(home, CLONE_NEWNET)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(home)
    return path


def remove_fabric(lab: str) -> None:
    """Drop a lab's fabric and with it every link in it; nothing happens when there is none."""
    path = of_fabric(lab)
    if not path.exists():
        return
    try:
        unmount(path)
    except OSError as error:
        if error.errno != errno.EINVAL:  # not mounted: a killed deploy left only the file
            raise
    path.unlink()


def _share(directory: Path) -> None:
    """As ip-netns(8) does: a namespace that is unmounted here must go in every mount namespace."""
    directory.mkdir(exist_ok=True)
    try:
        mount("none", directory, flags=MS_SHARED | MS_REC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        mount(str(directory), directory, flags=MS_BIND | MS_REC)
        mount("none", directory, flags=MS_SHARED | MS_REC)
