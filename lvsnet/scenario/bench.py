"""A running lab, where its nodes are, as the `lvsnet.scenario.world.World` of a scenario."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lvsnet.endpoint import joined, parted
from lvsnet.engine import link_counters
from lvsnet.engine.link_counters import Counters
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Order
from lvsnet.observe import tables, watching
from lvsnet.observe.conditions import Condition, ServiceName
from lvsnet.observe.event import Event
from lvsnet.observe.events import Watcher
from lvsnet.observe.nodes import Nodes
from lvsnet.observe.packet import Packet
from lvsnet.observe.sample import Sample
from lvsnet.plan.model import OFF_WIRE, Node, Plan
from lvsnet.progress import Report
from lvsnet.traffic.model import Answerer, Load, Request, Target

if TYPE_CHECKING:
    from lvsnet.observe.table_model import Connection
    from lvsnet.scenario.recording import Recording

SECOND = 1_000_000_000
WORD = 50 * SECOND
"""Nanoseconds after which somebody who waits far away is sent a word; they expect one a minute."""
OFTEN = 5 * SECOND
"""Nanoseconds after which packets are looked at, whose process does not keep very many."""
KILLED = 128 + 9
ROUNDING = 1000
"""Nanoseconds: times that are waited for are whole microseconds."""


@dataclass
class Bench:
    """A context, at whose end the loads that were begun are no more, nor those who answer them."""

    plan: Plan
    runtime: Runtime
    nodes: Nodes
    watcher: Watcher
    report: Report
    recording: Recording | None = None
    """Of packets, if somebody wants them."""
    _loads: list[str] = field(default_factory=list)
    _answering: list[str] = field(default_factory=list)
    _owner: tuple[int, int] | None = None
    """A pipe, by which loads notice that this process has ended, be it killed."""
    _said: int = 0

    def __enter__(self) -> Self:
        self._said = self.now()
        return self

    def __exit__(self, *_: object) -> None:
        for load in list(self._loads):
            self.forget(load)
        for answering in list(self._answering):
            self.end_serving(answering)
        for fd in self._owner or ():
            os.close(fd)

    def now(self) -> int:
        return time.monotonic_ns()

    def wait(self, until: int) -> list[Event]:
        now = self.now()
        if now - self._said >= WORD:
            self.report("")
            self._said = now
        until = min(until, self._said + WORD)
        if self.recording is not None:
            self.recording.take()
            until = min(until, now + OFTEN)
        left = until - now
        if left > 0:
            select.select([self.watcher.fd], [], [], (left + ROUNDING - 1) // ROUNDING / 1e6)
        return sorted(self.watcher.read(), key=lambda event: event.at)

    def rest(self) -> list[Event]:
        return sorted(self.watcher.end(), key=lambda event: event.at)

    def initial(self) -> Sequence[Event]:
        return self.watcher.initial

    def samples(self) -> Sequence[Sample]:
        return self.watcher.samples

    def packets(self) -> Sequence[Packet] | None:
        return None if self.recording is None else self.recording.end()

    def order(self, order: Order) -> None:
        from lvsnet.engine import faulting

        if self.recording is not None:
            self.recording.expect()
        faulting.apply(order, self.plan.lab, self.runtime, lambda _words: self.report(""))

    def begin(self, load: Load) -> str:
        from lvsnet.traffic import running

        begun = running.begin(self.plan.lab, load, self.runtime, self._owned_by())
        self._loads.append(begun)
        return begun

    def serve(self, answerer: Answerer) -> str:
        from lvsnet.traffic import running

        node, scheme, port = answerer.node, answerer.scheme, answerer.port
        begun = running.serve(self.plan.lab, node, scheme, port, self.runtime, self._owned_by())
        self._answering.append(begun)
        return begun

    def end_serving(self, answering: str) -> None:
        from lvsnet.traffic import running

        running.end_answering(self.plan.lab, answering)
        self._answering.remove(answering)

    def requests(self, load: str) -> tuple[Request, ...]:
        from lvsnet.traffic import running

        return running.requests(self.plan.lab, load)

    def is_over(self, load: str) -> bool:
        from lvsnet.traffic import running

        return running.is_over(self.plan.lab, load)

    def settled(self, load: str, at: int) -> bool:
        from lvsnet.traffic import running

        return running.settled(self.plan.lab, load, at)

    def stop(self, load: str) -> None:
        from lvsnet.traffic import running

        running.stop(self.plan.lab, load)

    def forget(self, load: str) -> None:
        from lvsnet.traffic import running

        running.forget(self.plan.lab, load)
        self._loads.remove(load)

    def unmet(self, condition: Condition, patience: float) -> str:
        return "; ".join(why() for why in watching.unmet(condition, self._look(patience)))

    def holders(self) -> Mapping[str, Sequence[str]]:
        look = self._look()
        found: dict[str, list[str]] = {}
        for node in self.plan.nodes:
            for address in sorted(watching.addresses(look, node.name) - _fixed(node)):
                if not address.startswith("fe80:"):
                    found.setdefault(address, []).append(node.name)
        return found

    def balanced(self, target: Target) -> Sequence[str]:
        look = self._look()
        names = tables.names(self.plan)
        found: list[str] = []
        for node in self.plan.nodes:
            if node.role != "director":
                continue
            for service in watching.services(look, node.name):
                wanted = (target.protocol, joined(target.host, target.port))
                if (service.protocol, service.address) != wanted:
                    continue
                for line in service.real_servers:
                    address = parted(line.address)[0]
                    name = names.get(address, address)
                    if line.weight > 0 and name not in found:
                        found.append(name)
        return found

    def states(self, director: str, service: ServiceName | None) -> Mapping[str, int]:
        seen = watching.inside(self._look(), director, _connections)
        if seen is None:
            raise LvsnetError(f"{director} does not run")
        counts: dict[str, int] = {}
        for one in seen:
            if service is not None and not _belongs(one, service):
                continue
            counts[one.state] = counts.get(one.state, 0) + 1
        return counts

    def run(self, node: str, command: str, patience: float) -> tuple[int | None, str]:
        if self.nodes.init(node) is None:
            raise LvsnetError(f"{node} does not run")
        # timeout(1) ends all that the command began, too.
        argv = ("timeout", "--kill-after=1", f"{patience:.3f}", "sh", "-c", command)
        begun = self.now()
        with self._talking(patience):
            code, output = self.runtime.run(self.plan.lab, node, argv, patience + 5)
        late = self.now() - begun >= round(patience * 1000) * SECOND // 1000
        return (None if late and code in (watching.TIMED_OUT, KILLED) else code), output

    def counters(self, node: str, interface: str) -> Counters:
        return link_counters.read(self.plan, node, interface, self.runtime)

    def _owned_by(self) -> int:
        if self._owner is None:
            self._owner = os.pipe()
        return self._owner[0]

    def _look(self, patience: float = watching.COMMAND) -> watching.Look:
        return watching.Look(self.plan, self.nodes, patience)

    @contextmanager
    def _talking(self, patience: float) -> Iterator[None]:
        """Send the words that are due while a command runs that may take so many seconds."""
        if patience * SECOND < WORD:
            yield
            return
        import threading  # hardly ever needed

        over = threading.Event()

        def talk() -> None:
            while not over.wait(WORD / SECOND):
                self.report("")

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _connections() -> Sequence[Connection]:
    """Of the network namespace that this thread is in; none without IPVS."""
    from lvsnet.observe import connection_table

    try:
        text = Path("/proc/thread-self/net", connection_table.FILE).read_text()
    except FileNotFoundError:
        return ()
    return tuple(connection_table.connections(text))


def _belongs(connection: Connection, service: ServiceName) -> bool:
    """Connections of a service by firewall mark have their own addresses, which say no mark."""
    if service.protocol and service.protocol != connection.protocol:
        return False
    return service.address == connection.service


def _fixed(node: Node) -> frozenset[str]:
    """The addresses that a node has of its own on interfaces of a wire."""
    found = [address for interface in node.interfaces for address in interface.addresses]
    found += [one.address for one in node.addresses if one.interface not in OFF_WIRE]
    return frozenset(address.partition("/")[0] for address in found)
