"""A lab of one segment and two nodes that are processes in network namespaces."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.engine import namespaces, network, ready
from lvsnet.engine.links import Links
from lvsnet.engine.runtimes.crun import Crun
from lvsnet.plan.model import AddressHeld, Daemon, Interface, Node, Plan, Segment

VIP = "192.168.10.100"
DEADLINE = 20.0
DAEMON = Daemon("sleeper", ("sleep",), 0)


@dataclass(frozen=True)
class Processes(Crun):
    """The files of labs of crun's, whose nodes are processes outside of control groups."""

    def _running(self, lab: str, node: str) -> int:
        try:
            pid = self._pid(lab, node, "init.pid")
        except FileNotFoundError:
            return 0
        return pid if ready.runs(pid) else 0


@dataclass
class Small:
    """The lab, by name ``lab``, its nodes ``lb01`` and ``lb02``."""

    plan: Plan
    runtime: Processes
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    inits: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def switch_on(self, name: str) -> None:
        node = next(one for one in self.plan.nodes if one.name == name)
        home = self.runtime.state / "labs" / self.plan.lab / name
        log = self.runtime.log(self.plan.lab, name)
        for directory in (home, log.parent):
            directory.mkdir(parents=True, exist_ok=True)
        log.touch()
        init = self.starts("unshare", "--net", "sleep", "infinity")
        here = Path("/proc/self/ns/net").stat().st_ino
        awaited(lambda: namespaces.of_process(init.pid).stat().st_ino != here)
        with network.opened(namespaces.of_fabric(self.plan.lab)) as fabric:
            network.wire(fabric, network.bridges(fabric, self.plan.segments), node, init.pid)
        network.configure(node, init.pid)
        self.inits[name] = init
        (home / "init.pid").write_text(str(init.pid))

    def switch_off(self, name: str) -> None:
        """Return when its namespace is gone, too: nobody must keep it."""
        end(self.inits.pop(name))
        port = next(one.interfaces[0].port for one in self.plan.nodes if one.name == name)
        with network.opened(namespaces.of_fabric(self.plan.lab)) as links:
            awaited(lambda: links.find(port) is None)

    def daemon(self, name: str) -> subprocess.Popen[bytes]:
        """One that runs from now on."""
        process = self.starts("sleep", "infinity")
        home = self.runtime.state / "labs" / self.plan.lab / name
        (home / f"{DAEMON.name}.pid").write_text(str(process.pid))
        return process

    def starts(self, *argv: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(argv)
        self.processes.append(process)
        return process

    def says(self, name: str, line: str) -> None:
        with self.runtime.log(self.plan.lab, name).open("a") as log:
            log.write(line)

    def address(self, name: str, change: Callable[[Links, int], None]) -> None:
        with network.opened(namespaces.of_process(self.inits[name].pid)) as links:
            change(links, links.index("eth1"))


@contextmanager
def made(state: Path) -> Iterator[Small]:
    """It runs meanwhile; root's right to enter namespaces is needed."""
    lab = f"ev{os.getpid()}"

    def node(number: int) -> Node:
        mac = f"02:00:00:00:00:0{number}"
        address = (f"192.168.10.1{number}/24",)
        wire = Interface("eth1", "lan", f"port{number}", mac, address, 1500)
        return Node(
            f"lb0{number}", "director", (wire,), (), (), (), (), (DAEMON,), (), (), (), False, ""
        )

    nodes = (node(1), node(2))
    segments = (Segment("lan", "br-lan", 1500),)
    held = (AddressHeld(VIP, ("lb01", "lb02")),)
    one = Small(Plan(lab, segments, nodes, (), held, ()), Processes(state, None))
    network.make_segments(namespaces.create_fabric(lab), segments)
    try:
        for name in ("lb01", "lb02"):
            one.switch_on(name)
        yield one
    finally:
        for process in one.processes:
            end(process)
        namespaces.remove_fabric(lab)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(DEADLINE)


def awaited(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)
