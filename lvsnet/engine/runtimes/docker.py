"""Containers by Docker's engine, seen by `docker ps` as ``lvsnet-LAB-NODE``.

No state is kept but in the containers' labels. No Docker network is made or used: the engine of
lvsnet wires the containers from outside, by the process ids of their inits, so this process is
root among the processes that the engine counts (`lvsnet.docker.reach`).
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

import docker

from lvsnet.docker import api, engine, images, labels, processes, reach, streams
from lvsnet.docker.engine import explained
from lvsnet.engine import capabilities, files, logs, namespaces
from lvsnet.engine.runtime import Record
from lvsnet.engine.runtimes import docker_config, docker_programs
from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.image.context import name_of
from lvsnet.plan.model import Daemon, Node

AT_ONCE = 16
"""Requests to the engine at the same time."""
AWAY_S = 30.0
"""Seconds that the engine may be away, as when it is restarted, while a lab is removed."""
AWAY_INTERVAL = 0.2
LATE_S = 5.0
"""Seconds after which no container appears any more that a killed process had asked for."""
LINES = 200
"""Of a log's end, of which the last 16 KB are shown."""
LOG_S = 3.0
"""Seconds that a busy engine may take to write down what a daemon said."""
LOG_INTERVAL = 0.2
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
Item = TypeVar("Item")
Result = TypeVar("Result")


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
        known = _containers(lab)
        _no_strangers(lab, nodes, known)
        common = labels.of_lab(record)
        apparmor = docker_config.has_apparmor()
        programs = b""
        if any(node.image and node.name not in known for node in nodes):
            with explained("the lab", "connect"):
                client = engine.connect()
            with _counted(self.unanswered):
                programs = docker_programs.taken(client, name_of("base"), lab)

        def boot(client: docker.APIClient, node: Node) -> int:
            own = labels.of_node(node)
            there = known.get(node.name)
            if there is None:
                body = docker_config.container(
                    node, images.image_for(node), {**common, **own}, apparmor=apparmor
                )
                with _counted(self.unanswered):
                    _make(client, lab, node, body)
                if node.image:
                    _put_in(client, lab, node, programs)
            elif there.running or there.labels.get(labels.NODE_SPEC) != own[labels.NODE_SPEC]:
                raise LvsnetError(
                    f"{node.name}: container {there.name} is there already, of another deployment "
                    f"of lab {lab}; `lvsnet destroy {lab}` takes it away"
                )
            return _switch_on(client, lab, node.name)

        pids = _each(nodes, boot)
        for pid in pids:
            _freshen(pid)
        return {node.name: pid for node, pid in zip(nodes, pids, strict=True)}

    def start(self, lab: str, daemons: Sequence[tuple[Node, Daemon]]) -> list[int]:
        def begin(client: docker.APIClient, one: tuple[Node, Daemon]) -> int:
            node, daemon = one
            with explained(node.name, f"start {daemon.name}"):
                made = client.exec_create(
                    container_name(lab, node.name), docker_config.daemon(node, daemon)
                )
                client.exec_start(made["Id"], detach=True)
                pid: int = client.exec_inspect(made["Id"])["Pid"]
                return pid

        return _each(daemons, begin)

    def run(self, lab: str, node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        done = streams.run(_running(lab, node), argv, {}, deadline)
        if done is None:
            raise LvsnetError(f"{node}: {' '.join(argv)}: no end after {deadline:.0f} s")
        return done.code, b"".join(content for _, content in done.output).decode(errors="replace")

    def runs(self, lab: str, node: str) -> bool:
        state = _state(lab, node)
        return state is not None and state.running

    def inits(self, lab: str) -> dict[str, int]:
        states = {node: _state(lab, node) for node, one in _containers(lab).items() if one.running}
        return {node: state.pid for node, state in states.items() if state and state.running}

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        state = _state(lab, node)
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
        known = _containers(lab)

        def kill(client: docker.APIClient, node: str) -> None:
            with explained(node, "kill its container"):
                try:
                    client.kill(known[node].id, signal="SIGKILL")
                except docker.errors.APIError as error:
                    if error.status_code not in (404, 409):  # gone, or not running
                        raise

        _each([node for node in nodes if node in known], kill)

    def remove(self, lab: str) -> None:
        begun = seen = time.monotonic()
        until = begun + AWAY_S
        while True:
            try:
                left = api.containers([f"{labels.LAB}={lab}"])
                if left:
                    seen = time.monotonic()
                    _each([one.id for one in left], _remove)
                elif not self.unanswered[0]:
                    return
                elif time.monotonic() > seen + LATE_S:
                    self.unanswered[0] = 0
                    return
                else:
                    time.sleep(AWAY_INTERVAL)
            except (api.NoEngineError, api.GoneError, SilenceError) as error:
                if time.monotonic() > until:
                    raise LvsnetError(
                        f"{error}\nWhat is left of lab {lab} is taken away by "
                        f"`lvsnet destroy {lab}` when the engine is back"
                    ) from error
                time.sleep(AWAY_INTERVAL)
            else:
                if time.monotonic() > until:
                    names = ", ".join(one.name for one in left)
                    raise LvsnetError(f"the Docker engine does not remove {names}: docker rm -f")

    def labs(self) -> list[str]:
        return sorted({one.labels[labels.LAB] for one in api.containers([labels.LAB])})

    def record(self, lab: str) -> Record:
        known = _containers(lab)
        if not known:
            raise LvsnetError(f"lab {lab} does not run")
        return labels.record_of([one.labels for one in known.values()])


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
        words = b"".join(processes.logs(container_name(lab, node), follow=False, tail=LINES))
    except api.RefusedError:
        return ""
    return words[-logs.READ_AT_MOST :].decode(errors="replace")


def container_name(lab: str, node: str) -> str:
    return f"lvsnet-{lab}-{node}"


def _each(
    items: Sequence[Item], function: Callable[[docker.APIClient, Item], Result]
) -> list[Result]:
    """The function of each, in this order; several at once, each thread with its own client.

    Nothing goes on when this ends, by an error or Ctrl-C either: what was not begun is left out.
    """
    if not items:
        return []
    version = api.version()

    def with_client(item: Item) -> Result:
        client = engine.client(version)
        try:
            return function(client, item)
        finally:
            client.close()

    pool = ThreadPoolExecutor(min(AT_ONCE, len(items)))
    try:
        futures = [pool.submit(with_client, item) for item in items]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def _containers(lab: str) -> dict[str, api.Container]:
    """Node -> its container, running or not."""
    found = api.containers([f"{labels.LAB}={lab}", labels.NODE])
    return {one.labels[labels.NODE]: one for one in found}


def _state(lab: str, node: str) -> api.State | None:
    """None when this lab has no such container."""
    try:
        state = api.inspect(container_name(lab, node))
    except api.RefusedError as error:
        if error.status == 404:
            return None
        raise
    return state if state.labels.get(labels.LAB) == lab else None


def _running(lab: str, node: str) -> api.State:
    state = _state(lab, node)
    if state is None or not state.running:
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    return state


def _no_strangers(lab: str, nodes: Sequence[Node], known: Mapping[str, api.Container]) -> None:
    """Raise when a container that is not this lab's has a name that is wanted."""
    taken = {one.name: one for one in api.named(f"^/?{container_name(lab, '')}")}
    strangers = [
        f"{node.name}: the name {one.name} is taken by a container of image {one.image} that is "
        f"not of this lab; rename it (docker rename {one.name} ...) or rename the lab"
        for node in nodes
        if (one := taken.get(container_name(lab, node.name))) and node.name not in known
    ]
    if strangers:
        raise LvsnetError("\n".join(strangers))


def _make(client: docker.APIClient, lab: str, node: Node, body: Mapping[str, object]) -> None:
    name = container_name(lab, node.name)
    with explained(node.name, "create its container"):
        try:
            client.create_container_from_config(body, name)
        except docker.errors.ImageNotFound as error:
            image = body["Image"]
            remedy = "pull or build it" if node.image else "`lvsnet image build` makes it"
            raise LvsnetError(f"{node.name}: there is no image {image}; {remedy}") from error


def _put_in(client: docker.APIClient, lab: str, node: Node, programs: bytes) -> None:
    with explained(node.name, "put an init and a shell into its container"):
        client.put_archive(container_name(lab, node.name), "/", programs)


def _switch_on(client: docker.APIClient, lab: str, node: str) -> int:
    """Start a node's container; its init's process id."""
    name = container_name(lab, node)
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


def _remove(client: docker.APIClient, identity: str) -> None:
    with explained(identity[:12], "remove the container"):
        try:
            client.remove_container(identity, force=True, v=True)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):  # gone, or going already
                raise
