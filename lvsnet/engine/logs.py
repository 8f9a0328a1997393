"""What the daemons of a node said."""

from __future__ import annotations

from pathlib import Path

READ_AT_MOST = 16 * 1024


def tail(log: Path, lines: int = 10) -> str:
    """The last lines of a node's log, indented to stand under a message."""
    if not log.exists():
        return "  (there is no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_AT_MOST))
        text = file.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (it said nothing)"
