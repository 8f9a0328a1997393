"""The end of a guest, and of the process that owns it."""

from __future__ import annotations

import os
import select
import signal

from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.guest import client
from lvsnet.progress import silent

DEADLINE = 5.0
"""Seconds that a supervisor may take to end its lab; it takes 0.1 s."""


def ask(connection: client.Connection) -> float:
    """Ask the supervisor to end its lab; how many seconds to wait for its process after that."""
    try:
        client.call(connection, {"op": "end"}, silent, silence=DEADLINE)
    except SilenceError:
        return 0.0
    except LvsnetError:
        return DEADLINE  # it is ending by itself
    return DEADLINE


def see(lab: str, supervisor: int, patience: float) -> None:
    """Return when the process of this pidfd has ended; after ``patience`` seconds it is killed."""
    gone = select.poll()
    gone.register(supervisor, select.POLLIN)
    try:
        if not gone.poll(patience * 1000):
            signal.pidfd_send_signal(supervisor, signal.SIGKILL)
            if not gone.poll(DEADLINE * 1000):
                raise LvsnetError(f"lab {lab}: its supervisor does not end")
    finally:
        os.close(supervisor)
