"""A place where labs run: in guests, on the host's kernel by crun, by Docker, by containerlab."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Protocol

from lvsnet.control.clock import Clock
from lvsnet.engine.runtime import About, Change, Record
from lvsnet.observe.conditions import Condition, Reached
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

    def nodes(self, lab: str) -> list[str]:
        """The names of its nodes, in the order of the lab file; quickly, for completion."""

    def record(self, lab: str) -> Record:
        """What it was deployed from, or changed to: files with their contents."""

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

    def shell(
        self, lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]
    ) -> int:
        """As `attach`, in a terminal of the node's own that is joined with this process's.

        Standard input is a terminal: it is raw meanwhile and as before afterwards, whatever
        happens; its size is that of the node's, also when it changes.
        """

    def pipe(
        self, lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int
    ) -> tuple[int, str]:
        """Run a command in a node to its end, joined with two file descriptors of this process's.

        Exit code, and what it said on standard error. Bulk data is passed on quickly.
        """

    def relay(
        self, lab: str, node: str, hosts: Sequence[str], port: int, end: socket.socket
    ) -> None:
        """Join a stream socket with a TCP port of the first of ``hosts`` that takes a connection.

        It is connected to from within a node's network namespace. Returns when both directions
        have ended; closes ``end``. May be called from many threads at once. Raises LvsnetError
        when none of the hosts takes it: which, and why.
        """

    def changes(self, lab: str, node: str) -> list[Change]:
        """What on the disk of a node, which may be stopped, differs from its image."""

    def logs(self, lab: str, node: str, *, follow: bool) -> int:
        """Copy what a node's daemons said to standard output; with ``follow``, until Ctrl-C."""

    def stop(self, lab: str, node: str) -> None:
        """Power loss of a node."""

    def start(self, lab: str, node: str, report: Report) -> None:
        """Boot a node that was stopped."""

    def reconfigure(self, record: Record, settle: float, report: Report) -> None:
        """Make a running lab what another plan of the same name says.

        As `lvsnet.engine.reconfigure`; with ``settle``, wait as many seconds until the site is up.
        """

    def clock(self, lab: str) -> Clock:
        """The state of its clock; `lvsnet.control.clock.REAL` of one with the machine's own."""

    def set_clock(self, lab: str, mode: str, speed: float) -> Clock:
        """Have its clock ``held``, ``paused`` or ``running``; a lab needs a virtual clock for it.

        This and the two below are called by way of `lvsnet.control.clock`.
        """

    def advance(self, lab: str, by: int) -> Clock:
        """Move its clock on by nanoseconds, above 0; its state when they have passed."""

    def until(self, lab: str, condition: Condition, limit: float, report: Report) -> Reached:
        """Wait until a condition is met, or ``limit`` seconds of the lab's time have passed."""

    def act(self, lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
        """Do one of `lvsnet.host.acts.ACTS` where the lab's nodes are; what comes of it, as JSON.

        It has ended when this is interrupted. `lvsnet.control` has functions that call it.
        """

    def follow(self, lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
        """Do one of `lvsnet.host.acts.ACTS` that tells what comes, until this is interrupted.

        As `act`, but it may be silent for ever, and moves no held clock. Returns when it has ended
        by itself, or the lab with it.
        """

    def destroy(self, lab: str) -> None:
        """End a lab and wait until nothing of it is left."""
