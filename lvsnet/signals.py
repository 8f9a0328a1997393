"""Signals that come while a command runs in a node: which are passed on, and noticing them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
KEYS = (signal.SIGINT, signal.SIGQUIT)
"""Those that a key sends, at a terminal: they are for all of the command's process group, as there
(termios(3), ISIG). A shell that alone gets one goes on with its loop."""
PATIENCE = 2
"""How often Ctrl-C is passed on; once more gives up on a command that does not end."""


@contextmanager
def waking() -> Iterator[int]:
    """A file descriptor that can be read as soon as a signal has come (signal.set_wakeup_fd).

    A handler alone does not end a poll, which Python takes up again (PEP 475).
    """
    read, write = os.pipe()
    for fd in (read, write):
        os.set_blocking(fd, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)


@contextmanager
def handed_on(take: Callable[[int], None]) -> Iterator[None]:
    """``take`` gets the numbers of signals that come meanwhile; nobody dies of them.

    Raises:
        KeyboardInterrupt: Ctrl-C came once more than `PATIENCE`.
    """
    interrupts = 0

    def handler(number: int, _stack: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts > PATIENCE:
            raise KeyboardInterrupt
        take(number)

    with ExitStack() as undo:
        for number in FORWARDED:
            undo.callback(signal.signal, number, signal.signal(number, handler))
        yield
