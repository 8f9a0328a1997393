"""Containers by Docker's engine, seen by `docker ps` as ``lvsnet-LAB-NODE``.

No state is kept but in the containers: labels, and a file in each (`lvsnet.docker.records`). No
Docker network is made or used: the engine of lvsnet wires the containers from outside, by the
process ids of their inits, so this process is root among the processes that the engine counts
(`lvsnet.docker.reach`).
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import docker

from lvsnet.docker import (
    api,
    changes,
    engine,
    images,
    labels,
    processes,
    reach,
    records,
    streams,
)
from lvsnet.docker.engine import explained
from lvsnet.docker.records import Kept
from lvsnet.engine import capabilities, files, logs, namespaces
from lvsnet.engine.runtime import Change, Record
from lvsnet.engine.runtimes import (
    docker_config,
    docker_containers,
    docker_power,
    docker_programs,
    docker_records,
)
from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.image.context import name_of
from lvsnet.plan.model import Daemon, Node

LINES = 200
"""Of a log's end, of which the last 16 KB are shown."""
LOG_S = 3.0
"""Seconds that a busy engine may take to write down what a daemon said."""
LOG_INTERVAL = 0.2
SIGNAL_S = 10.0
"""Seconds that sending a signal may take."""
START_FIELD = 22 - 3
"""starttime among the fields after the command in /proc/PID/stat (proc_pid_stat(5))."""
FRESH = (
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/ipv6/conf/default/disable_ipv6", "0"),
    ("net/ipv6/conf/lo/disable_ipv6", "0"),
    ("net/ipv4/ip_unprivileged_port_start", "1024"),
    ("net/ipv4/ping_group_range", "1 0"),
)
"""What the kernel gives a new network namespace and Docker's engine changes."""

ELSEWHERE = (
    "the Docker engine counts its processes in another namespace than lvsnet does, which seems to "
    "run in a container itself: run lvsnet where the engine runs, give its container "
    "--privileged --pid=host, or use --kernel guest"
)

_COUNTING = Lock()


def _shared_byte() -> mmap.mmap:
    return mmap.mmap(-1, 1)


@dataclass(frozen=True)
class Docker:
    """The runtime of the engine at `lvsnet.docker.api.socket_path`."""

    unanswered: mmap.mmap = field(default_factory=_shared_byte, repr=False, compare=False)
    """How many containers the engine has been asked to make and has not yet said that it has.

    Shared with forked children: one that takes back what this process, killed, had begun must
    wait for those that the engine is still making.
    """

    @property
    def volatile(self) -> tuple[str, ...]:
        return labels.VOLATILE

    def refusals(self, nodes: Sequence[Node]) -> list[str]:
        maker = api.maker()
        if why := reach.foreign(maker):
            return [why]
        if not reach.shares_processes(maker):
            return [ELSEWHERE]
        allowed = capabilities.of_process(maker.pid)
        return capabilities.refusals(nodes, allowed, "the Docker engine")

    def create(self, record: Record, nodes: Sequence[Node]) -> dict[str, int]:
        lab = record.plan.lab
        known = docker_containers.of_lab(lab)
        docker_containers.refuse_strangers(lab, nodes, known)
        found = records.look(list(known.values()))
        last = records.newest(found)
        hollow = [one for one in found if one.hollow and one.node in {node.name for node in nodes}]
        docker_power.remove_containers([one.container.id for one in hollow])
        known = {node: one for node, one in known.items() if node not in {h.node for h in hollow}}
        kept = {one.node: one.kept.record for one in found if one.kept}
        new = [node for node in nodes if node.name not in known]
        key = records.new_key()
        if found and new:
            key = records.key_of(lab, [one.container for one in found])
        common = {**labels.of_lab(record), records.KEY: key}
        apparmor = docker_config.has_apparmor()
        programs: Mapping[str, bytes] = {}
        if any(node.image for node in new):
            with explained("the lab", "connect"):
                client = engine.connect()
            with _counted(self.unanswered):
                programs = docker_programs.taken(client, name_of("base"), lab)

        def boot(client: docker.APIClient, node: Node) -> int:
            own = labels.of_node(node)
            before = known.get(node.name)
            if before is None:
                body = docker_config.container(
                    node, images.image_for(node), {**common, **own}, apparmor=apparmor
                )
                with _counted(self.unanswered):
                    _make(client, lab, node, body)
                one = _file(last, record, node)
                docker_records.put(client, lab, one, key, programs if node.image else {})
            elif before.running or not _is_of(before, kept.get(node.name), node):
                raise LvsnetError(
                    f"{node.name}: container {before.name} is there already, of another deployment "
                    f"of lab {lab}; `lvsnet destroy {lab}` takes it away"
                )
            return _switch_on(client, lab, node.name)

        pids = docker_containers.each(nodes, boot)
        for pid in pids:
            _freshen(pid)
        return {node.name: pid for node, pid in zip(nodes, pids, strict=True)}

    def start(self, lab: str, daemons: Sequence[tuple[Node, Daemon]]) -> list[int]:
        def begin(client: docker.APIClient, one: tuple[Node, Daemon]) -> int:
            node, daemon = one
            with explained(node.name, f"start {daemon.name}"):
                made = client.exec_create(
                    docker_containers.name_of(lab, node.name), docker_config.daemon(node, daemon)
                )
                client.exec_start(made["Id"], detach=True)
                pid: int = client.exec_inspect(made["Id"])["Pid"]
                return pid

        return docker_containers.each(daemons, begin)

    def run(self, lab: str, node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        done = streams.run(docker_containers.running(lab, node), argv, {}, deadline)
        if done is None:
            raise LvsnetError(f"{node}: {' '.join(argv)}: no end after {deadline:.0f} s")
        return done.code, b"".join(content for _, content in done.output).decode(errors="replace")

    def runs(self, lab: str, node: str) -> bool:
        state = docker_containers.state(lab, node)
        return state is not None and state.running

    def inits(self, lab: str) -> dict[str, int]:
        states = {
            node: docker_containers.state(lab, node)
            for node, one in docker_containers.of_lab(lab).items()
            if one.running
        }
        return {node: state.pid for node, state in states.items() if state and state.running}

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        state = docker_containers.state(lab, node)
        if state is None or not state.running:
            return False
        root = Path(f"/proc/{state.pid}/root")
        try:
            said = files.inside(root, f"{docker_config.DAEMONS}/{daemon}.pid").read_text()
            number = int(said.partition(" ")[0])
            now = (root / f"proc/{number}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
            return False
        except ValueError:  # nothing was written yet
            return False
        fields = now.rpartition(")")[2].split()
        # One with another start time has only got the number of a process that has ended. In
        # what containerlab deployed, the file has the number alone.
        before = said.rpartition(")")[2].split()[START_FIELD:]
        return fields[0] not in "ZX" and before[:1] in ([], fields[START_FIELD : START_FIELD + 1])

    def said(self, lab: str, node: str) -> str:
        # The engine writes the log a moment after a daemon has spoken, and has died.
        until = time.monotonic() + LOG_S
        words = _log_end(lab, node)
        while time.monotonic() < until:
            time.sleep(LOG_INTERVAL)
            before, words = words, _log_end(lab, node)
            if words and words == before:
                break
        return words

    def power_off(self, lab: str, nodes: Sequence[str]) -> None:
        docker_power.power_off(lab, nodes)

    def remove(self, lab: str) -> None:
        docker_power.remove(lab, self.unanswered)

    def freeze(self, lab: str, nodes: Sequence[str]) -> None:
        docker_power.freeze(lab, nodes)

    def thaw(self, lab: str, nodes: Sequence[str]) -> None:
        docker_power.thaw(lab, nodes)

    def frozen(self, lab: str, node: str) -> bool:
        return docker_power.frozen(lab, node)

    def forget(self, lab: str, nodes: Sequence[str]) -> None:
        docker_records.forget(lab, nodes)

    def signal(self, lab: str, node: str, daemon: str, number: int) -> None:
        state = docker_containers.state(lab, node)
        if state is None or not state.running:
            return
        argv = [*docker_config.shell(state.init), "-c", docker_config.SIGNAL, daemon, str(number)]
        code, said = self.run(lab, node, argv, SIGNAL_S)
        if code:
            raise LvsnetError(f"{node}: signal {daemon}: {said.strip()}")

    def keep(self, record: Record) -> None:
        docker_records.keep(record)

    def changes(self, lab: str, node: str) -> list[Change]:
        container = docker_containers.of_lab(lab).get(node)
        # A node without a container has no disk yet.
        return [] if container is None else changes.of(container)

    def labs(self) -> list[str]:
        return sorted({one.labels[labels.LAB] for one in api.containers([labels.LAB])})

    def record(self, lab: str) -> Record:
        known = docker_containers.of_lab(lab)
        if not known:
            raise LvsnetError(f"lab {lab} does not run")
        return records.record_of(records.look(list(known.values())))


@contextmanager
def _counted(unanswered: mmap.mmap) -> Iterator[None]:
    """Count a request that makes a container until it is answered."""
    with _COUNTING:
        unanswered[0] += 1
    answered = True
    try:
        yield
    except (api.GoneError, SilenceError):
        answered = False
        raise
    finally:
        if answered:
            with _COUNTING:
                unanswered[0] -= 1


def _log_end(lab: str, node: str) -> str:
    """What the engine's log of a node has by now."""
    try:
        words = b"".join(
            processes.logs(docker_containers.name_of(lab, node), follow=False, tail=LINES)
        )
    except api.RefusedError:
        return ""
    return words[-logs.READ_AT_MOST :].decode(errors="replace")


def _file(last: Kept | None, record: Record, node: Node) -> Kept:
    """What the file of a new container says; ``last`` is the newest of the lab's, if it runs.

    What is made in a lab that is being changed has the record that was kept for that.
    """
    if last is None or node not in last.record.plan.nodes:
        return Kept(node.name, last.generation if last else 1, record, ())
    away = tuple(name for name in last.away if name != node.name)
    return replace(last, node=node.name, away=away)


def _is_of(container: api.Container, kept: Record | None, node: Node) -> bool:
    """Whether a container was made for this node, or made what it is; ``kept`` is in its file."""
    if kept is not None:
        return node in kept.plan.nodes
    # Its file is lost, or it never had one.
    own = labels.of_node(node)[labels.NODE_SPEC]
    return records.KEY in container.labels or container.labels.get(labels.NODE_SPEC) == own


def _make(client: docker.APIClient, lab: str, node: Node, body: Mapping[str, object]) -> None:
    name = docker_containers.name_of(lab, node.name)
    with explained(node.name, "create its container"):
        try:
            client.create_container_from_config(body, name)
        except docker.errors.ImageNotFound as error:
            image = body["Image"]
            remedy = "pull or build it" if node.image else "`lvsnet image build` makes it"
            raise LvsnetError(f"{node.name}: there is no image {image}; {remedy}") from error


def _switch_on(client: docker.APIClient, lab: str, node: str) -> int:
    """Start a node's container; its init's process id."""
    name = docker_containers.name_of(lab, node)
    with explained(node, "start its container"):
        client.start(name)
        state = client.inspect_container(name)["State"]
    pid: int = state["Pid"]
    if not pid:
        words = logs.tail(Docker().said(lab, node))
        raise LvsnetError(f"{node}: its container ended at once; its last lines:\n{words}")
    return pid


def _freshen(pid: int) -> None:
    """Give a node the sysctls of a fresh network namespace, as the other runtimes have them."""
    with namespaces.entered(namespaces.of_process(pid)):
        for key, value in FRESH:
            # A kernel without IPv6 has not got them all.
            with suppress(FileNotFoundError):
                (Path("/proc/sys") / key).write_text(value)
