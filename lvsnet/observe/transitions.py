"""VRRP's transitions, by what keepalived 2.2 and 2.3 say in their log.

No I/O here: pieces of a node's log in, changes of state out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MASTER, BACKUP, FAULT, STOPPED = "master", "backup", "fault", "stopped"
LONGEST = 64 * 1024
"""Bytes of a line without an end after which it is taken as one."""

_DATE = r"^(?:\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: )?"
"""What --log-console puts before each line, unless the time stamps are syslog's (keepalived(8))."""
_ENTERS = re.compile(
    _DATE + r"\((?P<instance>[^()]+)\):? [Ee]ntering (?P<state>MASTER|BACKUP|FAULT) "
    r"(?:STATE|state)(?P<why>.*)$"
)
"""``(VI_1) Entering MASTER STATE``, ``(VI_1): entering FAULT state (interface eth1 down)``."""
STARTS = re.compile(_DATE + r"Starting Keepalived v")
"""Said before anything else; what a process before it was is no more, however that ended."""
_STOPS = re.compile(_DATE + r"Stopping$")
"""Said by each of its processes that ends in good order."""


@dataclass(frozen=True)
class Transition:
    instance: str
    state: str
    """`MASTER`, `BACKUP`, `FAULT` or `STOPPED`."""
    text: str
    """``VI_1 enters MASTER``"""


@dataclass
class Log:
    """A node's log, and in which state it leaves each VRRP instance."""

    states: dict[str, str] = field(default_factory=dict)
    partial: bytes = b""

    def receive(self, content: bytes) -> Iterator[Transition]:
        """The transitions in the next piece; a line that says what was said before is none."""
        *lines, rest = (self.partial + content).split(b"\n")
        if len(rest) > LONGEST:
            lines, rest = [*lines, rest], b""
        self.partial = rest
        for line in lines:
            yield from self._line(line.decode(errors="replace").rstrip("\r"))

    def forget(self) -> None:
        """keepalived is no more, and has said nothing about it."""
        self.states.clear()
        self.partial = b""

    def _line(self, line: str) -> Iterator[Transition]:
        if found := _ENTERS.match(line):
            instance, state = found["instance"], found["state"].lower()
            if self.states.get(instance) != state:
                self.states[instance] = state
                yield Transition(
                    instance, state, f"{instance} enters {found['state']}{_why(found)}"
                )
        elif _STOPS.match(line):
            for instance in self.states:
                yield Transition(instance, STOPPED, f"{instance} stops")
            self.states.clear()
        elif STARTS.match(line):
            self.states.clear()


def _why(found: re.Match[str]) -> str:
    """The reason that keepalived gives; of a first state it says ``(init)``."""
    why = found["why"].strip()
    if not why:
        return ""
    return f" {why}" if why.startswith("(") else f" ({why})"
