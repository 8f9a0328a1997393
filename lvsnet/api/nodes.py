"""A node of a running lab, for programs in Python: ``lab["client"].exec("curl -s VIP")``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.api.clock import NotReachedError, Span, nanoseconds
from lvsnet.control import looking
from lvsnet.control.clock import SECOND
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.api.history import History
    from lvsnet.control.place import Place

TIMEOUT = "5m"
KILL_AFTER_S = 1
"""Seconds after SIGTERM until what has not ended is killed."""
TIMED_OUT = (124, 137)
"""How timeout(1) ends when it had to end the command, and when it had to kill it."""


class CommandError(LvsnetError):
    """A command in a node ended with another code than 0, and was to be checked."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    """128 and the number of the signal that ended it; 127 where there is no such program."""
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    def __str__(self) -> str:
        said = "\n".join(text.rstrip("\n") for text in (self.out, self.err) if text)
        return f"exit code {self.code}" + (f"\n{said}" if said else "")


@dataclass(frozen=True)
class Node:
    """A node of a lab; a handle: each call asks the lab."""

    lab: str
    name: str
    role: str
    place: Place
    history: History

    def exec(
        self,
        command: str | Sequence[str],
        *,
        timeout: Span | None = TIMEOUT,
        check: bool = False,
    ) -> Done:
        """Run a command to its end: a string by ``sh -c``, a list as it is.

        ``timeout``: of the lab's time, by the node's timeout(1); None: no limit, and no such
        program is needed. A command that outlives it is ended with all that it began.

        Raises:
            CommandError: with ``check``, its code is not 0.
            NotReachedError: it had not ended by then.
            LvsnetError: the node does not run, or is frozen.
        """
        argv = ("sh", "-c", command) if isinstance(command, str) else tuple(command)
        shown = command if isinstance(command, str) else shlex.join(argv)
        if not argv:
            raise LvsnetError(f"{self.name}: there is no command to run")
        limit: tuple[str, ...] = ()
        if timeout is not None:
            seconds = f"{nanoseconds(timeout) / SECOND:.3f}"
            limit = ("timeout", f"--kill-after={KILL_AFTER_S}", seconds)
        done = Done(*self.place.run(self.lab, self.name, *limit, *argv))
        self.history.note(f"{self.name}: {shown}: exit code {done.code}")
        if limit and done.code in TIMED_OUT:
            raise NotReachedError(
                f"{self.name}: {shown}: no end within {timeout} of the lab's time; {done}"
            )
        if check and done.code:
            raise CommandError(f"{self.name}: {shown}: {done}")
        return done

    @property
    def running(self) -> bool:
        """Whether it has power; a frozen one has."""
        return next(one.running for one in self.place.look(self.lab).nodes if one.name == self.name)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that it has now, without prefix length; those of lo as well."""
        return tuple(
            address.address.partition("/")[0]
            for one in self.place.look(self.lab).nodes
            if one.name == self.name
            for address in one.addresses
        )

    def log(self) -> str:
        """What its daemons said, as `lvsnet logs` shows it: the last 16 KB."""
        return looking.log(self.place, self.lab, self.name)
