"""Traffic in a running lab, for programs in Python: ``lab.traffic("client", "http://VIP/")``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lvsnet.api.clock import Span, nanoseconds
from lvsnet.control import looking
from lvsnet.control import traffic as control
from lvsnet.control.clock import SECOND
from lvsnet.progress import silent
from lvsnet.traffic import analysis
from lvsnet.traffic.model import Load, Outage, Request, Summary

if TYPE_CHECKING:
    from lvsnet.api.history import History
    from lvsnet.control.place import Place

LIMIT = "1h"
"""As long as a load lasts at most that has no end of its own."""


@dataclass
class Traffic:
    """A load that clients send; as a context manager it is ended at the end of the ``with``.

    It goes on by itself. In a lab whose clock is held it does while something moves the clock:
    `wait`, `end`, ``lab.wait_until``, ``lab.clock.advance``, a command.
    """

    lab: str
    id: str
    load: Load
    place: Place
    history: History
    _over: tuple[Request, ...] | None = field(default=None, repr=False)

    def wait(self, limit: Span = LIMIT) -> Summary:
        """Wait until its count or its seconds are over; what became of it.

        Raises:
            LvsnetError: it is not over after ``limit`` of the lab's time.
        """
        if self._over is None:
            seconds = nanoseconds(limit) / SECOND
            found = control.wait(self.place, self.lab, self.id, seconds, silent)
            self._is_over(tuple(found))
        return self.summary

    def end(self) -> Summary:
        """Send nothing new, and wait for the requests under way; what became of it."""
        if self._over is None:
            self._is_over(tuple(control.end(self.place, self.lab, self.id)))
        return self.summary

    @property
    def over(self) -> bool:
        """Whether no request is under way, and none will be."""
        return self._over is not None or looking.requests(self.place, self.lab, self.id)[1]

    @property
    def requests(self) -> tuple[Request, ...]:
        """Those that are over so far, by the time when they were sent."""
        if self._over is not None:
            return self._over
        return looking.requests(self.place, self.lab, self.id)[0]

    @property
    def summary(self) -> Summary:
        """What became of the requests that are over so far."""
        return analysis.summary(self.requests)

    @property
    def lost(self) -> int:
        """Requests that failed so far."""
        return self.summary.lost

    @property
    def answered(self) -> int:
        return self.summary.answered

    @property
    def outage(self) -> float:
        """Seconds of the longest outage so far; 0 without one."""
        return self.summary.outage

    @property
    def outages(self) -> tuple[Outage, ...]:
        return self.summary.outages

    @property
    def spread(self) -> Mapping[str, int]:
        """Real server -> answers that came from it so far."""
        return {share.server: share.answers for share in self.summary.spread}

    def _is_over(self, requests: tuple[Request, ...]) -> None:
        self._over = requests
        seen = self.summary
        self.history.note(
            f"traffic {self.load.name} is over: {seen.answered} of {seen.requests} answered, "
            f"longest outage {seen.outage:.3f} s"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        elif self._over is None:
            # Of a lab that has just died the first error tells more.
            looking.stop(self.place, self.lab, self.id)
