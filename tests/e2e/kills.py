"""Deploys and destroys that are killed at random moments, as by a machine that runs out of memory.

What a kill leaves behind, the next deploy or destroy of that lab, or `destroy --all`, takes away.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from e2e.users import User, eventually

LABS = ("first", "second")
LONGEST = 4.0
"""Seconds from a command's start to its kill; a deploy takes 2 s on an idle machine."""
OF_A_DEPLOY = ("deploy", "supervisor", "keeper", "guest")
SAID_BY_THE_REFUSED = ("already running", "runs already", "just being", "does not run")


@dataclass(frozen=True)
class Kill:
    """What was killed when."""

    lab: str
    command: str
    victim: str
    after: float
    """Seconds."""


def drawn(chance: random.Random) -> Kill:
    command = chance.choice(("deploy", "deploy", "destroy"))
    victims = OF_A_DEPLOY if command == "deploy" else ("destroy",)
    return Kill(chance.choice(LABS), command, chance.choice(victims), chance.uniform(0, LONGEST))


def happens(user: User, kill: Kill) -> None:
    """Run the command, and kill what is to be killed, if it is still there by then.

    A command that is not hit succeeds, or is refused because an earlier one's lab is still there.
    """
    lab = str(Path(user.home / f"{kill.lab}.yaml"))
    arguments = ("deploy", "--no-wait", lab) if kill.command == "deploy" else ("destroy", kill.lab)
    process = user.begin(*arguments, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + kill.after
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        for pid in _victims(user, kill, process.pid):
            _end(pid)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    words = said.decode()
    assert "Traceback" not in words, (kill, words)
    if process.returncode == 1 and kill.victim == kill.command:
        assert any(reason in words for reason in SAID_BY_THE_REFUSED), (kill, words)


def nothing_left(user: User) -> list[str]:
    """What is left of labs: processes, mounts, files; empty if nothing."""
    mounts = [
        line for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if str(user.home) in line
    ]  # fmt: skip
    processes = [f"{pid}: {command}" for pid, command in user.processes().items()]
    return [*processes, *mounts, *user.left()]


def survives(user: User, kills: int, seed: int, tell: Callable[[str], None]) -> None:
    """Go through as many kills, then destroy all that is left and see that this is everything."""
    chance = random.Random(seed)
    for name in LABS:
        user.lab(name)
    for number in range(1, kills + 1):
        kill = drawn(chance)
        tell(f"{number}: {kill}")
        happens(user, kill)
    done = user.tries("destroy", "--all")
    assert done.code == 0, done
    # A guest whose supervisor was killed is ended by the kernel, which takes a moment.
    eventually(lambda: not nothing_left(user), 10, lambda: nothing_left(user))
    for name in LABS:
        user.does("deploy", "--no-wait", str(user.home / f"{name}.yaml"))
    user.does("destroy", "--all")
    assert nothing_left(user) == []


def _victims(user: User, kill: Kill, command: int) -> list[int]:
    """Root's supervisors have two processes: the last one serves, the first one clears away."""
    match kill.victim:
        case "guest":
            return user.guests(kill.lab)
        case "supervisor":
            return _supervisors(user)[-1:]
        case "keeper":
            return _supervisors(user)[:1]
        case _:
            return [command]


def _supervisors(user: User) -> list[int]:
    shown = user.processes().items()
    return sorted(pid for pid, command in shown if "lvsnet.guest.supervisor" in command)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
