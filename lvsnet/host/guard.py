"""Taking back what a process had begun, even when that process is killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lvsnet.errors import LvsnetError

_held: set[int] = set()
"""This process's ends of the pipes by which its guards see that it lives."""
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a process that is at a terminal, or is told to end."""


@contextmanager
def guarded(undo: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Run ``undo`` in another process, unless the function that this gives was called.

    It runs when the ``with`` ends, which then waits for it, and when this process ends in
    whatever way. ``undo`` must bear running twice and beside nothing. Call this before any thread
    is started: it forks.
    """
    watched, held = os.pipe()
    # Ctrl-C goes to the whole process group, so it must not find the child before that ignores it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        child = os.fork()
        if child == 0:
            # With another guard's pipe, that one would not see the end of this process.
            for one in (held, *_held):
                os.close(one)
            _watch(watched, undo)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(watched)
    _held.add(held)

    def keep() -> None:
        os.write(held, b"k")

    try:
        yield keep
    finally:
        _held.discard(held)
        os.close(held)
        os.waitpid(child, 0)


def _watch(watched: int, undo: Callable[[], None]) -> None:
    """The child's whole life."""
    code = 1
    try:
        os.setsid()
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
        # Whoever waits for the end of the parent's output is not to wait for this process.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        if not os.read(watched, 1):
            undo()
        code = 0
    except LvsnetError as error:
        sys.stderr.write(f"lvsnet: {error}\n")
    except BaseException:  # noqa: BLE001
        # Whatever it was, this process must end here and not run on as a second parent.
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
