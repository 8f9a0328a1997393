"""A command in a node on this machine's own kernel that has this process's streams."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lvsnet.errors import LvsnetError
from lvsnet.guest import process
from lvsnet.signals import handed_on

MORTAL = ("setpriv", "--pdeathsig", "KILL", "--")
"""Begins a command line that does not outlive the process that has started it (prctl(2))."""


def run(crun: Sequence[str]) -> int:
    """Run crun with this command line; the exit code of the command in the node.

    Signals go to that command, those of keys to all of its process group.

    Raises:
        LvsnetError: a program that is needed is not installed.
        KeyboardInterrupt: Ctrl-C came once more than it is passed on.
    """
    # In a group of its own, or else Ctrl-C at a terminal would come to the command twice.
    try:
        child = subprocess.Popen([*MORTAL, *crun], process_group=0)
    except FileNotFoundError as error:
        raise LvsnetError(f"{MORTAL[0]} is not installed; `lvsnet doctor` says how") from error

    def hand_on(number: int) -> None:
        if child.returncode is None:
            process.pass_on(child.pid, number)

    with child, handed_on(hand_on):
        try:
            code = child.wait()
        except BaseException:
            child.kill()
            raise
    return code if code >= 0 else 128 - code
