"""Progress on stderr: lines with the seconds since the command began."""

from __future__ import annotations

import sys
import time

from lvsnet.progress import Report


def timed() -> Report:
    """A reporter that begins to count now."""
    begun = time.monotonic()

    def report(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - begun:6.2f} s  {line}\n")
        sys.stderr.flush()

    return report
