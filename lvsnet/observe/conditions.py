"""Conditions on a running lab, as data: who holds a VIP, what a director's IPVS table says.

A condition is written as text (`lvsnet.observe.grammar` reads it), checked against the lab's plan
(`lvsnet.observe.checking`), sent to the guest as JSON and looked at there
(`lvsnet.observe.watching`). It keeps the names that the user wrote. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from operator import eq, ge, gt, le, lt, ne

from lvsnet.endpoint import joined
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec
from lvsnet.plan.model import Plan

COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": eq,
    "!=": ne,
    ">=": ge,
    "<=": le,
    ">": gt,
    "<": lt,
}
COUNTERS: Mapping[str, str] = {
    "active": "ActiveConn",
    "inactive": "InActConn",
    "connections": "ActiveConn and InActConn",
}
"""The word for a number of connections, and what ipvsadm(8) calls it."""
PROTOCOLS = ("tcp", "udp", "sctp")
FWMARK = "fwmark"


class ConditionError(LvsnetError):
    """A condition cannot be read, or names what the lab does not have. Exit code 2."""


@dataclass(frozen=True)
class ServiceName:
    """Which virtual service of a director's is meant."""

    address: str
    """``192.168.10.100:80``, ``[2001:db8::1]:80``, or the mark of a service by firewall mark."""
    protocol: str = ""
    """``tcp``, ``udp``, ``sctp`` or ``fwmark``; empty for any of the first three."""

    def __str__(self) -> str:
        return f"{self.protocol} {self.address}" if self.protocol else self.address


@dataclass(frozen=True)
class Server:
    """Which real server is meant: by its node, or by its address."""

    node: str = ""
    address: str = ""
    """Without port; empty where ``node`` is not."""
    port: int | None = None
    """None for any."""

    def __str__(self) -> str:
        if self.port is None:
            return self.node or self.address
        return joined(self.node or self.address, self.port)


@dataclass(frozen=True)
class VipOn:
    """A node holds an address on an interface that is not lo."""

    address: str
    node: str

    def __str__(self) -> str:
        return f"vip {self.address} on {self.node}"


@dataclass(frozen=True)
class VipHolders:
    """So many nodes hold an address: 0, 1, or 2 in a split brain."""

    address: str
    count: int

    def __str__(self) -> str:
        by = {0: "nobody", 1: "one node"}.get(self.count, f"{self.count} nodes")
        return f"vip {self.address} on {by}"


@dataclass(frozen=True)
class InTable:
    """A real server is in a director's IPVS table with a weight above 0, or it is not.

    It is in where any of the director's services has it so, unless one service is named.
    """

    server: Server
    listed: bool
    director: str
    service: ServiceName | None = None

    def __str__(self) -> str:
        word = "in" if self.listed else "out of"
        return f"real_server {self.server} {word} {self.director}{_for(self.service)}"


@dataclass(frozen=True)
class Connections:
    """A number of connections in a director's IPVS table, of all that is not narrowed down."""

    counter: str
    """One of `COUNTERS`."""
    comparison: str
    """One of `COMPARISONS`."""
    number: int
    director: str
    server: Server | None = None
    service: ServiceName | None = None

    def __str__(self) -> str:
        to = "" if self.server is None else f" to {self.server}"
        what = f"{self.counter} {self.comparison} {self.number}{to}"
        return f"{what} on {self.director}{_for(self.service)}"


@dataclass(frozen=True)
class Succeeds:
    """A command of the shell, sh(1), ends with exit code 0 in a node."""

    node: str
    command: str

    def __str__(self) -> str:
        return f"exec {self.node}: {self.command}"


Term = VipOn | VipHolders | InTable | Connections | Succeeds


@dataclass(frozen=True)
class Condition:
    """True when all of its terms, at least one, are true at the same look."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.terms))


@dataclass(frozen=True)
class Reached:
    """What came of waiting for a condition."""

    met: bool
    waited: float
    """Seconds of the lab's time."""
    seen: str
    """What there was instead when the limit was over; empty if it was met."""


KINDS: Mapping[str, type[Term]] = {
    "vip_on": VipOn,
    "vip_holders": VipHolders,
    "in_table": InTable,
    "connections": Connections,
    "succeeds": Succeeds,
}
"""What a term is called in JSON."""


def addresses_of(server: Server, plan: Plan) -> frozenset[str]:
    """The addresses at which a real server can be in a table: its own, or all of its node's."""
    if server.address:
        return frozenset((server.address,))
    return frozenset(
        one.partition("/")[0]
        for node in plan.nodes
        if node.name == server.node
        for interface in node.interfaces
        for one in interface.addresses
    )


def to_json(condition: Condition) -> dict[str, object]:
    """``{"terms": [{"kind": "vip_on", "address": ..., "node": ...}, ...]}``."""
    names = {kind: name for name, kind in KINDS.items()}
    return {"terms": [{"kind": names[type(one)], **asdict(one)} for one in condition.terms]}


def from_json(value: object) -> Condition:
    """What `to_json` gave.

    Raises:
        ValueError: it is nothing of that shape.
        LvsnetError: a term is not as this version of lvsnet writes it.
    """
    terms = value.get("terms") if isinstance(value, Mapping) else None
    if not isinstance(terms, list) or not terms:
        raise ValueError("a condition has terms, a list that is not empty")
    return Condition(tuple(_term(one, f"condition.terms[{n}]") for n, one in enumerate(terms)))


def _term(value: object, where: str) -> Term:
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        raise ValueError(f"{where}: its kind is none of {', '.join(KINDS)}")
    rest = {name: one for name, one in value.items() if name != "kind"}
    return codec.decode(KINDS[value["kind"]], rest, where)


def _for(service: ServiceName | None) -> str:
    return "" if service is None else f" for {service}"
