"""What a daemon, a command or a console said, as it is shown under a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

READ_AT_MOST = 16 * 1024


def tail(log: Path, lines: int = 10) -> str:
    """The last lines of a node's log, indented to stand under a message."""
    if not log.exists():
        return "  (there is no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_AT_MOST))
        text = file.read().decode(errors="replace")
    return quoted(text.splitlines()[-lines:])


def quoted(lines: Sequence[str]) -> str:
    """Somebody's words, indented to stand under a message; says so when there are none."""
    return "\n".join(f"  {line}" for line in lines) or "  (it said nothing)"
