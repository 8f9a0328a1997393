"""A running lab, for programs in Python: its nodes, faults, traffic, tables, VIPs and clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from lvsnet.api.clock import Clock, NotReachedError, Span, nanoseconds
from lvsnet.api.faults import Faults
from lvsnet.api.history import History, real_clock
from lvsnet.api.ipvs import Table
from lvsnet.api.nodes import Node
from lvsnet.api.traffic import Traffic
from lvsnet.control import labs, looking
from lvsnet.control import traffic as control
from lvsnet.control.clock import SECOND
from lvsnet.errors import LvsnetError
from lvsnet.progress import silent
from lvsnet.traffic import target as written
from lvsnet.traffic.model import Load

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.engine.runtime import Record
    from lvsnet.observe.event import Event
    from lvsnet.observe.model import Site
    from lvsnet.scenario.result import Outcome

T = TypeVar("T")
W = TypeVar("W")

WITHIN = "1m"
"""As long as `Running.wait_until` waits if nothing else is said."""
STEP = 0.1
"""Seconds between calls of a function that is waited for."""
TRAFFIC = "traffic"
"""What a load is called that has no name."""


@dataclass(frozen=True)
class Vip:
    """An address that VRRP moves; a handle: each question asks the lab."""

    lab: str
    address: str
    place: Place

    @property
    def holders(self) -> tuple[str, ...]:
        """The nodes that have it on an interface that is not lo, in the order of the lab file."""
        return tuple(self.place.look(self.lab).holders(self.address))

    @property
    def holder(self) -> str | None:
        """The node that has it; None when nobody has.

        Raises:
            LvsnetError: several have.
        """
        found = self.holders
        if len(found) > 1:
            raise LvsnetError(f"lab {self.lab}: {self.address} is on {' and '.join(found)}")
        return found[0] if found else None


class Running:
    """A lab that runs. Whatever is asked of it is asked anew each time."""

    def __init__(self, name: str, place: Place) -> None:
        """``place`` is where it runs; `running` finds that.

        Raises:
            LvsnetError: it does not run, or does not answer.
        """
        self.name = name
        self.place = place
        about = place.about(name)
        self.seed = about.seed
        """What its run is drawn from in virtual time; None with the real clock."""
        self.is_virtual = about.clock == "virtual"
        """Whether it has a clock of its own, which `clock` moves."""
        self.file = Path(about.file)
        self.clock = Clock(name, place)
        now = (lambda: self.clock.now) if self.is_virtual else real_clock()
        self.history = History(now)
        """What was done to it by this object."""
        self.fault = Faults(name, place, self.history)
        self.loads: list[Traffic] = []
        """Those that this object began, also when they are over."""
        self._record: Record | None = None

    def __repr__(self) -> str:
        clock = f"virtual time, seed {self.seed}" if self.is_virtual else "real time"
        return f"<lab {self.name} in {clock}>"

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Name -> node, in the order of the lab file."""
        found = {
            one.name: Node(self.name, one.name, one.role, self.place, self.history)
            for one in self._plan().plan.nodes
        }
        return MappingProxyType(found)

    def __getitem__(self, node: str) -> Node:
        """A node by its name.

        Raises:
            LvsnetError: there is none of that name.
        """
        nodes = self.nodes
        if node not in nodes:
            raise LvsnetError(f"lab {self.name} has no node {node!r}; it has {', '.join(nodes)}")
        return nodes[node]

    def look(self) -> Site:
        """The state of every node: addresses, daemons, IPVS tables, as `lvsnet inspect` has it."""
        return self.place.look(self.name)

    def ipvs(self, director: str) -> Table:
        """The IPVS table of a node as it is now; empty without services, or without power.

        Raises:
            LvsnetError: the lab has no such node.
        """
        name = self[director].name
        site = self.place.look(self.name)
        services = next(one.services for one in site.nodes if one.name == name)
        return Table(services, name, self._addresses())

    def vip(self, address: str) -> Vip:
        """An address that VRRP moves.

        Raises:
            LvsnetError: the lab has no such VIP.
        """
        there = tuple(dict.fromkeys(one.address for one in self._plan().plan.held))
        if address not in there:
            said = f"it has {', '.join(there)}" if there else "it has none"
            raise LvsnetError(f"lab {self.name} has no VIP {address}; {said}")
        return Vip(self.name, address, self.place)

    def traffic(
        self,
        clients: str | Sequence[str],
        target: str,
        *,
        rate: float | str = 20.0,
        count: int | None = None,
        seconds: Span | None = None,
        style: str = "request",
        connections: int = 1,
        timeout: Span = 1.0,
        upload: int | str = 0,
        sources: Sequence[str] = (),
        name: str = TRAFFIC,
    ) -> Traffic:
        """Have clients begin to send requests; they go on by themselves.

        ``target``: ``http://VIP/``, ``tcp://VIP:PORT``, ``udp://`` or ``sctp://``. ``rate``:
        requests a second of all clients together, or ``"90/min"``; 0: each when the one before is
        over. ``count`` or ``seconds`` end them, or both, whichever is first; without, `Traffic.end`
        does, or an hour of the lab's time. ``style``: ``request``, a connection for each;
        ``keepalive``; ``hold``, connections that are opened once and carry a heartbeat.
        ``timeout``: after which a request has failed. ``upload``: a body of so many bytes, or
        ``"10kB"``.
        ``sources``: addresses of the client, or prefixes of them, which connections have in turn.

        Raises:
            LvsnetError: the lab does not have such clients, or cannot send that.
        """
        load = Load(
            name=name,
            clients=(clients,) if isinstance(clients, str) else tuple(clients),
            target=_read(written.parse, target),
            rate=_read(written.rate, rate) if isinstance(rate, str) else float(rate),
            count=count,
            seconds=None if seconds is None else nanoseconds(seconds) / SECOND,
            connections=connections,
            style=style,
            timeout=nanoseconds(timeout) / SECOND,
            upload=_read(written.size, upload) if isinstance(upload, str) else upload,
            sources=_read(written.sources, sources),
        )
        id = control.begin(self.place, self.name, load)
        self.history.note(f"traffic {name} from {', '.join(load.clients)} to {load.target} begins")
        begun = Traffic(self.name, id, load, self.place, self.history)
        self.loads.append(begun)
        return begun

    def events(self, *kinds: str) -> tuple[Event, ...]:
        """What has happened until now, as `lvsnet events` tells it; of these kinds, or of all.

        Times are in nanoseconds of the clock that `Event` names; those from keepalived's logs are
        whole seconds, and the event was at that time or less than a second later.
        """
        from lvsnet.control import happening

        found = happening.history(self.place, self.name).events
        return tuple(one.event for one in found if not kinds or one.event.kind in kinds)

    def wait_until(self, goal: str | Callable[[], bool], within: Span = WITHIN) -> float:
        """Wait until something is so; seconds of the lab's time that this took.

        ``goal`` is a condition, as `lvsnet clock run-until` takes it, ``vip 192.168.10.100 on
        lb02``; or a function, which is called now and then every 0.1 s of the lab's time. This
        moves the lab's clock if it is held, and works with the real one, too.

        Raises:
            NotReachedError: it was not so ``within`` that much of the lab's time.
            ConditionError: the condition cannot be read, or names what the lab does not have.
            LvsnetError: the clock is paused, and what a condition says is not so.
        """
        shown = goal if isinstance(goal, str) else getattr(goal, "__name__", "a function")
        try:
            waited = self._waited(goal, within)
        except NotReachedError:
            self.history.note(f"wait until {shown}: not within {within}")
            raise
        self.history.note(f"wait until {shown}: {waited:.3f} s")
        return waited

    def run(self, scenario: str, file: str | Path | None = None) -> Outcome:
        """Run a scenario in this lab; what came of it, of which ``passed`` tells most.

        It is one of the lab's own file, or of ``file``: by its name, or with its matrix values as
        `lvsnet test` writes them, ``director-dies[rate=20]``. Faults that it puts and does not
        take back stay.

        Raises:
            LabFileError: the file is wrong.
            LvsnetError: there is no such scenario, several are meant, or it is one of another lab.
        """
        from lvsnet.api.scenarios import find
        from lvsnet.control import scenarios

        source = self.file if file is None else Path(file)
        found = find(source, scenario, self._plan().plan)
        self.history.note(f"scenario {found.label}")
        outcome = scenarios.run(self.place, self.name, found.scenario, lambda _: None)
        for step in (*outcome.steps, *outcome.always):
            if step.state == "failed":
                said = f"expected {step.expected}, seen {step.seen}"
                self.history.note(f"scenario {found.label} failed at {step.text}: {said}")
        return outcome

    def _waited(self, goal: str | Callable[[], bool], within: Span) -> float:
        if self.is_virtual:
            return self.clock.run_until(goal, within)
        limit = nanoseconds(within) / SECOND
        if isinstance(goal, str):
            from lvsnet.observe import grammar

            condition = grammar.parse(goal)
            reached = looking.until(self.place, self.name, condition, limit, silent)
            if reached.met:
                return reached.waited
            raise self._not_reached(limit, f"{condition}; {reached.seen}")
        begun = time.monotonic()
        while not goal():
            left = begun + limit - time.monotonic()
            if left <= 0:
                raise self._not_reached(limit, "the function has not returned true")
            time.sleep(min(STEP, left))
        return time.monotonic() - begun

    def _not_reached(self, limit: float, what: str) -> NotReachedError:
        return NotReachedError(f"lab {self.name}: not met in {limit:g} s: {what}")

    def _plan(self) -> Record:
        """Asked for once: nothing but `lvsnet redeploy` changes it."""
        if self._record is None:
            self._record = self.place.record(self.name)
        return self._record

    def _addresses(self) -> Mapping[str, frozenset[str]]:
        return {
            node.name: frozenset(
                address.partition("/")[0]
                for interface in node.interfaces
                for address in interface.addresses
            )
            for node in self._plan().plan.nodes
        }


def running(name: str = "") -> Running:
    """A lab that runs already: the one of that name, or the only one.

    Raises:
        LvsnetError: it does not run; or none does, or several do and none is named.
    """
    return Running(*labs.the_lab(name))


def _read(read: Callable[[W], T], text: W) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise LvsnetError(str(error)) from error
