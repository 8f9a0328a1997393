"""``lvsnet capture``: packets, as they pass, or from a file."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete
from lvsnet.cli.formats import Format
from lvsnet.cli.options import LabOption, LongFormatOption
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.cli.capture_file import Recording
    from lvsnet.cli.capture_text import Lines
    from lvsnet.control.place import Place
    from lvsnet.observe.capture_model import Capture, Frame
    from lvsnet.observe.capturing import Reading

STDOUT = "-"
GRACE = 0.2
"""Seconds that it goes on when it is to end: for what has passed, and is on its way here."""
AGAIN = 0.5
"""Seconds in which a signal that comes again is the same one."""
LONGEST = 1e9
"""Seconds that a capture may be told to take: some 30 years."""
DECODED = 512
"""Bytes of a packet that are kept when it is only shown: more than all headers."""


def capture(
    ctx: typer.Context,
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PLACE...",
            help="NODE:IFACE, NODE, a segment, or all; with LAB/ before it, too.",
            show_default=False,
            autocompletion=complete.captured,
        ),
    ] = None,
    write: Annotated[
        str,
        typer.Option(
            "--write",
            "-w",
            metavar="FILE",
            help="Write them as pcapng; - is standard output.",
            autocompletion=complete.files,
        ),
    ] = "",
    decode: Annotated[
        bool,
        typer.Option("--decode", help="Print a line for each packet; so it is without -w."),
    ] = False,
    data: Annotated[
        bool,
        typer.Option("--data", help="Print data and acknowledgements of connections, too."),
    ] = False,
    count: Annotated[
        int | None,
        typer.Option("--count", "-c", min=1, metavar="NUMBER", help="End after so many."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="NUMBER", help="End after so many of the lab's time."),
    ] = None,
    snaplen: Annotated[
        int | None,
        typer.Option(
            min=1, max=262144, metavar="BYTES", help="Keep so much of each packet; else all."
        ),
    ] = None,
    filter: Annotated[
        str,
        typer.Option(metavar="FILTER", help="Only what pcap-filter(7) describes so; or behind --."),
    ] = "",
    read: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Print what is in a pcapng file instead.",
            autocompletion=complete.files,
        ),
    ] = None,
    lab: LabOption = "",
    form: LongFormatOption = Format.table,
) -> None:
    """Show the packets that pass interfaces of nodes, or write them for Wireshark, until Ctrl-C.

    At a node packets are seen in both directions, at a segment each once, as its sender's cable
    brings it; `all` is every interface of every node, those of tunnels, too. A filter in pcap's
    language stands behind --. Lines leave out a connection's data. A clock that is held stays where
    it is. For programs, each line is a JSON object.

    \b
    lvsnet capture lan
    lvsnet capture lb01:eth1 lb02 -- vrrp or arp
    lvsnet capture all -w all.pcapng --decode
    lvsnet capture lan -w - | wireshark -k -i -
    lvsnet capture --read all.pcapng
    """
    from lvsnet.cli.command import words_behind

    behind = words_behind(ctx)
    if filter and behind:
        raise typer.BadParameter("there is another one behind --", param_hint="--filter")
    if read is not None:
        from lvsnet.cli import capture_reading

        _only_shows(places, write, filter or behind, seconds, snaplen)
        capture_reading.show(read, form, carried=data, most=count)
        return
    if not places:
        raise typer.BadParameter(
            "say where: NODE:IFACE, NODE, a segment, or all", param_hint="PLACE"
        )
    if seconds is not None and not seconds <= LONGEST:
        raise typer.BadParameter(f"write a number up to {LONGEST:,.0f}", param_hint="--seconds")
    if write == STDOUT and (decode or sys.stdout.isatty()):
        what = "it carries the file" if decode else "Wireshark reads it by a pipe, no terminal does"
        raise typer.BadParameter(f"standard output: {what}", param_hint="-w")
    from lvsnet.control import clock

    place, name, words = _addressed(places, lab)
    kept = snaplen or (0 if write else DECODED)
    wanted = _wanted(place, name, words, filter or " ".join(behind), kept, seconds)
    booted = clock.booted(place, name)
    session = Session(place, name, wanted, write, count, booted)
    if decode or not write:
        from lvsnet.cli.capture_text import Lines

        session.lines = Lines(form, data, booted)
    session.run()


class _EnoughError(Exception):
    """As many packets as were asked for."""


@dataclass
class Session:
    """A capture from its begin to its end."""

    place: Place
    lab: str
    capture: Capture
    file: str
    """Empty: none is written."""
    most: int | None
    booted: int | None
    """As `lvsnet.control.clock.booted` gives it."""
    lines: Lines | None = None
    recording: Recording | None = None
    begun: bool = False
    captured: int = 0
    shown: int = 0
    reading: Reading = field(init=False)

    def run(self) -> None:
        """Until its end, which Ctrl-C is as well."""
        from lvsnet.cli import reader
        from lvsnet.observe.capturing import Reading, gue_ports

        self.reading = Reading(gue_ports(self.place.record(self.lab).plan))
        _end_by_signals()
        prints = self.lines is not None or self.file == "-"
        try:
            with reader.awaited() if prints else nullcontext():
                self._follow()
        except (KeyboardInterrupt, _EnoughError):
            self._finish()
        except BaseException:
            with suppress(LvsnetError, BrokenPipeError):
                self._finish()
            raise
        else:
            self._finish()

    def _follow(self) -> None:
        from lvsnet.control import capturing

        capturing.follow(self.place, self.lab, self.capture, self.reading, self._take)

    def _take(self, frames: Sequence[Frame]) -> None:
        if not self.begun:
            self._begin()
        enough = False
        if self.most is not None and self.lines is None:
            enough = self.captured + len(frames) >= self.most
            frames = frames[: self.most - self.captured]
        if self.lines is not None:
            self.lines.fit(one.name for one in self.reading.places)
            for number, frame in enumerate(frames, 1):
                self._show(self.lines, frame)
                if self.most is not None and self.shown >= self.most:
                    frames, enough = frames[:number], True
                    break
        if self.recording is not None:
            self.recording.write(self.reading, frames)
        self.captured += len(frames)
        if enough:
            raise _EnoughError

    def _begin(self) -> None:
        names = ", ".join(dict.fromkeys(one.name for one in self.reading.places))
        if self.file:
            from lvsnet.cli import capture_file

            offset = None if self.booted is not None else self.reading.offset
            said = capture_file.comment(self.lab, offset)
            self.recording = capture_file.begin(
                *(self.file, said, self.reading.since),
                *(self.capture.filter, self.capture.snaplen),
            )
            self.recording.write(self.reading, ())
        self.begun = True
        sys.stderr.write(f"capturing at {names or 'interfaces that are to come'}; Ctrl-C ends it\n")

    def _show(self, lines: Lines, frame: Frame) -> None:
        packet = self.reading.in_words(frame)
        if lines.shows(packet):
            lines.show(packet, outgoing=frame.outgoing, length=frame.length)
            self.shown += 1

    def _finish(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not self.begun:
            return
        if self.recording is not None:
            self.recording.finish(self.reading)
        sys.stderr.write(f"{self.captured} packets captured, {self.reading.dropped} dropped\n")


def _end_by_signals() -> None:
    """Have Ctrl-C end it, and SIGTERM: a script's background job cannot be sent the former.

    The same one again in a moment, as timeout(1) sends it, does not disturb the end.
    """
    last = 0.0

    def end(_number: int, _stack: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if not before:
            signal.setitimer(signal.ITIMER_REAL, GRACE)
        elif last - before > AGAIN:
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def _addressed(places: Sequence[str], lab: str) -> tuple[Place, str, list[str]]:
    """Place, lab, and where in it."""
    from lvsnet.cli.nodes import addressed

    place, name, first = addressed(places[0], lab)
    rest = [one.removeprefix(f"{name}/") for one in places[1:]]
    if other := next((one for one in rest if "/" in one), ""):
        raise typer.BadParameter(f"{other} is not in lab {name}", param_hint="PLACE")
    return place, name, [first, *rest]


def _wanted(
    place: Place, lab: str, words: Sequence[str], filter: str, kept: int, seconds: float | None
) -> Capture:
    from lvsnet.observe import capture_words
    from lvsnet.observe.capture_model import LARGEST, Capture

    nodes, segments = capture_words.places(words, place.record(lab).plan)
    return Capture(nodes, segments, filter, kept or LARGEST, seconds)


def _only_shows(
    places: list[str] | None,
    write: str,
    filter: Sequence[str],
    seconds: float | None,
    snaplen: int | None,
) -> None:
    given = {
        "PLACE": places,
        "-w": write,
        "--filter": filter,
        "--seconds": seconds,
        "--snaplen": snaplen,
    }
    if found := [option for option, value in given.items() if value]:
        raise typer.BadParameter("a file that is read has none", param_hint=found[0])
