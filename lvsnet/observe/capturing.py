"""Capturing what passes a lab's wires, beside its nodes: a process hears, others read from it.

`lvsnet.observe.capture_loop` is what that process does.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from lvsnet.engine.runtime import Runtime
from lvsnet.observe import beside, capture_model, decode
from lvsnet.observe.beside import Beside, Told
from lvsnet.observe.capture_model import Capture, Frame, Place
from lvsnet.observe.packet import Packet
from lvsnet.plan.model import Plan

CLOCK, PLACE, FRAMES, LOST = "clock", "place", "frames", "lost"
"""What lines are, by their first word: ``[clock, calendar when the clock was 0, calendar]`` once,
``[place, node, interface, segment, mac, link]``, ``[frames, calendar when the clock was 0, what
lvsnet.observe.capture_model.packed gives]``, and ``[lost, how many]`` of packets that found no room
and were not told with a frame."""


@dataclass
class Reading:
    """Lines that the process has told, put together again."""

    gue: frozenset[int] = decode.GUE_PORTS
    places: list[Place] = field(default_factory=list)
    dropped: int = 0
    """Packets that found no room."""
    begun: bool = False
    """Whether it listens."""
    offset: int = 0
    """The calendar's time when the lab's clock was 0, in nanoseconds since 1970."""
    since: int = 0
    """The calendar's time when it began to listen."""

    def take(self, told: Told) -> Iterator[Frame]:
        """The frames of a line.

        Raises:
            ValueError: it is none of these lines.
        """
        match told:
            case ["clock", int() as offset, int() as since]:
                self.begun, self.offset, self.since = True, offset, since
            case [
                "place",
                str() as node,
                str() as name,
                str() as segment,
                str() as mac,
                int() as link,
            ]:
                self.places.append(Place(node, name, segment, mac, link))
            case ["frames", int() as offset, str() as content]:
                self.offset = offset
                for frame in capture_model.unpacked(content):
                    self.dropped += frame.dropped
                    yield frame
            case ["lost", int() as count]:
                self.dropped += count
            case _:
                raise ValueError(f"a capture does not tell {told!r:.80}")

    def in_words(self, frame: Frame) -> Packet:
        return capture_model.in_words(self.places[frame.place], frame, self.offset, self.gue)


@dataclass
class Capturing:
    """A process that captures; a context, at whose end it is ended."""

    process: Beside
    reading: Reading

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()

    @property
    def fd(self) -> int:
        """Readable when there is something to `read`."""
        return self.process.fd

    @property
    def dropped(self) -> int:
        """How many packets found no room, so far."""
        return self.reading.dropped

    def read(self) -> list[Packet]:
        """What has passed since the last time; it never blocks.

        Raises:
            LvsnetError: the process has ended by itself, such as that the lab was destroyed.
        """
        return self._packets(self.process.read())

    def end(self) -> list[Packet]:
        """End it: the rest, of all that has passed until now. A second time, nothing.

        Raises:
            LvsnetError: it had ended by itself, or does not end.
        """
        return self._packets(self.process.end())

    def _packets(self, told: list[Told]) -> list[Packet]:
        return [self.reading.in_words(frame) for line in told for frame in self.reading.take(line)]


def begin(plan: Plan, runtime: Runtime, capture: Capture) -> Capturing:
    """Capture from now on; returns once nothing passes any more that is not seen.

    Call this where the nodes are, as root there, and before any thread is started: it forks.

    Raises:
        LvsnetError: the filter is none; a node has no such interface.
        OSError: the kernel has no descriptors or processes left.
    """
    return Capturing(_process(plan, runtime, capture), Reading(gue_ports(plan)))


def lines(plan: Plan, runtime: Runtime, capture: Capture) -> Generator[Told, None, None]:
    """What is told, an empty line first, as it comes; until the capture's time is over.

    Raises:
        LvsnetError: as `begin`; or the lab was destroyed.
    """
    with _process(plan, runtime, capture) as process:
        yield []
        while not process.over:
            yield from process.read()
            if not process.over:
                process.wait()
        yield from process.end()


def gue_ports(plan: Plan) -> frozenset[int]:
    """The UDP ports at which nodes unwrap GUE."""
    found = {one.port for node in plan.nodes for one in node.unwrapping}
    return frozenset(found) | decode.GUE_PORTS


def _process(plan: Plan, runtime: Runtime, capture: Capture) -> Beside:
    # The process that is forked needs it, and this one need not wait for it twice.
    from lvsnet.observe import capture_loop

    return beside.begin(plan.lab, partial(capture_loop.run, plan, runtime, capture))
