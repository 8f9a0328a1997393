"""Start a lab's supervisor, as a process that outlives this one."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.guest.boot import Machine


@dataclass(frozen=True)
class Launched:
    """A supervisor that waits to be told what to run, or runs it."""

    process: subprocess.Popen[bytes]
    owner: socket.socket
    """This process's end of the connection that owns the lab.

    When it closes, by whatever end of this process, the lab ends, unless it was kept (request
    ``keep``) before.
    """


@dataclass(frozen=True)
class Ahead:
    """A guest that boots before it is certain that it is needed."""

    lab: str
    machine: Machine
    launched: Launched


_waiting: list[Launched] = []
_ahead: list[Ahead] = []
_let_go: list[Launched] = []
PATIENCE = 5.0
"""Seconds until a supervisor that is no longer needed must have taken its guest away."""


def begin() -> None:
    """Start a supervisor before it is known what it is to run; `launch` tells it.

    To start Python and to import what it needs takes as long as to find that out, 0.15 s. One that
    is told nothing has done nothing, and is gone when this process ends.
    """
    _waiting.append(_start())
    atexit.register(dismiss)


def dismiss() -> None:
    """End the supervisor that was not needed, if there is one."""
    while _waiting:
        unneeded = _waiting.pop()
        unneeded.process.kill()
        unneeded.process.communicate()
        unneeded.owner.close()


def ahead(lab: str, machine: Machine) -> None:
    """Launch a guest that `launch` is probably asked for soon, by this process or one it forks.

    It ends with this process, unless that has `let_go` of it.
    """
    _ahead.append(Ahead(lab, machine, launch(lab, machine)))
    atexit.register(end_unneeded)


def end_unneeded(lab: str = "", machine: Machine | None = None) -> None:
    """End what was launched ahead, except for that lab on that machine, and wait for its end."""
    for one in [one for one in _ahead if (one.lab, one.machine) != (lab, machine)]:
        _ahead.remove(one)
        one.launched.owner.close()
        try:
            one.launched.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            one.launched.process.kill()
            one.launched.process.wait()


def let_go() -> None:
    """Leave what was begun, or launched ahead, to the process that this one has just forked.

    As long as two have the connection that owns a lab, it outlives one of them.
    """
    for launched in (*_waiting, *(one.launched for one in _ahead)):
        launched.owner.close()
        if launched.process.stdin is not None:
            launched.process.stdin.close()
        _let_go.append(launched)  # it is a child of this process, and reaped with it
    _waiting.clear()
    _ahead.clear()


def launch(lab: str, machine: Machine) -> Launched:
    """Start a supervisor, and under it a guest for ``lab``; or give the one launched ahead."""
    for one in _ahead:
        if (one.lab, one.machine) == (lab, machine):
            _ahead.remove(one)
            return one.launched
    launched = _waiting.pop() if _waiting else _start()
    stdin = launched.process.stdin
    if stdin is None:
        raise TypeError("a pipe was asked for")
    # Not `communicate`, which would wait for the end of the process.
    with stdin:
        stdin.write(json.dumps({"lab": lab, "machine": asdict(machine)}).encode())
    return launched


def _start() -> Launched:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            # It needs nothing that is installed: without site it starts 0.03 s earlier.
            [sys.executable, "-S", "-m", "lvsnet.guest.supervisor", str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    return Launched(process, ours)
