"""What can be broken in a running lab, as data.

A fault is on until it is mended, or until what it rests on is gone: one of a node's inside, such
as a process that was killed, ends with the node's power; one of its cables does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lvsnet.errors import LvsnetError
from lvsnet.plan import codec


class FaultError(LvsnetError):
    """A fault that cannot be read, or that names what the lab does not have."""


@dataclass(frozen=True)
class PowerOff:
    """A node without power (`lvsnet stop`)."""

    node: str

    @property
    def where(self) -> str:
        return self.node

    def __str__(self) -> str:
        return f"stop {self.node}"


@dataclass(frozen=True)
class Frozen:
    """A node none of whose processes runs any further, with its kernel and links as they were."""

    node: str

    @property
    def where(self) -> str:
        return self.node

    def __str__(self) -> str:
        return f"freeze {self.node}"


@dataclass(frozen=True)
class Killed:
    """A daemon of a node that was killed by SIGKILL and has not been started again."""

    node: str
    process: str
    """The name of a daemon of the plan's, or of any process, as pgrep -x takes it."""

    @property
    def where(self) -> str:
        return self.node

    def __str__(self) -> str:
        return f"kill {self.node} {self.process}"


@dataclass(frozen=True)
class LinkDown:
    """A cable that is pulled out: the node's interface has no carrier."""

    node: str
    interface: str

    @property
    def where(self) -> str:
        return f"{self.node}:{self.interface}"

    def __str__(self) -> str:
        return f"link down {self.node}:{self.interface}"


@dataclass(frozen=True)
class Partition:
    """No frame passes between any of some nodes and any of others, in either direction."""

    nodes: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def where(self) -> str:
        return ",".join(self.nodes)

    def __str__(self) -> str:
        return f"partition {','.join(self.nodes)} from {','.join(self.others)}"


@dataclass(frozen=True)
class Netem:
    """A cable that is slow, long or bad (tc-netem(8)); what is 0 is not impaired."""

    node: str
    interface: str
    delay_us: int = 0
    jitter_us: int = 0
    """Up to so much more or less delay."""
    loss: float = 0.0
    """Per cent of packets."""
    duplicate: float = 0.0
    corrupt: float = 0.0
    reorder: float = 0.0
    """Per cent of packets that overtake the delayed ones."""
    rate: int = 0
    """Bits a second."""
    limit: int = 1000
    """Packets that may wait; more are lost."""
    direction: str = "out"
    """``out`` of the node, ``in`` to it, or ``both``."""

    @property
    def where(self) -> str:
        return f"{self.node}:{self.interface}"

    def __str__(self) -> str:
        from lvsnet.faults.text import netem_words  # which knows units

        return f"netem {self.node}:{self.interface} {netem_words(self)}"


@dataclass(frozen=True)
class Dropped:
    """Packets of a protocol that are lost on a node's cables, in a direction or both."""

    node: str
    protocol: str
    """``vrrp``, ``icmp``, ``arp``, ``tcp``, ``udp``, ``sctp``, or an IP protocol's number."""
    port: int | None = None
    """Of tcp, udp and sctp: as source or as destination."""
    direction: str = "both"
    """``out`` of the node, ``in`` to it, or ``both``."""

    @property
    def where(self) -> str:
        return self.node

    def __str__(self) -> str:
        port = "" if self.port is None else f"/{self.port}"
        direction = "" if self.direction == "both" else f" {self.direction}"
        return f"drop {self.node} {self.protocol}{port}{direction}"


@dataclass(frozen=True)
class BadService:
    """A real server's nginx that answers 500, answers late, or comes and goes."""

    node: str
    kind: str
    """``fail``, ``slow`` or ``flap``."""
    seconds: float = 0.0
    """Of ``slow``: by how much an answer is late. Of ``flap``: how long it is there, and away."""

    @property
    def where(self) -> str:
        return self.node

    def __str__(self) -> str:
        from lvsnet.faults.text import duration  # which knows units

        seconds = f" {duration(round(self.seconds * 1e6))}" if self.seconds else ""
        return f"service {self.kind} {self.node}{seconds}"


Fault = PowerOff | Frozen | Killed | LinkDown | Partition | Netem | Dropped | BadService


def nodes_of(fault: Fault) -> tuple[str, ...]:
    """The nodes that have a part in a fault."""
    return (*fault.nodes, *fault.others) if isinstance(fault, Partition) else (fault.node,)


def same_place(one: Fault, other: Fault) -> bool:
    """Whether two are the same fault, maybe with other values: one replaces the other.

    A cable has one netem, a node one bad service, and a partition is the same from either side.
    """
    match one, other:
        case Partition(nodes, others), Partition(of_nodes, of_others):
            return {frozenset(nodes), frozenset(others)} == {*map(frozenset, (of_nodes, of_others))}
        case Dropped(), Dropped():
            return (one.node, one.protocol, one.port) == (other.node, other.protocol, other.port)
        case Killed(), Killed():
            return one == other
    return type(one) is type(other) and one.where == other.where


KINDS: Mapping[str, type[Fault]] = {
    "power_off": PowerOff,
    "frozen": Frozen,
    "killed": Killed,
    "link_down": LinkDown,
    "partition": Partition,
    "netem": Netem,
    "dropped": Dropped,
}
"""What a fault is called in JSON, but for a bad service."""
SERVICE = "service_"
"""Before the kind of a bad service: ``service_slow``."""
SERVICE_KINDS = ("fail", "slow", "flap")


@dataclass(frozen=True)
class Put:
    """Break something."""

    fault: Fault

    def __str__(self) -> str:
        return str(self.fault)


@dataclass(frozen=True)
class Mend:
    """Take one fault back: the one that is on with the same kind and place.

    What else a fault has, such as how late a service answers, does not matter.
    """

    fault: Fault

    def __str__(self) -> str:
        from lvsnet.faults.text import mended  # as a user writes it: thaw lb01

        return mended(self.fault)


@dataclass(frozen=True)
class Clear:
    """Take all faults back, or those of one node."""

    node: str = ""

    def __str__(self) -> str:
        return f"clear {self.node}".rstrip()


Order = Put | Mend | Clear


def waits(order: Order) -> bool:
    """Whether it waits for daemons: those that start, or a server that is to read."""
    match order:
        case Clear() | Put(BadService()) | Mend(BadService() | Killed() | PowerOff()):
            return True
    return False


ORDERS: Mapping[str, type[Put] | type[Mend]] = {"put": Put, "mend": Mend}


def to_json(order: Order) -> dict[str, object]:
    """``{"order": "put", "kind": "link_down", "node": ..., "interface": ...}``."""
    if isinstance(order, Clear):
        return {"order": "clear", "node": order.node}
    names = {kind: name for name, kind in ORDERS.items()}
    return {"order": names[type(order)], **fault_to_json(order.fault)}


def from_json(value: object) -> Order:
    """What `to_json` gave.

    Raises:
        ValueError: it is nothing of that shape.
        LvsnetError: it is not as this version of lvsnet writes it.
    """
    if isinstance(value, Mapping):
        rest = {name: one for name, one in value.items() if name != "order"}
        if value.get("order") == "clear":
            return codec.decode(Clear, rest, "order")
        if value.get("order") in ORDERS:
            return ORDERS[value["order"]](fault_from_json(rest))
    raise ValueError(f"an order is clear, or one of {', '.join(ORDERS)} with a fault")


def fault_to_json(fault: Fault) -> dict[str, object]:
    """``{"kind": "link_down", "node": "lb01", "interface": "eth1"}``."""
    if isinstance(fault, BadService):
        kind = f"{SERVICE}{fault.kind}"
        return {"kind": kind, "node": fault.node, "seconds": fault.seconds}
    names = {kind: name for name, kind in KINDS.items()}
    fields = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(fault).items()
    }
    return {"kind": names[type(fault)], **fields}


def fault_from_json(value: object) -> Fault:
    """What `fault_to_json` gave.

    Raises:
        ValueError: it is nothing of that shape.
        LvsnetError: it is not as this version of lvsnet writes it.
    """
    if isinstance(value, Mapping):
        rest = {name: one for name, one in value.items() if name != "kind"}
        named = str(value.get("kind"))
        service = named.removeprefix(SERVICE)
        if named in KINDS:
            return codec.decode(KINDS[named], rest, "fault")
        if named.startswith(SERVICE) and service in SERVICE_KINDS:
            return codec.decode(BadService, {**rest, "kind": service}, "fault")
    known = (*KINDS, *(f"{SERVICE}{kind}" for kind in SERVICE_KINDS))
    raise ValueError(f"the kind of a fault is none of {', '.join(known)}")
