"""A lab that is only said to be there: its time, what happens in it, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lvsnet.engine.link_counters import Counters
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Order
from lvsnet.observe.conditions import Condition, ServiceName
from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.observe.sample import Sample
from lvsnet.traffic.model import Answerer, Load, Request, Target

SECOND = 1_000_000_000
VIP = "192.168.10.100"


def at(seconds: float) -> int:
    return round(seconds * SECOND)


def gained(seconds: float, node: str, address: str = VIP) -> Event:
    return Event(at(seconds), "vip", node, "gained", address, f"holds {address}")


def lost(seconds: float, node: str, address: str = VIP) -> Event:
    return Event(at(seconds), "vip", node, "lost", address, f"holds {address} no more")


def off(seconds: float, node: str) -> Event:
    return Event(at(seconds), "node", node, "off", node, "is off")


@dataclass
class Fake:
    """Time passes only in `wait`, and by what `takes` says; everything else is given."""

    script: list[Event] = field(default_factory=list)
    """What will happen, by time."""
    stands: Sequence[Event] = ()
    """How things stand at first."""
    counted: Sequence[Sample] = ()
    captured: Sequence[Packet] | None = None
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)
    met: Callable[[Condition, int], str] = lambda _condition, _now: ""
    answers: Callable[[int], tuple[int | None, str]] = lambda _now: (0, "")
    """What a command comes to at a time."""
    results: Callable[[Load], Sequence[Request]] = lambda _load: ()
    """All that will become of a load."""
    table: Sequence[str] = ()
    connections: Mapping[str, int] = field(default_factory=dict)
    takes: Mapping[str, float] = field(default_factory=dict)
    """Seconds: of ``order`` and of ``run``."""
    refuses: str = ""
    """What the lab says to orders."""
    fails: str = ""
    """What loads have failed of by themselves."""
    clock: int = at(10)
    loads: list[Load] = field(default_factory=list)
    stopped: dict[str, int] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    serving: list[Answerer] = field(default_factory=list)
    """Who answers now."""
    passed: Callable[[str, int], Counters] = lambda _place, _now: Counters(1, 0, 0, 0, 0)
    """What has passed by ``NODE:IFACE`` at a time."""
    looks: list[int] = field(default_factory=list)
    """When a condition was looked at."""

    def now(self) -> int:
        return self.clock

    def wait(self, until: int) -> list[Event]:
        happens = self.script[0].at if self.script else until
        self.clock = max(self.clock, min(until, happens))
        return self._happened()

    def _happened(self) -> list[Event]:
        found = [one for one in self.script if one.at <= self.clock]
        self.script = self.script[len(found) :]
        return found

    def rest(self) -> list[Event]:
        return self._happened()

    def initial(self) -> Sequence[Event]:
        return self.stands

    def samples(self) -> Sequence[Sample]:
        return self.counted

    def packets(self) -> Sequence[Packet] | None:
        return self.captured

    def order(self, order: Order) -> None:
        self.clock += at(self.takes.get("order", 0))
        if self.refuses:
            raise LvsnetError(self.refuses)
        self.orders.append(order)

    def begin(self, load: Load) -> str:
        self.loads.append(load)
        return str(len(self.loads) - 1)

    def serve(self, answerer: Answerer) -> str:
        if answerer in self.serving:
            raise LvsnetError(f"{answerer} is in use")
        self.serving.append(answerer)
        return str(answerer)

    def end_serving(self, answering: str) -> None:
        self.serving = [one for one in self.serving if str(one) != answering]

    def requests(self, load: str) -> tuple[Request, ...]:
        return tuple(one for one in self._sent(load) if one.over <= self.clock)

    def is_over(self, load: str) -> bool:
        if self.fails:
            raise LvsnetError(self.fails)
        last = self.stopped.get(load)
        if last is None and self.loads[int(load)].count is None:
            return False
        return all(one.over <= self.clock for one in self._sent(load))

    def settled(self, load: str, at: int) -> bool:
        return all(one.over <= self.clock for one in self._sent(load) if one.at < at)

    def _sent(self, load: str) -> list[Request]:
        last = self.stopped.get(load)
        return [one for one in self.results(self.loads[int(load)]) if last is None or one.at < last]

    def stop(self, load: str) -> None:
        self.stopped[load] = self.clock

    def forget(self, load: str) -> None:
        self.forgotten.append(load)

    def unmet(self, condition: Condition, _patience: float) -> str:
        self.looks.append(self.clock)
        return self.met(condition, self.clock)

    def holders(self) -> Mapping[str, Sequence[str]]:
        return self.held

    def balanced(self, _target: Target) -> Sequence[str]:
        return self.table

    def states(self, _director: str, _service: ServiceName | None) -> Mapping[str, int]:
        return self.connections

    def counters(self, node: str, interface: str) -> Counters:
        return self.passed(f"{node}:{interface}", self.clock)

    def run(self, _node: str, _command: str, patience: float) -> tuple[int | None, str]:
        took = self.takes.get("run", 0)
        self.clock += at(min(took, patience))
        return (None, "") if took > patience else self.answers(self.clock)
