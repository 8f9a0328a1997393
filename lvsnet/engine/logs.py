"""What a daemon, a command or a console said, as it is shown under a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

READ_AT_MOST = 16 * 1024
"""Bytes of the end of a log."""


def end_of(log: Path) -> str:
    """The end of a log file; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_AT_MOST))
        return file.read().decode(errors="replace")


def tail(said: str, lines: int = 10) -> str:
    """The last lines of what was said, indented to stand under a message."""
    return quoted(said.splitlines()[-lines:])


def quoted(lines: Sequence[str]) -> str:
    """Somebody's words, indented to stand under a message; says so when there are none."""
    return "\n".join(f"  {line}" for line in lines) or "  (it said nothing)"
