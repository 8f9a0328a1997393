"""The end of a pipe from which nobody may read for long: events wait here, none is lost."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field

from lvsnet.observe.event import Event

MOST_QUEUED = 8 * 1024 * 1024
"""Bytes that wait before nothing more is taken in: some 60,000 events."""


@dataclass
class Outlet:
    """Lines of JSON: an event, or what a capture tells, is a list, anything else is an object."""

    fd: int
    """Non-blocking."""
    queued: bytearray = field(default_factory=bytearray)

    @property
    def full(self) -> bool:
        return len(self.queued) > MOST_QUEUED

    def tell(self, event: Event) -> None:
        self.queued += json.dumps(astuple(event)).encode() + b"\n"

    def hand(self, values: Sequence[object]) -> None:
        self.queued += json.dumps(values).encode() + b"\n"

    def say(self, words: Mapping[str, object]) -> None:
        self.queued += json.dumps(words).encode() + b"\n"

    def wait(self, ends: Iterable[int], ears: Iterable[int], patience: float | None) -> set[int]:
        """Which of these have something, after ``patience`` milliseconds at most.

        While it is full, ``ears`` are left alone: what the kernel then drops it tells.
        """
        poll = select.poll()
        for fd in (*ends, *(() if self.full else ears)):
            poll.register(fd, select.POLLIN)
        if self.queued:
            poll.register(self.fd, select.POLLOUT)
        return {fd for fd, _ in poll.poll(patience)}

    def write(self) -> None:
        """As much as the pipe has room for.

        Raises:
            BrokenPipeError: nobody will read it.
        """
        try:
            while self.queued:
                del self.queued[: os.write(self.fd, self.queued)]
        except BlockingIOError:
            return

    def write_all(self, parent: int) -> None:
        """All of it, unless the process of pidfd ``parent`` ends; it waits for the reader.

        Raises:
            BrokenPipeError: nobody will read it.
        """
        poll = select.poll()
        poll.register(self.fd, select.POLLOUT)
        poll.register(parent, select.POLLIN)
        self.write()
        while self.queued:
            if any(fd == parent for fd, _ in poll.poll()):
                return
            self.write()
