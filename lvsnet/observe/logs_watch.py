"""What nodes' daemons say, as it comes, and the transitions of VRRP in it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from lvsnet.engine.runtime import HasLogFiles, Runtime
from lvsnet.observe.log_files import LogFiles
from lvsnet.observe.notices import Change
from lvsnet.observe.transitions import Log


@dataclass(frozen=True)
class Before:
    """What a node had said before it was watched."""

    end: bytes
    """As far as it is of interest."""
    offset: int
    """Bytes before that in its log; 0 of one that is no file."""


class Logs(Protocol):
    """The logs of a lab's nodes, wherever its runtime keeps them."""

    def know(self, node: str) -> Before:
        """Wait for what a node will say; what it has said until now."""

    def follow(self, node: str) -> None:
        """Wait for what a node says that is on; it may be waited for already."""

    def fds(self) -> list[int]:
        """Descriptors that are readable when somebody has said something."""

    def spoken(self, fd: int) -> list[str]:
        """The nodes that may have something new to `read`, by a descriptor that is readable."""

    def read(self, node: str) -> Iterator[Change]:
        """The transitions that are new."""

    def states(self, node: str) -> Mapping[str, str]:
        """In which state its VRRP instances are, by what it has said until now."""

    def forget(self, node: str) -> None:
        """keepalived on a node is no more; what it says next is new."""


@dataclass
class FileLogs:
    lab: str
    runtime: HasLogFiles
    files: LogFiles = field(default_factory=LogFiles)
    logs: dict[str, Log] = field(default_factory=dict)

    def know(self, node: str) -> Before:
        log = self.logs[node] = Log()
        self.follow(node)
        said = self.files.skip(node)
        for _ in log.receive(said):
            continue
        return Before(said, self.files.position(node) - len(said))

    def follow(self, node: str) -> None:
        # One that was never on has none.
        with suppress(FileNotFoundError):
            self.files.open(node, self.runtime.log(self.lab, node))

    def fds(self) -> list[int]:
        return [self.files.fd]

    def spoken(self, _fd: int) -> list[str]:
        return self.files.grown()

    def read(self, node: str) -> Iterator[Change]:
        return transitions(self.logs[node], self.files.read(node))

    def states(self, node: str) -> Mapping[str, str]:
        return self.logs[node].states

    def forget(self, node: str) -> None:
        self.logs[node].forget()


def logs(lab: str, runtime: Runtime) -> Logs:
    """Those of a runtime that keeps them in files, or else of Docker's engine."""
    if isinstance(runtime, HasLogFiles):
        return FileLogs(lab, runtime)
    # By its name, for in a guest there is no such module.
    streams: Logs = importlib.import_module("lvsnet.observe.log_streams").StreamLogs(lab)
    return streams


def transitions(log: Log, content: bytes) -> Iterator[Change]:
    """The transitions in the next piece of a log."""
    for one in log.receive(content):
        yield Change("vrrp", one.state, one.instance, one.text)
