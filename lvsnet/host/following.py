"""What a node's daemons say, as it comes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from lvsnet.errors import LvsnetError

STDOUT = 1
READ_SIZE = 64 * 1024
INTERVAL = 0.2
"""Seconds between two looks whether there is more."""


def copy(lab: str, log: Path) -> int:
    """Copy a node's log to standard output, and go on with what comes, until Ctrl-C.

    tail(1) would not do: it does not see that a file goes away together with its file system.
    The exit code: 130 after Ctrl-C, 141 when nobody reads it any more.

    Raises:
        LvsnetError: the lab has ended.
    """
    try:
        with log.open("rb", buffering=0) as file:
            while True:
                left = memoryview(file.read(READ_SIZE))
                if not left:
                    _is_there(lab, log, file.fileno())
                    time.sleep(INTERVAL)
                while left:
                    left = left[os.write(STDOUT, left) :]
    except FileNotFoundError as error:
        raise LvsnetError(f"lab {lab} was destroyed") from error
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE


def _is_there(lab: str, log: Path, fd: int) -> None:
    """Raises when a lab has gone, or another has come in its place."""
    if not os.path.samestat(log.stat(), os.fstat(fd)):
        raise LvsnetError(f"lab {lab} was destroyed")
