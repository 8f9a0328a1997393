"""A file, or a pipe, that captured packets are written to while they come."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lvsnet import __version__
from lvsnet.errors import LvsnetError
from lvsnet.observe import pcapng
from lvsnet.observe.capture_model import Frame, Place
from lvsnet.observe.capturing import Reading

STDOUT = "-"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RECEPTIONS = (pcapng.UNICAST, pcapng.BROADCAST, pcapng.MULTICAST, pcapng.OTHERS)
"""By the kernel's PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST and PACKET_OTHERHOST."""
ENDINGS = {signal.SIGINT, signal.SIGTERM}
SECOND = 1_000_000_000


def comment(lab: str, offset: int | None) -> str:
    """What a file says of its lab; ``offset`` is the calendar's time at the lab's boot, None of one
    that runs on a kernel which was there before."""
    if offset is None:
        return f"lab {lab}"
    began = datetime.fromtimestamp(offset // SECOND, UTC)
    return f"lab {lab}; its clock began at {began:%Y-%m-%dT%H:%M:%S}.{offset % SECOND:09}Z"


@dataclass
class Recording:
    """What has been written."""

    name: str
    fd: int
    filter: str
    snaplen: int
    _regular: bool
    """Whether it is a file on a disk, which can be cut."""
    _begun: int
    """By the calendar, as all times here."""
    _places: int = 0
    """How many the file knows of."""
    _packets: Counter[int] = field(default_factory=Counter)
    """Number of a place -> how many; so are the others."""
    _dropped: Counter[int] = field(default_factory=Counter)
    _last: int = 0

    def write(self, reading: Reading, frames: Sequence[Frame]) -> None:
        """Add packets; whoever reads the file can see them then.

        Raises:
            LvsnetError: the disk is full; what was written before can be read.
            BrokenPipeError: nobody reads it any more.
        """
        blocks = [self._interface(one) for one in reading.places[self._places :]]
        self._places = len(reading.places)
        blocks += [_packet(one) for one in frames]
        self._append(blocks)
        for one in frames:
            self._packets[one.place] += 1
            self._dropped[one.place] += one.dropped
            self._last = max(self._last, one.calendar)

    def finish(self, reading: Reading) -> None:
        """Add what was counted, and close it."""
        blocks = [self._interface(one) for one in reading.places[self._places :]]
        for number in range(len(reading.places)):
            end = max(self._begun, self._last)
            counted = self._packets[number], self._dropped[number]
            blocks.append(pcapng.statistics(number, self._begun, end, *counted))
        try:
            self._append(blocks)
        finally:
            os.close(self.fd)

    def _interface(self, place: Place) -> bytes:
        what = (
            f"{place.node}'s interface in {place.segment}"
            if place.segment
            else (f"{place.node}'s {place.interface}")
        )
        one = pcapng.Interface(place.name, what, place.link, self.snaplen, place.mac, self.filter)
        return pcapng.interface(one)

    def _append(self, blocks: Sequence[bytes]) -> None:
        rest = memoryview(b"".join(blocks))
        size = len(rest)
        try:
            with _undisturbed() if self._regular else nullcontext():
                while rest:
                    rest = rest[os.write(self.fd, rest) :]
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._cut(blocks, size - len(rest))
            some = self._regular and os.lseek(self.fd, 0, os.SEEK_CUR)
            rescued = "; what was written before can be read" if some else ""
            raise LvsnetError(f"{self.name}: {error.strerror}{rescued}") from error

    def _cut(self, blocks: Sequence[bytes], written: int) -> None:
        """Let a file end with the last block that it has all of."""
        if not self._regular:
            return
        whole = 0
        for block in blocks:
            if whole + len(block) > written:
                break
            whole += len(block)
        os.ftruncate(self.fd, os.lseek(self.fd, whole - written, os.SEEK_CUR))


def begin(name: str, said: str, now: int, filter: str, snaplen: int) -> Recording:
    """Open a file of that name, or standard output; what it had before is gone.

    ``said`` is its comment, ``now`` the calendar's time.

    Raises:
        OSError: it cannot be written.
    """
    if name == STDOUT:
        fd = os.dup(1)
    else:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    regular = stat.S_ISREG(os.fstat(fd).st_mode)
    found = Recording(name, fd, filter, snaplen, regular, now)
    found._append([pcapng.section(f"lvsnet {__version__}", said)])
    return found


def _packet(frame: Frame) -> bytes:
    flags = pcapng.OUT if frame.outgoing else pcapng.IN
    if frame.reception < len(RECEPTIONS) and not frame.outgoing:
        flags |= RECEPTIONS[frame.reception]
    return pcapng.packet(
        frame.place, frame.calendar, frame.length, frame.content, flags, frame.dropped
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no signal come between a block's begin and its end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
