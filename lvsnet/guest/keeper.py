"""The part of a supervisor that stays root: waits for the other one, and then clears away."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from lvsnet.guest import uml

PR_SET_CHILD_SUBREAPER = 36
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
DEADLINE = 5.0
"""Seconds until all that a supervisor leaves must have ended: it was killed together with it."""
POLL_S = 0.002


def begin(work: Callable[[], None]) -> int:
    """Run ``work`` in a process that dies with this one; its process id.

    This process gets what it leaves behind as children of its own. The signals `ENDINGS` are
    blocked here when this returns, so that `wait` can see to them.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    child = os.fork()
    if child == 0:
        try:
            uml.end_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
            work()
        finally:
            os._exit(0)
    return child


def wait(child: int) -> None:
    """Return when the process of `begin` and all that came of it have ended.

    It gets the signals that this process is sent meanwhile.
    """
    pidfd = os.pidfd_open(child)

    def pass_on(number: int, _stack: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, number)

    for number in ENDINGS:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    os.waitpid(child, 0)
    deadline = time.monotonic() + DEADLINE
    with suppress(ChildProcessError):  # there are none left
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(POLL_S)
