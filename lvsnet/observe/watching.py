"""Waiting for a condition on a running lab, where its nodes are: on their kernel's own clock.

A look reads what its terms need and nothing else, by netlink; only a command of the user's takes a
process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lvsnet.endpoint import parted
from lvsnet.engine import namespaces
from lvsnet.engine.links import Links
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import ipvs
from lvsnet.observe.conditions import (
    COMPARISONS,
    COUNTERS,
    FWMARK,
    Condition,
    Connections,
    InTable,
    Reached,
    Server,
    ServiceName,
    Succeeds,
    Term,
    VipHolders,
    VipOn,
    addresses_of,
)
from lvsnet.observe.model import RealServer, Service
from lvsnet.observe.nodes import Nodes, nodes
from lvsnet.plan.model import OFF_WIRE, Plan
from lvsnet.progress import WORD, Report

T = TypeVar("T")

INTERVAL = 0.1
"""Seconds between looks."""
QUIET = 10.0
"""Seconds in which what is seen is told once at most."""
COMMAND = 10.0
"""Seconds that a command of the shell may take at each look, and not much beyond the limit."""
LEAST = 1.0
"""Seconds that it may take at the last look."""
TIMED_OUT = 124
"""timeout(1)"""


@dataclass
class Look:
    """The state of a lab at one time, of which each part is read once, when it is asked for."""

    plan: Plan
    nodes: Nodes
    patience: float
    """Seconds that a command of the shell may take."""
    addresses: dict[str, frozenset[str]] = field(default_factory=dict)
    services: dict[str, Sequence[Service]] = field(default_factory=dict)
    failures: dict[Succeeds, str] = field(default_factory=dict)


def wait(
    condition: Condition, plan: Plan, runtime: Runtime, limit: float, report: Report
) -> Reached:
    """Look every 0.1 s until the condition is met or ``limit`` seconds have passed.

    What is seen meanwhile is reported when it changes, and an empty line each minute without one.
    """
    with nodes(plan.lab, runtime) as running:
        return _wait(condition, plan, running, limit, report)


def _wait(
    condition: Condition, plan: Plan, running: Nodes, limit: float, report: Report
) -> Reached:
    begun = said_at = tell_at = time.monotonic()
    said = ""
    while True:
        patience = min(COMMAND, max(LEAST, begun + limit - time.monotonic()))
        look = Look(plan, running, patience)
        missing = next(unmet(condition, look), None)
        now = time.monotonic()
        passed = now - begun
        if missing is None:
            return Reached(True, passed, "")
        if passed >= limit:
            return Reached(False, passed, "; ".join(why() for why in unmet(condition, look)))
        if now >= tell_at:
            tell_at = now + QUIET
            words = missing()
            if words != said or now - said_at >= WORD:
                report("" if words == said else f"wait: {words}")
                said, said_at = words, now
        # By a grid, so that what a look takes does not add up.
        ticks = int(passed / INTERVAL) + 1
        time.sleep(max(0.0, begun + min(ticks * INTERVAL, limit) - time.monotonic()))


def unmet(condition: Condition, look: Look) -> Iterator[Callable[[], str]]:
    """For each term that is not true, who says what is there instead."""
    for term in condition.terms:
        why = _lacks(term, look)
        if why is not None:
            yield why


def _lacks(term: Term, look: Look) -> Callable[[], str] | None:
    """None when a term is true."""
    match term:
        case VipOn(address, node):
            met = address in addresses(look, node)
            return None if met else lambda: _whereabouts(look, address)
        case VipHolders(address, count):
            met = len(holders(look, address)) == count
            return None if met else lambda: _whereabouts(look, address)
        case InTable():
            return _table(term, look)
        case Connections():
            return _count(term, look)
        case Succeeds():
            if term not in look.failures:
                look.failures[term] = _command(term, look)
            words = look.failures[term]
            return (lambda: words) if words else None


def addresses(look: Look, node: str) -> frozenset[str]:
    """The addresses, without prefix length, that a node holds on interfaces of a wire."""
    if node not in look.addresses:
        look.addresses[node] = frozenset(
            address.partition("/")[0] for address in inside(look, node, _on_wires) or ()
        )
    return look.addresses[node]


def _on_wires() -> Sequence[str]:
    with Links() as links:
        off = {index for index, name in links.names().items() if name in OFF_WIRE}
        return [address for index, address in links.addresses() if index not in off]


def services(look: Look, node: str) -> Sequence[Service]:
    """A node's IPVS table; empty when it does not run, or has none."""
    if node not in look.services:
        look.services[node] = inside(look, node, ipvs.services) or ()
    return look.services[node]


def inside(look: Look, node: str, read: Callable[[], Sequence[T]]) -> Sequence[T] | None:
    """What ``read`` reads in a node's network namespace; None when the node does not run."""
    init = look.nodes.init(node)
    if init is None:
        return None
    try:
        with namespaces.entered(namespaces.of_process(init)):
            return read()
    except namespaces.GONE:
        look.nodes.forget(node)  # its power was cut just now
        return None


def holders(look: Look, address: str) -> list[str]:
    """The nodes that hold an address on an interface that is not lo, in the order of the lab."""
    return [node.name for node in look.plan.nodes if address in addresses(look, node.name)]


def _whereabouts(look: Look, address: str) -> str:
    return f"{address} is on {' and '.join(holders(look, address)) or 'no node'}"


def _table(term: InTable, look: Look) -> Callable[[], str] | None:
    found = list(_lines(look, term.director, term.server, term.service))
    # One that does not run has taken nobody out of its table.
    runs = look.nodes.init(term.director) is not None
    if runs and any(line.weight > 0 for _, line in found) is term.listed:
        return None
    return lambda: _listing(term, look, found)


def _listing(term: InTable, look: Look, found: list[tuple[Service, RealServer]]) -> str:
    if found:
        lines = ", ".join(
            f"{line.address} with weight {line.weight} for {service.address}"
            for service, line in found
        )
        return f"{term.director} has {lines}"
    return _no_table(look, term.director) or f"{term.director} does not have {term.server}"


def _count(term: Connections, look: Look) -> Callable[[], str] | None:
    lines = [line for _, line in _lines(look, term.director, term.server, term.service)]
    count = sum(
        {"active": line.active, "inactive": line.inactive}.get(
            term.counter, line.active + line.inactive
        )
        for line in lines
    )
    # Without its table nothing is known of a director, not even that it has no connections.
    nothing = _no_table(look, term.director)
    if not nothing and COMPARISONS[term.comparison](count, term.number):
        return None
    return lambda: nothing or f"{term.director} has {count} {COUNTERS[term.counter]}"


def _no_table(look: Look, director: str) -> str:
    """Why a director has no services; empty when it has some."""
    if services(look, director):
        return ""
    if look.nodes.init(director) is None:
        return f"{director} does not run"
    return f"{director} has no virtual services"


def _lines(
    look: Look, director: str, server: Server | None, service: ServiceName | None
) -> Iterator[tuple[Service, RealServer]]:
    """The lines of a director's table that are meant."""
    addresses = None if server is None else addresses_of(server, look.plan)
    for one in services(look, director):
        if not _is(one, service):
            continue
        for line in one.real_servers:
            host, port = parted(line.address)
            if server is not None and server.port not in (None, int(port)):
                continue
            if addresses is None or host in addresses:
                yield one, line


def _is(service: Service, name: ServiceName | None) -> bool:
    if name is None:
        return True
    if name.protocol:
        return (service.protocol, service.address) == (name.protocol, name.address)
    return service.protocol != FWMARK and service.address == name.address


def _command(term: Succeeds, look: Look) -> str:
    """Why a command has not succeeded; empty when it has."""
    if look.nodes.init(term.node) is None:
        return f"{term.node} does not run"
    # timeout(1) ends all that the command began, too.
    argv = ("timeout", "--kill-after=1", f"{look.patience:.3f}", "sh", "-c", term.command)
    try:
        code, said = look.nodes.runtime.run(look.plan.lab, term.node, argv, look.patience + 5)
    except LvsnetError as error:
        return str(error)  # such as its node's end
    if code == 0:
        return ""
    if code == TIMED_OUT:
        return f"{term.node}: {term.command}: no end after {look.patience:.0f} s"
    last = said.strip().rpartition("\n")[2]
    return f"{term.node}: {term.command}: exit code {code}{f', {last}' if last else ''}"
