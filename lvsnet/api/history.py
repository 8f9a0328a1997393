"""What a program has done to a lab and seen of it, to be read when something went wrong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 200
"""Entries that are kept, the last ones."""
LONGEST = 160
"""Characters of an entry."""


@dataclass(frozen=True)
class Entry:
    at: float
    """Seconds since the lab's kernel booted; with the real clock since this began."""
    text: str


def real_clock() -> Callable[[], float]:
    """Seconds since now, by this machine's clock."""
    begun = time.monotonic()
    return lambda: time.monotonic() - begun


@dataclass
class History:
    """Entries in their order, with the lab's time."""

    now: Callable[[], float]
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, text: str) -> None:
        line = " ".join(text.split())
        if len(line) > LONGEST:
            line = f"{line[: LONGEST - 3]}..."
        self.entries.append(Entry(self.now(), line))
