"""What a rule says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From the worst: what cannot work, what is unwise or not what is written, what is good to know."""


@dataclass(frozen=True)
class Rule:
    name: str
    severity: Severity
    summary: str
    """What breaks it, and what the daemon or the kernel then does; a sentence without its dot."""
    source: str
    """Where that is laid down: an RFC, a man page, a file of keepalived's or the kernel's."""
    mend: str = "see the message"
    """What to do; a sentence without its dot. Messages about lab files say it themselves."""
    shown_by: str = ""
    """A directory of labs/broken that shows it on a real kernel; empty without."""


@dataclass(frozen=True)
class Subject:
    title: str
    rules: tuple[Rule, ...]
    """In the order in which they are documented."""
