"""When the requests of a load are due: a grid of time that its clients go over in turn."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.traffic.model import Load

SECOND = 1_000_000_000
LONGEST = 3600.0
"""Seconds after which a load ends that has neither count nor seconds, or more of them."""
MOST = 1_000_000
"""Requests of one client: their records take 45 MB."""


@dataclass(frozen=True)
class Schedule:
    """One client's part of a load; its requests have numbers from 0."""

    begin: int
    """Nanoseconds of CLOCK_MONOTONIC, the same for all clients."""
    client: int
    """Its place among the clients, from 0."""
    clients: int
    rate: float
    """Of all clients together; 0 without a grid."""
    count: int | None
    """Requests of all clients together."""
    until: int
    """No request is due any more."""

    @property
    def most(self) -> int:
        """Requests that this client sends at most."""
        if self.count is None:
            return MOST
        return min(MOST, max(0, (self.count - self.client - 1) // self.clients + 1))

    def due(self, number: int) -> int:
        """When a request is due; with rate 0, at once."""
        if not self.rate:
            return self.begin
        return self.begin + int((self.client + number * self.clients) * SECOND / self.rate)

    def ends_before(self, number: int, now: int) -> bool:
        """Whether there is no such request any more, at the time ``now`` at the earliest."""
        return number >= self.most or max(now if not self.rate else 0, self.due(number)) >= (
            self.until
        )

    def due_before(self, at: int) -> int:
        """How many requests of a grid are due before a time."""
        limit = min(at, self.until)
        if limit <= self.begin or not self.rate:
            return 0
        number = int(((limit - self.begin) * self.rate / SECOND - self.client) / self.clients)
        number = max(0, number - 2)
        while number < self.most and self.due(number) < limit:
            number += 1
        return min(number, self.most)


def of(load: Load, client: int, begin: int) -> Schedule:
    """The schedule of a load's client, by its place among them, from 0."""
    seconds = min(load.seconds or LONGEST, LONGEST)
    until = begin + int(seconds * SECOND)
    return Schedule(begin, client, len(load.clients), load.rate, load.count, until)
