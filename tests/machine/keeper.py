"""The process that owns a Docker engine of the tests, and ends all that came of it.

    keeper.py LOG CGROUP DIRECTORY... -- COMMAND...

It runs COMMAND until its standard input ends, which it does when the process that holds the other
end is gone, whatever ended that. It is the reaper of everything below it (PR_SET_CHILD_SUBREAPER),
so that containers' processes, which detach themselves, are found. Started in a mount namespace of
its own, it leaves no mounts. Each DIRECTORY is removed, and the control groups called CGROUP.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOP_S = 3.0
"""What is asked to end has this long."""
KILL_S = 10.0
LOG_LINES = 15
CONTAINERD = Path("/run/containerd")
"""An engine takes the containerd that it finds there rather than one of its own."""


def main() -> int:
    log_file, cgroup, *rest = sys.argv[1:]
    directories, argv = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    libc = ctypes.CDLL(None)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    if CONTAINERD.is_dir():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(CONTAINERD)], check=True, timeout=10)
    with Path(log_file).open("ab") as log:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )
    ended = os.pidfd_open(child.pid)
    select.select([sys.stdin, ended], [], [])
    if select.select([ended], [], [], 0)[0]:
        # The log goes with its directory.
        said = Path(log_file).read_text(errors="replace").splitlines()[-LOG_LINES:]
        sys.stderr.write("\n".join([f"{argv[0]} ended by itself; it said last:", *said, ""]))
    else:
        child.terminate()
        select.select([ended], [], [], STOP_S)
    until = time.monotonic() + KILL_S
    while (below := descendants(os.getpid())) and time.monotonic() < until:
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)
    remove_cgroups(cgroup)
    for directory in directories:
        unmount_below(directory)
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if below else 0


def descendants(ancestor: int) -> list[int]:
    """Process ids of everything below a process, zombies included."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, fields = stat.read_text().rpartition(") ")
        except OSError:
            continue
        children.setdefault(int(fields.split()[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def unmount_below(directory: str) -> None:
    """Detach what is mounted there: a mount point cannot be removed."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    for point in reversed([line.split()[4] for line in lines]):
        if point.startswith(f"{directory}/"):
            subprocess.run(["umount", "--lazy", point], check=False, timeout=10)


def remove_cgroups(name: str) -> None:
    """Remove the groups of this name from every hierarchy, the innermost first."""
    hierarchies = Path("/sys/fs/cgroup")
    for top in (hierarchies / name, *hierarchies.glob(f"*/{name}")):
        for directory, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):
                Path(directory).rmdir()


if __name__ == "__main__":
    sys.exit(main())
