"""What the engine needs of a container runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lvsnet.plan.model import Daemon, Node


class Runtime(Protocol):
    """Containers that run nothing but an init, and processes in them.

    Every method raises `LvsnetError` with the node and the runtime's own words when it fails.
    """

    def create(self, lab: str, nodes: Sequence[Node]) -> dict[str, int]:
        """Make a container with only an init for each node; node -> its init's process id.

        A node that was removed with its disk kept gets it back.
        """

    def start(self, lab: str, node: Node, daemon: Daemon) -> int:
        """Start a daemon, its output into the node's log; its process id."""

    def run(self, lab: str, node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        """Run a command to its end, within ``deadline`` seconds; exit code and output."""

    def exec_command(
        self, lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]
    ) -> list[str]:
        """The program on this machine that runs ``argv`` in a node, with this one's streams."""

    def runs(self, lab: str, node: str) -> bool:
        """Whether a node is switched on."""

    def inits(self, lab: str) -> dict[str, int]:
        """Node -> process id of its init, for the nodes that run."""

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        """Whether the process that `start` started is still there."""

    def log(self, lab: str, node: str) -> Path:
        """File with what the node's daemons said."""

    def power_off(self, lab: str, nodes: Sequence[str]) -> None:
        """Kill everything in the nodes at once; their disks stay."""

    def remove(self, lab: str, nodes: Sequence[str]) -> None:
        """Power off and forget the nodes, disks included. A node that is not there is fine."""
