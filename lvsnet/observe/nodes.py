"""Which of a lab's nodes run, asked again and again: at the cost of one system call a node."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lvsnet.engine.runtime import Runtime


@dataclass(frozen=True)
class _Init:
    pid: int
    pidfd: int
    """Can be read from once the process has ended (pidfd_open(2))."""


@dataclass
class Nodes:
    """The inits of a lab's nodes, of which those that ran are remembered until they end."""

    lab: str
    runtime: Runtime
    _known: dict[str, _Init] = field(default_factory=dict)

    def init(self, node: str) -> int | None:
        """Process id of a node's init; None when the node does not run."""
        known = self._known.get(node)
        if known is not None:
            if not select.select([known.pidfd], [], [], 0)[0]:
                return known.pid
            self.forget(node)
        if not self.runtime.runs(self.lab, node):
            return None
        pid = self.runtime.inits(self.lab).get(node)
        if pid is None:
            return None
        try:
            self._known[node] = _Init(pid, os.pidfd_open(pid))
        except ProcessLookupError:
            return None
        return pid

    def forget(self, node: str) -> None:
        """Ask for a node's init anew at the next time."""
        known = self._known.pop(node, None)
        if known is not None:
            os.close(known.pidfd)


@contextmanager
def nodes(lab: str, runtime: Runtime) -> Iterator[Nodes]:
    """The nodes of a lab, for as long as somebody looks at them."""
    found = Nodes(lab, runtime)
    try:
        yield found
    finally:
        for node in list(found._known):
            found.forget(node)
