"""What becomes of a lab's loads, told as events: outages, answers after them, and their end.

Their records are read where the nodes are, as far as they have come, and on from there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lvsnet.errors import LvsnetError
from lvsnet.observe import inotify
from lvsnet.observe.event import Event
from lvsnet.scenario.words import lasting, times
from lvsnet.traffic import analysis, homes, records, running
from lvsnet.traffic.model import Outage, Request

SECOND = 1_000_000_000
KEPT = 3
"""Times its timeout after which a request has no part in an outage that is to come."""


@dataclass
class Story:
    """A load, and what of it was told."""

    name: str
    readers: Sequence[records.Reader]
    kept_ns: int
    requests: int = 0
    lost: int = 0
    ended: int = 0
    """When the last request was over."""
    early: dict[int, list[tuple[int, Request]]] = field(default_factory=dict)
    """Reader's number -> those that are over before others that were sent earlier, with their
    numbers: what became of these is to be known first."""
    recent: list[Request] = field(default_factory=list)
    """Those that may be part of an outage that is not told to its end."""
    told: int = 0
    """Up to when outages are told."""
    outage: bool = False
    """Whether one is told, and goes on."""

    def read_on(self) -> Iterator[Event]:
        """What is new; an outage when its first request has failed.

        Raises:
            LvsnetError: the records are gone.
        """
        for reader in self.readers:
            reader.read_on()
        yield from self._take([reader.frontier for reader in self.readers])

    def end(self) -> Iterator[Event]:
        """The rest, when nothing is recorded any more, and that it is over."""
        yield from self._take([sys.maxsize for _ in self.readers])
        if self.requests:
            text = f"traffic {self.name}: {times(self.requests, 'request')}, {self.lost} lost"
            yield Event(self.ended, "traffic", "", "ended", self.name, text)

    def _take(self, frontiers: Sequence[int]) -> Iterator[Event]:
        """The news of requests whose numbers are lower, reader by reader."""
        new: list[Request] = []
        for position, (reader, frontier) in enumerate(zip(self.readers, frontiers, strict=True)):
            early = self.early.setdefault(position, [])
            early += zip(reader.numbers, reader.requests, strict=True)
            reader.numbers.clear()
            reader.requests.clear()
            new += [one for number, one in early if number < frontier]
            self.early[position] = [one for one in early if one[0] >= frontier]
        if not new:
            return
        self.requests += len(new)
        self.lost += sum(not one.answered for one in new)
        self.ended = max(self.ended, *(one.over for one in new))
        self.recent += new
        for outage in analysis.outages(self.recent):
            if outage.end > self.told:
                yield from self._outage(outage)
        self._forget()

    def _outage(self, one: Outage) -> Iterator[Event]:
        if not self.outage:
            yield begun(self.name, one)
        self.outage = not one.over
        if one.over:
            self.told = one.end
            yield answered(self.name, one)

    def _forget(self) -> None:
        if self.outage:
            return
        oldest = max(one.at for one in self.recent) - self.kept_ns
        self.recent = [one for one in self.recent if one.at >= oldest]


def begun(name: str, outage: Outage) -> Event:
    text = f"traffic {name}: no answer from now on"
    return Event(outage.start, "traffic", "", "outage", name, text)


def answered(name: str, outage: Outage) -> Event:
    """That an outage is over."""
    lost = times(outage.lost, "request")
    lasted = lasting(outage.end - outage.start)
    text = f"traffic {name}: answered again after {lasted}, {lost} lost"
    return Event(outage.end, "traffic", "", "answered", name, text)


@dataclass
class Stories:
    """All loads of a lab."""

    lab: str
    going: dict[tuple[str, int], Story] = field(default_factory=dict)
    """By what the loads are called, and the inode of their file: another may get the same name."""
    over: set[tuple[str, int]] = field(default_factory=set)
    """Those that were told to their end."""
    fd: int = field(default_factory=inotify.opened)
    """Readable when a client of one that goes on has closed its records, as it does at its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def read_on(self) -> list[Event]:
        """What is new of all of them, load by load."""
        inotify.took(self.fd)
        found: list[Event] = []
        there = set()
        for home in sorted(homes.directory(self.lab).glob("*/")):
            # What has no load only answers; or is just being begun, or forgotten.
            with suppress(LvsnetError, ValueError, FileNotFoundError):
                key = (home.name, (home / running.LOAD).stat().st_ino)
                there.add(key)
                if key not in self.over:
                    found += self._read(key, home)
        for key in self.going.keys() - there:
            del self.going[key]  # a scenario's, which tells what became of it
        return found

    def _read(self, key: tuple[str, int], home: Path) -> Iterator[Event]:
        if key not in self.going:
            self.going[key] = _story(home)
            for reader in self.going[key].readers:
                # Before they are read: what is closed after that is told.
                inotify.watch(self.fd, reader.path, inotify.IN_CLOSE_WRITE)
        story = self.going[key]
        # Asked before the rest is read, so that nothing comes after the end.
        alive = any(homes.is_alive(home, number) for number in range(len(story.readers)))
        yield from story.read_on()
        if not alive or all(one.ended for one in story.readers):
            del self.going[key]
            self.over.add(key)
            yield from story.end()


def _story(home: Path) -> Story:
    load = running.begun_of(home, home.name).load
    readers = [
        records.Reader(running.records_of(home, number), client)
        for number, client in enumerate(load.clients)
    ]
    return Story(home.name, readers, round(KEPT * load.timeout * SECOND))
