"""The packets that tell something of a scenario, written down while it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lvsnet.engine.runtime import Runtime
from lvsnet.observe import capturing
from lvsnet.observe.capturing import Capturing
from lvsnet.observe.packet import Packet
from lvsnet.plan.model import Plan
from lvsnet.scenario import key_packets
from lvsnet.scenario.key_packets import OPENING, KeyPackets


@dataclass
class Recording:
    """A process that captures, and what was kept of what it heard; a context."""

    capturing: Capturing
    packets: KeyPackets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.capturing.process.close()

    def take(self) -> None:
        """Look at what has passed since the last time; it never blocks."""
        self.packets.take(self.capturing.read())

    def expect(self) -> None:
        """Something is done to the lab: how connections begin after it is of interest."""
        self.take()
        self.packets.opening = OPENING

    def end(self) -> tuple[Packet, ...]:
        """End it: all that was kept, by time."""
        self.packets.take(self.capturing.end())
        return self.packets.kept()


def begin(plan: Plan, runtime: Runtime) -> Recording:
    """Capture from now on; returns once nothing passes any more that is not seen.

    Raises:
        LvsnetError: the lab cannot be watched.
    """
    heard = capturing.begin(plan, runtime, key_packets.capture(plan))
    return Recording(heard, key_packets.of_lab(plan))
