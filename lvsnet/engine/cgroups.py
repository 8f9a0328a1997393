"""The control groups of a lab's nodes: letting crun(1) make them, stopping and removing them."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

DEADLINE = 5.0
"""Seconds until the kernel must have let go of a group whose processes are dead."""
INTERVAL = 0.005
STOP_INTERVAL = 0.0002
"""Seconds between looks at processes that stop, which they do as soon as they are scheduled."""

UNIFIED = Path("/sys/fs/cgroup/unified")
"""Where cgroup v2 is mounted beside v1 (systemd's hybrid mode)."""
WITHOUT_UNIFIED = ("unshare", "--mount", "--", "sh", "-c", f'umount {UNIFIED} && exec "$@"', "sh")


def entry() -> tuple[str, ...]:
    """What is to stand before a call of crun on this machine; nothing on most.

    crun refuses a machine where v2 beside v1 has a controller ("cgroups in hybrid mode not
    supported"), even one that no lab uses. So there it runs where v2 is not mounted.
    """
    controllers = UNIFIED / "cgroup.controllers"
    return WITHOUT_UNIFIED if controllers.exists() and controllers.read_text().strip() else ()


def hierarchies() -> list[Path]:
    """Where control groups are mounted: one place with cgroup v2, one for each controller with v1.

    By /proc/self/mountinfo (proc_pid_mountinfo(5)).
    """
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, source = line.partition(" - ")
        if source.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(mount.split()[4]))
    return found


def freeze(group: str) -> None:
    """Stop every process in ``group``, as ``/lvsnet/dr/lb01``, and below it, by SIGSTOP.

    Not by the group's own freezer: it does not let SIGKILL through with cgroup v1
    (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst), where it is mounted at all.

    When this returns, they have: a signal's work is done when its process is next scheduled.

    Raises:
        OSError: after `DEADLINE` seconds there are still new processes, or some that go on.
    """
    until = time.monotonic() + DEADLINE
    stopped: set[int] = set()
    while running := processes(group) - stopped:
        for pid in running:
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                continue
        stopped |= running
        if time.monotonic() > until:
            raise OSError(errno.EBUSY, f"processes are still being made in control group {group}")
    while any(_moves(pid) for pid in stopped):
        if time.monotonic() > until:
            raise OSError(errno.EBUSY, f"processes in control group {group} do not stop")
        time.sleep(STOP_INTERVAL)


def _moves(pid: int) -> bool:
    """Whether a process can do anything before SIGSTOP reaches it (proc_pid_stat(5)).

    One in the kernel that no signal wakes (D) cannot.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "TtZXD"


def thaw(group: str) -> None:
    """Let every process go on that `freeze` has stopped in ``group``, by SIGCONT."""
    for pid in processes(group):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue


def processes(group: str) -> set[int]:
    """Process ids of all that is in ``group`` and below it, in any hierarchy."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for listing in (hierarchy / group.lstrip("/")).rglob("cgroup.procs"):
            try:
                found.update(map(int, listing.read_text().split()))
            except OSError as error:
                # A group that was removed meanwhile, or one of threads (cgroups(7)).
                if error.errno not in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP):
                    raise
    return found


def room(group: str) -> int | None:
    """Bytes of memory that ``group`` may still take; None when it has no limit (cgroup v2)."""
    for hierarchy in hierarchies():
        limit = hierarchy / group.lstrip("/") / "memory.max"
        if limit.exists() and (most := limit.read_text().strip()) != "max":
            return int(most) - int(limit.with_name("memory.current").read_text())
    return None


def remove(group: str) -> None:
    """Remove ``group``, as ``/lvsnet/dr``, and those below it, in every hierarchy.

    Raises:
        OSError: processes are still in it after `DEADLINE` seconds.
    """
    until = time.monotonic() + DEADLINE
    for hierarchy in hierarchies():
        top = hierarchy / group.lstrip("/")
        if top.is_dir():
            _remove_tree(top, until)


def remove_if_empty(group: str) -> None:
    """Remove ``group`` where no group is below it and no process in it."""
    for hierarchy in hierarchies():
        try:
            (hierarchy / group.lstrip("/")).rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EBUSY, errno.ENOTEMPTY):
                raise


def _remove_tree(top: Path, until: float) -> None:
    for below in top.iterdir():
        if below.is_dir():
            _remove_tree(below, until)
    while True:
        try:
            top.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            # Its last process is dead, but not yet reaped.
            if error.errno != errno.EBUSY or time.monotonic() > until:
                raise
            time.sleep(INTERVAL)
        else:
            return
