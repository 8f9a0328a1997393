"""A look at the IPVS tables of a lab's nodes, once or again and again, where the nodes are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

from lvsnet.endpoint import parted
from lvsnet.engine import namespaces
from lvsnet.engine.namespaces import GONE
from lvsnet.engine.netlink import READ_SIZE
from lvsnet.engine.runtime import Runtime, find
from lvsnet.errors import LvsnetError
from lvsnet.observe import connection_table, table_reading, tables
from lvsnet.observe.nodes import Nodes, nodes
from lvsnet.observe.table_model import FWMARK, Table, TableService, Wanted
from lvsnet.plan.model import Node, Plan

GRID_NS = 1_000_000_000
AFTERWARDS = 3
"""Looks for which a table is still read after a number has changed that is cheap to have: the
kernel adds up those of all services together and those of each at different times of its 2 s
(ip_vs_est.c)."""
ANYWAY = 10
"""Looks after which it is read though none has changed: templates go without a word."""
DIRECTOR = "director"
ITSELF = ("127.0.0.1", "::1")

Take = Callable[[tuple[Table, ...]], None]


@dataclass(frozen=True)
class _Seen:
    """What was seen last of a node."""

    digest: bytes
    table: Table
    number: int
    """Of the look at which `digest` became this one."""


@dataclass
class _Look:
    """What is asked for, and what was seen at the looks so far."""

    wanted: Wanted
    chosen: tuple[Node, ...]
    names: Mapping[str, str]
    running: Nodes
    seen: dict[str, _Seen] = field(default_factory=dict)
    shown: dict[str, Table] = field(default_factory=dict)
    number: int = -1
    """Of the look that goes on."""

    def tables(self, now: int) -> tuple[Table, ...]:
        """Of each node that has something to say; ``now`` is the time."""
        self.number += 1
        # Who has no services has some hardly ever.
        slowly = self.number % ANYWAY == 0
        for node in self.chosen:
            if slowly or self.wanted.nodes or node.role == DIRECTOR or node.name in self.shown:
                table = self._table(node, now)
                says = self.wanted.nodes or node.role == DIRECTOR or table.services
                self.shown.pop(node.name, None)
                if says:
                    self.shown[node.name] = table
        return tuple(self.shown[node.name] for node in self.chosen if node.name in self.shown)

    def _table(self, node: Node, now: int) -> Table:
        init = self.running.init(node.name)
        if init is not None:
            try:
                return self._read(node.name, f"/proc/{init}", now)
            except GONE:
                self.running.forget(node.name)  # its power was cut just now
        self.seen.pop(node.name, None)
        return _nothing(node.name, now, running=False)

    def _read(self, node: str, init: str, now: int) -> Table:
        """``init``: the directory of its process."""
        digest = _digest(init)
        if digest is None:
            return _nothing(node, now, running=True)
        seen = self.seen.get(node)
        if seen is None or self._may_be_another(seen, digest):
            table = self._listed(node, init, now)
            since = self.number if seen is None or seen.digest != digest else seen.number
            seen = self.seen[node] = _Seen(digest, table, since)
        connections = None
        if self.wanted.connections:
            text = _content(f"{init}/net/{connection_table.FILE}").decode()
            connections = connection_table.narrowed(text, self.wanted, self.names)
        return replace(seen.table, time=now, connections=connections)

    def _may_be_another(self, seen: _Seen, digest: bytes) -> bool:
        lately = self.number - seen.number <= AFTERWARDS
        return lately or digest != seen.digest or self.number % ANYWAY == 0

    def _listed(self, node: str, init: str, now: int) -> Table:
        with namespaces.entered(Path(init, "ns/net")):
            reading = table_reading.read({**self.names, **dict.fromkeys(ITSELF, node)})
        if reading is None:
            return _nothing(node, now, running=True)
        return Table(
            *(node, now, True, True, reading.timeouts, reading.daemons),
            services=tuple(_narrowed(reading.services, self.wanted)),
            connections=None,
        )


def look(plan: Plan, runtime: Runtime, wanted: Wanted) -> tuple[Table, ...]:
    """One look; nodes in the order of the lab, or as they are asked for.

    Raises:
        LvsnetError: there is no such node.
    """
    with nodes(plan.lab, runtime) as running:
        return _look(plan, running, wanted).tables(time.monotonic_ns())


def follow(plan: Plan, runtime: Runtime, wanted: Wanted, take: Take) -> None:
    """Have ``take`` look at once, and at each second of the lab's clock if anything has changed.

    For ever: in virtual time this sleep makes no time pass.

    Raises:
        LvsnetError: there is no such node; or the lab was destroyed.
    """
    with nodes(plan.lab, runtime) as running:
        looks = _look(plan, running, wanted)
        before: tuple[Table, ...] | None = None
        while True:
            # In virtual time each reading of the clock costs a word with the host.
            now = time.monotonic_ns()
            found = looks.tables(now)
            timeless = tuple(replace(one, time=0) for one in found)
            if timeless != before:
                take(found)
                before = timeless
            if not any(one.running for one in found) and plan.lab not in runtime.labs():
                raise LvsnetError(f"lab {plan.lab} was destroyed")
            time.sleep((GRID_NS - now % GRID_NS) / GRID_NS)


def _look(plan: Plan, running: Nodes, wanted: Wanted) -> _Look:
    chosen = tuple(find(plan, name) for name in wanted.nodes) or plan.nodes
    addresses = tuple(one for word in wanted.real_servers for one in _addresses(word, plan))
    return _Look(replace(wanted, real_servers=addresses), chosen, tables.names(plan), running)


def _addresses(word: str, plan: Plan) -> list[str]:
    """Those of a node, or the address that it is."""
    try:
        return [str(ip_address(word))]
    except ValueError:
        node = find(plan, word)
    return [address for address, name in tables.names(plan).items() if name == node.name]


def _digest(init: str) -> bytes | None:
    """What is another one once something was balanced; None without IPVS.

    Reading that takes a fraction of asking by netlink.

    Raises:
        FileNotFoundError: there is no such process any more.
    """
    try:
        table = _content(f"{init}/net/ip_vs")
    except FileNotFoundError:
        Path(init).stat()
        return None
    return table + _content(f"{init}/net/ip_vs_stats")


def _content(path: str) -> bytes:
    """All of a file of /proc."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        while piece := os.read(fd, READ_SIZE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(fd)


def _nothing(node: str, now: int, *, running: bool) -> Table:
    return Table(node, now, running, False, None, (), (), None)


def _narrowed(services: tuple[TableService, ...], wanted: Wanted) -> list[TableService]:
    """The services that are wanted, with the real servers that are; none without any of them."""
    found = []
    for one in services:
        if not _is(one, wanted):
            continue
        lines = tuple(line for line in one.real_servers if _is_server(line.address, wanted))
        if lines or not (wanted.real_servers or wanted.port):
            found.append(replace(one, real_servers=lines))
    return found


def _is(service: TableService, wanted: Wanted) -> bool:
    if wanted.protocol not in ("", service.protocol):
        return False
    if wanted.address in ("", service.address):
        return True
    of_mark = service.protocol == FWMARK
    return not of_mark and wanted.address == parted(service.address)[0]


def _is_server(address: str, wanted: Wanted) -> bool:
    host, port = parted(address)
    return (not wanted.real_servers or host in wanted.real_servers) and (
        wanted.port in (0, int(port))
    )
