"""The lab as a scenario's steps need it: what can be done to it and seen of it, and its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lvsnet.engine.link_counters import Counters
from lvsnet.faults.model import Order
from lvsnet.observe.conditions import Condition, ServiceName
from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.observe.sample import Sample
from lvsnet.traffic.model import Answerer, Load, Request, Target


class World(Protocol):
    """A running lab, where its nodes are. Times are nanoseconds of its clock.

    Every method raises `LvsnetError` when the lab refuses, or cannot be asked.
    """

    def now(self) -> int: ...

    def wait(self, until: int) -> list[Event]:
        """Let time pass until then, or until something happens; what has happened, by time.

        It may come back earlier with nothing. With a time that is over it does not wait.
        """

    def rest(self) -> list[Event]:
        """The last things that have happened; nothing is told after that."""

    def initial(self) -> Sequence[Event]:
        """How things stood when this world began to be watched."""

    def samples(self) -> Sequence[Sample]:
        """What IPVS tables counted, by line and time; known after `rest`."""

    def packets(self) -> Sequence[Packet] | None:
        """What passed the wires and tells something, by time; known after `rest`. None unless it
        is captured.
        """

    def order(self, order: Order) -> None:
        """Put a fault, or mend one."""

    def begin(self, load: Load) -> str:
        """Begin to send requests; the load's id."""

    def serve(self, answerer: Answerer) -> str:
        """Have a node answer at a port; the id of that."""

    def end_serving(self, answering: str) -> None:
        """Have it answer there no more; the port is free then."""

    def requests(self, load: str) -> tuple[Request, ...]:
        """Those that are over, by the time at which they were due."""

    def is_over(self, load: str) -> bool:
        """Whether nothing more will come of a load."""

    def settled(self, load: str, at: int) -> bool:
        """Whether every request that was due before ``at`` is over."""

    def stop(self, load: str) -> None:
        """Send no new requests of a load; those under way go on."""

    def forget(self, load: str) -> None:
        """Remove what is kept of a load that is over."""

    def unmet(self, condition: Condition, patience: float) -> str:
        """What there is instead of a condition; empty when it is met.

        A command of its may take ``patience`` seconds.
        """

    def holders(self) -> Mapping[str, Sequence[str]]:
        """Address -> nodes that hold it on an interface that is not lo; of addresses that move."""

    def balanced(self, target: Target) -> Sequence[str]:
        """Nodes of the real servers, weight above 0, that directors' tables have for a target."""

    def states(self, director: str, service: ServiceName | None) -> Mapping[str, int]:
        """State -> how many of a director's connections are in it."""

    def counters(self, node: str, interface: str) -> Counters:
        """What has passed by a node's interface so far."""

    def run(self, node: str, command: str, patience: float) -> tuple[int | None, str]:
        """Run a command of the shell; its exit code, None after ``patience`` s, and its output."""
