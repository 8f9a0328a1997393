"""A command in a node on this machine's own kernel that has this process's streams."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from lvsnet.errors import LvsnetError
from lvsnet.guest import process
from lvsnet.signals import FORWARDED, KEYS, PATIENCE

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
    with child, _signals_to(child):
        try:
            code = child.wait()
        except BaseException:
            child.kill()
            raise
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
    interrupts = 0

    def handler(number: int, _stack: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts > PATIENCE:
            raise KeyboardInterrupt
        if child.returncode is None:
            if number in KEYS:
                process.press(child.pid, number)
            else:
                child.send_signal(number)

    before = {number: signal.signal(number, handler) for number in FORWARDED}
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)
