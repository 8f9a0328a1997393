"""What reads the output of a command that follows something."""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from lvsnet.cli.command import CLOSED_PIPE


@contextmanager
def awaited() -> Iterator[None]:
    """End the command when nobody reads its output any more, even while it has nothing to say.

    As `tail -f` does; in a lab whose clock is held, nothing may come for ever. SIGPIPE itself comes
    with the next write only (pipe(7)).

    Raises:
        typer.Exit: with a shell's exit code for SIGPIPE.
    """
    if not _is_joined(sys.stdout.fileno()):
        yield
        return

    def end(_number: int, _stack: FrameType | None) -> None:
        raise typer.Exit(CLOSED_PIPE)

    before = signal.signal(signal.SIGPIPE, end)
    arguments = (sys.stdout.fileno(), threading.get_ident())
    threading.Thread(target=_see_closed, args=arguments, daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


def _is_joined(output: int) -> bool:
    """Whether somebody holds its other end."""
    kind = os.fstat(output).st_mode
    return stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)


def _see_closed(output: int, thread: int) -> None:
    poll = select.poll()
    poll.register(output, 0)
    poll.poll()
    signal.pthread_kill(thread, signal.SIGPIPE)
