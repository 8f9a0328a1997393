"""All that is watched of a lab, and what is told of it.

The kernel tells at once of links, addresses, gratuitous ARPs and the end of a node; what daemons
say is there at once, too. Of IPVS's tables, of daemons that end and of nodes that are switched on
nobody tells: `LabWatch.tick` looks.
"""

from __future__ import annotations

import errno
import select
import socket
import time
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lvsnet.engine import namespaces, ready
from lvsnet.engine.runtime import HasLogFiles, Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import arp, first, logs_watch, nd, node_watch, tables
from lvsnet.observe.event import Event
from lvsnet.observe.logs_watch import Logs
from lvsnet.observe.node_watch import NodeWatch
from lvsnet.observe.notices import Change
from lvsnet.observe.outlet import Outlet
from lvsnet.observe.past import Past, Told
from lvsnet.observe.sampling import Sampler
from lvsnet.plan.model import Daemon, Node, Plan

SLOWLY = 10
"""Ticks between two looks at what hardly ever changes, or costs a question to Docker's engine."""
PROC, LOADAVG = Path("/proc"), Path("/proc/loadavg")
ORDER = ("link", "node", "vrrp", "vip", "arp", "nd", "ipvs", "daemon", "watch")
"""Causes first: keepalived hears of a link, says what it becomes, and takes its VIPs."""
NAMES = {"arp": "ARPs", "nd": "neighbour advertisements"}
KEEPALIVED = "keepalived"
"""The daemon that says in its node's log how VRRP goes."""


@dataclass
class LabWatch:
    plan: Plan
    runtime: Runtime
    outlet: Outlet
    logs: Logs
    fabric: tuple[int, int] | None
    """The lab's, as it was at first; None of a lab that somebody else has wired."""
    running: dict[str, NodeWatch] = field(default_factory=dict)
    """The nodes that are on."""
    alive: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Node and daemon -> whether it runs; of nodes that are on."""
    segments: dict[tuple[str, str], socket.socket] = field(default_factory=dict)
    """Segment and kind of event -> where gratuitous ARPs and the like are heard."""
    names: dict[str, str] = field(default_factory=dict)
    """As `lvsnet.observe.tables.names` gives them."""
    with_ipv6: frozenset[str] = frozenset()
    """Segments in which somebody has an IPv6 address."""
    macs: dict[str, str] = field(default_factory=dict)
    """MAC -> the node that has it by the plan."""
    pending: list[tuple[int | None, str, Change]] = field(default_factory=list)
    """When, if that is known, at which node, and what; not sent yet."""
    initial: list[Event] = field(default_factory=list)
    """How things stood at first, all at one time."""
    census: tuple[int, str] = (0, "")
    """As `_census` gave it last."""
    past: tuple[Past, ...] = ()
    """What daemons have said before, node by node."""

    def waits(self) -> dict[int, Callable[[], None]]:
        """What is to be waited for, and who is to be called when it is readable, in this order."""
        handlers: dict[int, Callable[[], None]] = {}
        for fd in self.logs.fds():
            handlers[fd] = partial(self._spoken, fd)
        for name, watch in self.running.items():
            handlers[watch.route.fileno()] = partial(self._notified, watch)
            handlers[watch.pidfd] = partial(self._ended, name)
        for (segment, kind), end in self.segments.items():
            handlers[end.fileno()] = partial(self._announced, segment, kind)
        return handlers

    def tick(self, number: int) -> None:
        """Look at what nobody tells of; ``number`` counts these looks.

        Raises:
            LvsnetError: the lab was destroyed; or its runtime does not answer.
        """
        slowly = number % SLOWLY == 0
        if slowly:
            self.listen()
        for name, watch in self.running.items():
            if slowly:
                watch.find_ipvs()
                self._follow(name)
            if slowly or watch.balances:
                self._tell(name, watch.listed(self.names))
        if slowly or self._any_process_is_new_or_gone():
            for watch in list(self.running.values()):
                self._look_at_daemons(watch)
        off = [node for node in self.plan.nodes if node.name not in self.running]
        if off:
            self._look_for(off)

    def sample(self, sampler: Sampler, now: int) -> None:
        """Take note of what the tables count, by the last look at them, which was ``now``."""
        for node in self.plan.nodes:
            if node.name in self.running:
                sampler.takes(now, node.name, self.running[node.name].text)
            else:
                sampler.ends(now, node.name)

    def heard(self, readable: Container[int]) -> None:
        """Take in what is told by these descriptors."""
        for fd, handler in self.waits().items():
            if fd in readable:
                handler()
        # What comes in one go has happened at one time: a cause is told before its effect.
        self.pending.sort(key=lambda one: _rank(one[2]))

    def send(self, now: int) -> None:
        """Send what was found; ``now`` is the time, after it was: none is told before it was so."""
        for at, node, one in self.pending:
            when = now if at is None else at
            self.outlet.tell(Event(when, one.kind, node, one.what, one.subject, one.text))
        self.pending.clear()

    def switched_on(self, node: Node, init: int) -> None:
        """A node is on; tell what it has by now."""
        vips = frozenset(one.address for one in self.plan.held)
        watch = node_watch.begin(node, init, vips)
        if watch is None:
            return
        self.running[node.name] = watch
        self._tell(node.name, [Change("node", "on", node.name, "is on")])
        self._tell(node.name, watch.looked())
        self._tell(node.name, watch.listed(self.names))
        self._follow(node.name)
        self._look_at_daemons(watch)

    def listen(self) -> None:
        """Hear gratuitous ARPs on every segment whose bridge there is, and with IPv6 unsolicited
        neighbour advertisements."""
        wanted = {(one.name, "arp"): (one, arp.listen) for one in self.plan.segments}
        wanted |= {
            (one.name, "nd"): (one, nd.listen)
            for one in self.plan.segments
            if one.name in self.with_ipv6
        }
        missing = {key: value for key, value in wanted.items() if key not in self.segments}
        if self.fabric is None or not missing:
            return
        with suppress(FileNotFoundError), namespaces.entered(namespaces.of_fabric(self.plan.lab)):
            for key, (segment, listen) in missing.items():
                try:
                    self.segments[key] = listen(segment.bridge)
                except OSError as error:
                    if error.errno != errno.ENODEV:
                        raise

    def _tell(self, node: str, changes: Iterable[Change]) -> None:
        """What has happened at a node just now."""
        self.pending += [(None, node, one) for one in changes]

    def _notified(self, watch: NodeWatch) -> None:
        self._tell(watch.node.name, watch.notified())

    def _ended(self, name: str) -> None:
        """A node's init may have ended, and with it all that the node ran."""
        watch = self.running[name]
        if not select.select([watch.pidfd], [], [], 0)[0]:
            return
        self._notified(watch)
        self._tell(name, self.logs.read(name))
        self.logs.forget(name)
        for daemon in watch.node.daemons:
            self.alive.pop((name, daemon.name), None)
        del self.running[name]
        self._tell(name, [Change("node", "off", name, "is off")])
        self._tell(name, watch.held.loses_all())
        watch.close()

    def _follow(self, name: str) -> None:
        self.logs.follow(name)
        self._tell(name, self.logs.read(name))

    def _spoken(self, fd: int) -> None:
        for name in self.logs.spoken(fd):
            if name not in self.running:
                # Who speaks is on by now, which is told first.
                self._look_for([node for node in self.plan.nodes if node.name == name])
            self._tell(name, self.logs.read(name))

    def _announced(self, segment: str, kind: str) -> None:
        end = self.segments[segment, kind]
        read, what = (arp.read, "gratuitous") if kind == "arp" else (nd.read, "unsolicited")
        try:
            for one in read(end):
                text = f"says that {one.address} is at {one.mac} on {segment}"
                node = self.macs.get(one.mac, "")
                self.pending.append((one.at, node, Change(kind, what, one.address, text)))
            if count := arp.dropped(end):
                text = f"{count} {NAMES[kind]} on {segment} came too fast to be looked at"
                self._tell("", [Change("watch", "missed", segment, text)])
        except OSError as error:
            if error.errno != errno.ENETDOWN:
                raise
            # The bridge is gone, and made anew if the lab is being changed.
            del self.segments[segment, kind]
            end.close()

    def _any_process_is_new_or_gone(self) -> bool:
        """Whether one may be since the last time; asked of Docker's engine that would be costly."""
        if not isinstance(self.runtime, HasLogFiles):
            return False
        before, self.census = self.census, _census()
        return before != self.census

    def _look_at_daemons(self, watch: NodeWatch) -> None:
        for daemon in watch.node.daemons:
            one = (watch.node.name, daemon.name)
            before = self.alive.get(one, False)
            alive = self.runtime.alive(self.plan.lab, *one)
            if before and not alive and ready.ends(watch.init):
                return  # with its node, of which the kernel tells in a moment
            self.alive[one] = alive
            if alive and not before:
                self._tell(one[0], [Change("daemon", "started", one[1], f"{one[1]} runs")])
            elif before and not alive:
                self._exited(watch.node, daemon)

    def _exited(self, node: Node, daemon: Daemon) -> None:
        self._tell(node.name, self.logs.read(node.name))
        text = f"{daemon.name} has ended"
        self._tell(node.name, [Change("daemon", "exited", daemon.name, text)])
        if daemon.name == KEEPALIVED:
            self.logs.forget(node.name)

    def _look_for(self, off: list[Node]) -> None:
        """Whether nodes that were off are on again; or gone, with their lab."""
        lab = self.plan.lab
        if not self.running and self.fabric not in (None, namespaces.known_fabric(lab)):
            raise LvsnetError(f"lab {lab} was destroyed")
        on = [node for node in off if self.runtime.runs(lab, node.name)]
        inits = self.runtime.inits(lab) if on else {}
        for node in on:
            if node.name in inits:
                self.switched_on(node, inits[node.name])


def begin(plan: Plan, runtime: Runtime, outlet: Outlet) -> LabWatch:
    """Watch a lab; what there is by now is known, and not told but as `LabWatch.initial`."""
    watch = LabWatch(
        plan,
        runtime,
        outlet,
        logs_watch.logs(plan.lab, runtime),
        namespaces.known_fabric(plan.lab),
        names=tables.names(plan),
        with_ipv6=frozenset(
            one.segment
            for node in plan.nodes
            for one in node.interfaces
            if any(":" in address for address in one.addresses)
        ),
        macs={one.mac.lower(): node.name for node in plan.nodes for one in node.interfaces},
    )
    watch.listen()
    booted = time.time_ns() - time.monotonic_ns()
    for node in plan.nodes:
        before = watch.logs.know(node.name)
        told = Told(node.name, booted, watch.names, before.offset)
        watch.past += tuple(told.receive(before.end))
    inits = runtime.inits(plan.lab)
    for node in plan.nodes:
        if node.name in inits:
            watch.switched_on(node, inits[node.name])
    watch.initial = first.events(watch, time.monotonic_ns())
    watch.pending.clear()
    return watch


def _rank(change: Change) -> int:
    """A node is on before its links are up, but off after they are down."""
    return -1 if (change.kind, change.what) == ("node", "on") else ORDER.index(change.kind)


def _census() -> tuple[int, str]:
    """What is another one once a process of this kernel has begun, or has ended and was reaped.

    The links of /proc are as many as processes (proc_root_getattr() of fs/proc/root.c), and the
    last process id is in /proc/loadavg (proc_loadavg(5)). Both take a tenth of looking at the
    daemons of a small lab.
    """
    return PROC.stat().st_nlink, LOADAVG.read_text().rpartition(" ")[2]
