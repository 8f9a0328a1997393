"""Captured packets in lines, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.control.clock import since_boot
from lvsnet.observe.packet import CARRIED, Packet

WIDTH = 14
"""Of a time: ``0:01:23.456789``."""
BEGAN = re.compile(r"its clock began at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z")
"""What the comment of a file says that `lvsnet.cli.capture_file` wrote."""
SECOND = 1_000_000_000


@dataclass
class Lines:
    """How packets are printed, and which."""

    form: Format
    carried: bool
    """Also a connection's data and acknowledgements."""
    booted: int | None
    """When the clock of this machine's kernel was 0, by the calendar in nanoseconds since 1970;
    None where times are shown since a lab's boot."""
    width: int = 0
    """Of the longest name of an interface."""

    def fit(self, names: Iterable[str]) -> None:
        """Have room for these names of interfaces."""
        self.width = max(map(len, names), default=self.width)

    def shows(self, packet: Packet) -> bool:
        return self.carried or packet.kind not in CARRIED

    def show(self, packet: Packet, *, outgoing: bool | None, length: int) -> None:
        """Print it, with its length in bytes; ``outgoing`` None: nobody knows."""
        way = "" if outgoing is None else "out" if outgoing else "in"
        stamp = self._stamp(packet.at)
        if self.form is Format.json:
            formats.line({"time": stamp, **asdict(packet), "direction": way, "length": length})
            return
        where = f"{packet.node}:{packet.interface}" if packet.node else packet.interface
        text = f"{stamp:<{WIDTH}}  {where:<{self.width}}  {way:<3}  {packet.text}"
        print(text, flush=True)  # noqa: T201

    def _stamp(self, at: int) -> str:
        if self.booted is None:
            return since_boot(at)
        calendar = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            microseconds=(self.booted + at) // 1000
        )
        return f"{calendar.astimezone():%H:%M:%S.%f}"


def began(comment: str) -> int | None:
    """The calendar's time when the lab's clock was 0, by a file's comment; None: it has none."""
    found = BEGAN.search(comment)
    if found is None:
        return None
    seconds = datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
    return int(seconds) * SECOND + int(found[2])
