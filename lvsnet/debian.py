"""Debian trees by mmdebstrap: from which mirror, with which rights, and how a failure is told.

Packages come from the mirror that this machine's own apt uses, with apt's own check of their
signatures, which is never switched off.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lvsnet import apt, cache
from lvsnet.errors import LvsnetError
from lvsnet.progress import Report

NEWEST_KEYS = "trixie"
"""The newest suite whose keys the keyring must know; forky's index is signed with them as well."""
DEADLINE_S = 1500.0
"""For a whole tree: 100 MB of packages over 1 Mbit/s, and installing them on a slow machine."""
STOP_S = 20.0
"""How long mmdebstrap gets to take its temporary directory away."""
LOOK_S = 0.1
"""How often its log is looked at."""
TAIL_LINES = 12
FOR_ALL_USERS = "sudo lvsnet setup --system"
"""Fills the cache of the system, in which every user's lvsnet looks."""

PHASES = {
    "running apt-get update": "reading the package lists",
    "downloading packages with apt": "downloading packages",
    "extracting archives": "unpacking",
    "installing essential packages": "installing the base system",
    "installing remaining packages": "installing packages",
    "running --customize-hook": "finishing",
    "creating tarball": "writing it",
}
"""What mmdebstrap 1.x says on stderr -> what is told."""


@dataclass(frozen=True)
class Tree:
    """A Debian tree to be written as a tar file."""

    title: str
    """What it is to the user: ``node file system``."""
    log: str
    """Name of its log in the cache."""
    suite: str
    variant: Literal["minbase", "extract"]
    """mmdebstrap's: installed, or merely unpacked."""
    packages: tuple[str, ...]
    excludes: tuple[str, ...] = ()
    """dpkg's path-exclude patterns."""
    hooks: tuple[str, ...] = ()
    """mmdebstrap's customize hooks."""


def write_tar(tree: Tree, target: Path, report: Report, deadline_s: float = DEADLINE_S) -> None:
    """Build ``tree`` and write it to ``target``, with owners and modes as on a Debian machine.

    Raises LvsnetError, with the end of mmdebstrap's log, when it fails or takes too long.
    """
    argv = command(tree, target)
    if shutil.which("mmdebstrap", path=apt.PATH) is None:
        raise LvsnetError(
            f"The {tree.title} is built with mmdebstrap, which is not installed. Run: lvsnet doctor"
        )
    log_file = cache.root() / "logs" / f"{tree.log}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    status = _run(argv, tree.title, log_file, report, deadline_s)
    if status == 0:
        return
    how = f"took more than {deadline_s:.0f} s" if status is None else f"exit code {status}"
    raise LvsnetError(
        f"mmdebstrap could not build the {tree.title}: {how}. Its last lines:\n"
        f"{_tail(log_file)}\nAll of them: {log_file}\n"
        f"When the mirror is at fault, name another: {apt.MIRROR_VARIABLE}=URL"
    )


def command(tree: Tree, target: Path) -> list[str]:
    """mmdebstrap's command line for this user on this machine."""
    source = apt.mirror()
    return [
        "mmdebstrap",
        f"--mode={mode()}",
        f"--variant={tree.variant}",
        "--format=tar",
        f"--include={','.join(tree.packages)}",
        # Nobody needs the tree after a power cut: it is thrown away unless it is finished.
        "--dpkgopt=force-unsafe-io",
        *(f"--aptopt={setting}" for setting in apt.settings()),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in tree.excludes),
        *(f"--customize-hook={hook}" for hook in tree.hooks),
        tree.suite,
        str(target),
        *([source] if source else []),
    ]


def mode() -> Literal["root", "unshare"]:
    """mmdebstrap's mode for this user.

    Raises LvsnetError with the command by which root builds for all users, when this one cannot.
    """
    if os.geteuid() == 0:
        return "root"
    login = _login()
    names = (login, str(os.geteuid()))
    if not all(_has_range(Path(file), names) for file in ("/etc/subuid", "/etc/subgid")):
        raise _cannot(f"{login} has no subordinate ids (subuid(5))")
    if shutil.which("newuidmap", path=apt.PATH) is None:
        raise _cannot("newuidmap (Debian's package uidmap) is not installed")
    if not _runs_after("--user"):
        raise _cannot("this machine does not allow user namespaces")
    return "unshare"


def _cannot(reason: str) -> LvsnetError:
    return LvsnetError(
        f"What labs need cannot be built as an ordinary user: {reason}. Once for all users of this "
        f"machine, run:\n  {FOR_ALL_USERS}"
    )


def _login() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _has_range(file: Path, names: tuple[str, ...]) -> bool:
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return any(line.partition(":")[0] in names for line in lines)


def _run(
    argv: list[str], title: str, log_file: Path, report: Report, deadline_s: float
) -> int | None:
    """Exit code, or None when the deadline passed.

    It writes to the log itself: should this process be killed, it ends in its own time and takes
    its temporary directory away, where a broken pipe would have it leave that behind.
    """
    start = time.monotonic()
    with log_file.open("wb") as log:
        # A session of its own, so that Ctrl-C comes to it once, from here, and it cleans up.
        process = subprocess.Popen(
            [*_own_mounts(), *argv], env=apt.environment(os.environ), cwd="/",
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=log,
        )  # fmt: skip
    told = ""
    try:
        with log_file.open(errors="replace") as said:
            while _runs(process) and time.monotonic() < start + deadline_s:
                for phase in filter(None, map(_phase, said.readlines())):
                    if phase != told:
                        report(f"{title}: {phase} ({time.monotonic() - start:.0f} s)")
                    told = phase
        return process.poll()
    finally:
        if process.poll() is None:
            _stop(process)


def _own_mounts() -> list[str]:
    """A command before which mmdebstrap's mounts are its own and go with it, even when killed.

    In mode root it binds the host's /dev/shm into its tree, among others: left behind in the
    host's namespace, that would be emptied with the tree by whoever clears /tmp. Who may not
    mount needs none, for mmdebstrap mounts nothing then.
    """
    return ["unshare", "--mount", "--"] if _runs_after("--mount") else []


def _runs_after(namespace: str) -> bool:
    """Whether this user may have a namespace of that kind, by unshare(1)'s option for it."""
    try:
        subprocess.run(
            ["unshare", namespace, "--", "true"], env=apt.environment(os.environ),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=STOP_S, check=True,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.SubprocessError):
        return False
    return True


def _runs(process: subprocess.Popen[bytes]) -> bool:
    """Wait a little; True when it has not ended by then."""
    try:
        process.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _phase(line: str) -> str:
    text = line.removeprefix("I: ")
    return next((said for start, said in PHASES.items() if text.startswith(start)), "")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGKILL):
        os.killpg(process.pid, sign)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
        return


def _tail(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join(f"  {line}" for line in lines)
