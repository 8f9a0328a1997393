"""What Ctrl-C cuts short says nothing of its own."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import logging
from lvsnet import cli
try:
    cli._interrupt(2, None)
except KeyboardInterrupt:
    logging.getLogger("asyncio").error("a generator could not be closed")
"""


def test_an_event_loop_that_is_cut_short_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, timeout=30, check=True
    )
    assert done.stderr == b""
