"""What the engine needs of a container runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Daemon, Interface, Node, Plan


@dataclass(frozen=True)
class About:
    """What a lab was made from, where it runs, and why there."""

    file: str
    """Absolute path of the lab file; empty when it came from none."""
    runtime: str
    """``docker``, ``crun`` or ``containerlab``."""
    kernel: str
    """``host 6.12.3`` or ``guest 7.2.7``."""
    reason: str
    user: int
    """Who deployed it, by number."""
    clock: str = "real"
    """``real`` or ``virtual``."""
    seed: int | None = None
    """What a virtual clock's run is drawn from; None with a real one."""


@dataclass(frozen=True)
class Record:
    """All that is known of a running lab beside what the kernel says; its runtime keeps it."""

    about: About
    plan: Plan
    unsettled: tuple[str, ...] = ()
    """Nodes that a reconfiguration had begun to change: nobody knows what they are now."""


@dataclass(frozen=True)
class Change:
    """A file of a node's that is not as in its image."""

    path: str
    """Absolute."""
    kind: str
    """``added``, ``changed`` (the image has one, too) or ``removed``."""
    type: str
    """``file``, ``directory``, ``link`` or ``other``; empty for what was removed."""


class Runtime(Protocol):
    """Containers that run nothing but an init, and processes in them.

    A container is called ``lvsnet-LAB-NODE``. Every method raises `LvsnetError` with the node and
    the runtime's own words when it fails.
    """

    @property
    def volatile(self) -> tuple[str, ...]:
        """Paths, directories with a final slash, where a node's files do not outlive a reboot."""

    def refusals(self, nodes: Sequence[Node]) -> list[str]:
        """What nodes ask for that this runtime cannot give on this machine, a sentence for each.

        Called before anything is made.
        """

    def create(self, record: Record, nodes: Sequence[Node]) -> dict[str, int]:
        """Make a container with only an init for each node; node -> its init's process id.

        ``nodes`` are of the record's plan. One that was powered off boots with its disk as it was.
        Nothing needs to be taken back when it fails: `remove` is called then.
        """

    def start(self, lab: str, daemons: Sequence[tuple[Node, Daemon]]) -> list[int]:
        """Start daemons, their output into their node's log; their process ids, in this order."""

    def run(self, lab: str, node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        """Run a command to its end, within ``deadline`` seconds; exit code and output."""

    def runs(self, lab: str, node: str) -> bool:
        """Whether a node is switched on."""

    def inits(self, lab: str) -> dict[str, int]:
        """Node -> process id of its init, for the nodes that run."""

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        """Whether the process that `start` started is still there."""

    def said(self, lab: str, node: str) -> str:
        """The end of what the node's daemons said, some 16 KB at most; empty if nothing."""

    def power_off(self, lab: str, nodes: Sequence[str]) -> None:
        """Kill everything in the nodes at once; their disks stay."""

    def remove(self, lab: str) -> None:
        """Power off and forget every node of a lab, disks included. No such lab is fine."""

    def freeze(self, lab: str, nodes: Sequence[str]) -> None:
        """Stop the processes of nodes where they are; none runs any further.

        Until `thaw` or `power_off`: meanwhile no command is run in them.
        """

    def thaw(self, lab: str, nodes: Sequence[str]) -> None:
        """Let the processes of nodes go on that `freeze` has stopped; others are fine."""

    def frozen(self, lab: str, node: str) -> bool:
        """Whether a node runs, and its processes are stopped."""

    def forget(self, lab: str, nodes: Sequence[str]) -> None:
        """Power off nodes of a lab that goes on, and remove them, disks included."""

    def signal(self, lab: str, node: str, daemon: str, number: int) -> None:
        """Send a signal to a daemon that `start` started; one that has ended is fine."""

    def keep(self, record: Record) -> None:
        """Remember this record in place of the one that `create` was given."""

    def changes(self, lab: str, node: str) -> list[Change]:
        """What on a node's disk, which may be powered off, differs from its image; by path."""

    def labs(self) -> list[str]:
        """The labs that this runtime has anything of, sorted; half-made ones too."""

    def record(self, lab: str) -> Record:
        """What `create` was given. Raises LvsnetError when there is no such lab, or half of one."""


@runtime_checkable
class HasLogFiles(Protocol):
    """A runtime that keeps each node's log in a file."""

    def log(self, lab: str, node: str) -> Path:
        """That file; it is there when the node has been switched on once."""


def find(plan: Plan, name: str) -> Node:
    """The node of that name.

    Raises:
        LvsnetError: there is none; the message lists those that there are.
    """
    for node in plan.nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in plan.nodes)
    raise LvsnetError(f"lab {plan.lab} has no node {name}; it has {known}")


def interface(plan: Plan, node: str, name: str) -> Interface:
    """The interface of that name in a node.

    Raises:
        LvsnetError: there is none, or no such node; the message lists those that there are.
    """
    found = find(plan, node).interfaces
    for one in found:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in found) or "none"
    raise LvsnetError(f"{node} has no interface {name}; it has {known}")


def stands_still(node: str) -> LvsnetError:
    """What somebody is told who wants something of a frozen node."""
    return LvsnetError(
        f"{node} is frozen, by `lvsnet fault freeze`, or by a `lvsnet stop` that is at it or broke "
        f"off: `lvsnet fault thaw {node}` lets it go on, `lvsnet stop {node}` ends it"
    )


def is_volatile(path: str, volatile: tuple[str, ...]) -> bool:
    """Whether ``path`` is one of these, or beneath one that ends with a slash."""
    return any(path.startswith(one) if one.endswith("/") else path == one for one in volatile)
