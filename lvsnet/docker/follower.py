"""What a node's daemons said, and say: its container's log on standard output."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from datetime import datetime

from lvsnet.docker import api, processes

STDOUT = 1
INTERVAL = 0.5
"""Seconds between two looks whether a node that was switched off runs again."""


def copy(container: str, *, follow: bool) -> int:
    """Copy a container's log; with ``follow``, go on until Ctrl-C, over reboots of the node.

    The exit code: 130 after Ctrl-C, 141 when nobody reads it any more.

    Raises:
        LvsnetError: the container is gone, or the engine.
    """
    try:
        _write(processes.logs(container, follow=follow))
        while follow:
            ended = api.inspect(container)
            if ended.running:
                _write(processes.logs(container, follow=True, since=since(ended.finished)))
            else:
                time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    return 0


def since(finished: str) -> str:
    """A time as the engine writes it, in RFC 3339's form, as it wants it: ``SECONDS.NANOSECONDS``.

    It has nine digits of a second, of which Python's own reading would lose three.
    """
    whole, point, rest = finished.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return f"{seconds}.{rest:0<9}" if point else str(seconds)


def _write(pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        left = memoryview(piece)
        while left:
            left = left[os.write(STDOUT, left) :]
