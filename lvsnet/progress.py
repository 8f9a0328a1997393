"""How long-running work says what it is doing: one short line for each phase."""

from __future__ import annotations

import sys
from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one line without a newline, such as ``guest kernel: downloading (3 s)``."""
WORD = 60.0
"""Seconds of a lab's time after which somebody who waits for what goes on there is sent a word."""


def on_stderr(line: str) -> None:
    """Tell the user; standard output is for results."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def silent(_line: str) -> None:
    """Tell nobody."""
