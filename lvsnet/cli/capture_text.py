"""Captured packets in lines, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.control.clock import SECOND, stamp
from lvsnet.observe.packet import CARRIED, Packet

WIDTH = 14
"""Of a time: ``0:01:23.456789``."""
BEGAN = re.compile(r"its clock began at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z")
"""What the comment of a file says that `lvsnet.cli.capture_file` wrote."""


@dataclass
class Lines:
    """How packets are printed, and which."""

    form: Format
    carried: bool
    """Also a connection's data and acknowledgements."""
    booted: int | None
    """As `lvsnet.control.clock.booted` gives it."""
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
        when = stamp(packet.at, self.booted)
        if self.form is Format.json:
            formats.line({"time": when, **asdict(packet), "direction": way, "length": length})
            return
        where = f"{packet.node}:{packet.interface}" if packet.node else packet.interface
        text = f"{when:<{WIDTH}}  {where:<{self.width}}  {way:<3}  {packet.text}"
        print(text, flush=True)  # noqa: T201


def began(comment: str) -> int | None:
    """The calendar's time when the lab's clock was 0, by a file's comment; None: it has none."""
    found = BEGAN.search(comment)
    if found is None:
        return None
    seconds = datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
    return int(seconds) * SECOND + int(found[2])
