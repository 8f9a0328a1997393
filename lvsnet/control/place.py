"""A place where labs run: in guests, on the host's kernel by crun, by Docker, by containerlab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lvsnet.engine.runtime import About
from lvsnet.observe.model import Site
from lvsnet.progress import Report


class Place(Protocol):
    """What can be done with labs that run, by their names; a module that has these functions.

    Every function raises `LvsnetError` when there is no such lab, or it does not answer.
    """

    def running(self) -> list[str]:
        """The labs that are here, sorted. What dead ones left behind is removed on the way.

        Imports little: every command asks every place.
        """

    def about(self, lab: str) -> About:
        """What was said of a lab when it was deployed."""

    def owner(self, lab: str) -> int:
        """The number of the user who deployed a lab; root's, of one of which only half is left.

        Does not ask the lab itself, which may not answer any more.
        """

    def look(self, lab: str) -> Site:
        """The state of every node."""

    def run(self, lab: str, node: str, *argv: str) -> tuple[int, str, str]:
        """Run a command in a node to its end; exit code, output and errors."""

    def attach(
        self, lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]
    ) -> int:
        """Run a command with this process's standard streams and signals; its exit code.

        A program that is not there ends with code 127, as in a shell.
        """

    def logs(self, lab: str, node: str, *, follow: bool) -> int:
        """Copy what a node's daemons said to standard output; with ``follow``, until Ctrl-C."""

    def stop(self, lab: str, node: str) -> None:
        """Power loss of a node."""

    def start(self, lab: str, node: str, report: Report) -> None:
        """Boot a node that was stopped."""

    def destroy(self, lab: str) -> None:
        """End a lab and wait until nothing of it is left."""
