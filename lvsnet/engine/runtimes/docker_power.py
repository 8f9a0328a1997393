"""Freezing, switching off and removing a lab's containers at Docker's engine."""

from __future__ import annotations

import mmap
import os
import signal
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import docker

from lvsnet.docker import api, labels
from lvsnet.docker.engine import explained
from lvsnet.engine.runtimes import docker_containers
from lvsnet.errors import LvsnetError, SilenceError

AWAY_S = 30.0
"""Seconds that the engine may be away, as when it is restarted, while containers are removed."""
AWAY_INTERVAL = 0.2
LATE_S = 5.0
"""Seconds after which no container appears any more that a killed process had asked for."""
STOP_S = 5.0
"""Seconds until all processes of a container must have stopped; it takes some ms."""
STOP_INTERVAL = 0.002
NOT_RUNNING = (404, 409)
"""Of HTTP: the container is gone, or has not the state that is asked for."""


def freeze(lab: str, nodes: Sequence[str]) -> None:
    """Stop the processes of containers where they are.

    By the kernel's freezer, which with cgroup v1 gives up on a container that is very busy, and
    which some machines have not got; then by a signal for each process.

    Raises:
        LvsnetError: processes go on running.
    """
    known = docker_containers.of_lab(lab)

    def pause(client: docker.APIClient, node: str) -> None:
        with explained(node, "freeze its container"):
            try:
                client.pause(known[node].id)
            except docker.errors.APIError as error:
                if error.status_code in NOT_RUNNING:
                    return
                if not _stop(known[node].id):
                    raise

    docker_containers.each([node for node in nodes if node in known], pause)


def thaw(lab: str, nodes: Sequence[str]) -> None:
    """Let the processes of containers go on, by whichever of both ways `freeze` has stopped them.

    Raises:
        LvsnetError: the engine does not.
    """
    known = docker_containers.of_lab(lab)

    def go_on(client: docker.APIClient, node: str) -> None:
        state = docker_containers.state(lab, node)
        if state is not None and state.paused:
            with explained(node, "thaw its container"):
                try:
                    client.unpause(known[node].id)
                except docker.errors.APIError as error:
                    if error.status_code not in NOT_RUNNING:
                        raise
        for pid in processes_of(known[node].id):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    docker_containers.each([node for node in nodes if node in known], go_on)


def frozen(lab: str, node: str) -> bool:
    """Whether a container runs, and its processes are stopped."""
    state = docker_containers.state(lab, node)
    if state is None or not state.running:
        return False
    return state.paused or _state(state.pid) == "T"


def power_off(lab: str, nodes: Sequence[str]) -> None:
    """Kill everything in containers at once; their disks stay."""
    known = docker_containers.of_lab(lab)

    def kill(client: docker.APIClient, node: str) -> None:
        with explained(node, "kill its container"):
            state = docker_containers.state(lab, node)
            if state is not None and state.paused:
                _kill_frozen(state)
            try:
                client.kill(known[node].id, signal="SIGKILL")
            except docker.errors.APIError as error:
                if error.status_code not in NOT_RUNNING:
                    raise

    docker_containers.each([node for node in nodes if node in known], kill)


def remove_containers(identities: Collection[str]) -> None:
    """Remove containers, disks included, and wait until their names are free.

    Raises:
        LvsnetError: the engine does not remove them.
    """
    until = time.monotonic() + AWAY_S
    while left := [one for one in identities if _is_there(one)]:
        if time.monotonic() > until:
            raise _stubborn([one[:12] for one in left])
        docker_containers.each(left, _remove)


def remove(lab: str, unanswered: mmap.mmap) -> None:
    """Remove all of a lab, also what the engine is still making of it.

    ``unanswered`` has how many containers it has not yet said that it has made.

    Raises:
        LvsnetError: the engine does not come back, or does not remove them.
    """
    seen = time.monotonic()
    until = seen + AWAY_S
    while True:
        try:
            left = api.containers([f"{labels.LAB}={lab}"])
            if left:
                seen = time.monotonic()
                docker_containers.each([one.id for one in left], _remove)
            elif not unanswered[0]:
                return
            elif time.monotonic() > seen + LATE_S:
                unanswered[0] = 0
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
                raise _stubborn([one.name for one in left])


def processes_of(container: str) -> list[int]:
    """The processes of a container, as this machine counts them, those of control groups below
    its own too: by the container's id in their /proc/PID/cgroup (cgroups(7), both versions)."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if container in (directory / "cgroup").read_text():
                found.append(int(directory.name))
    return found


def _stop(container: str) -> bool:
    """Stop every process of a container; whether all have stopped, also those made meanwhile."""
    until = time.monotonic() + STOP_S
    while time.monotonic() < until:
        moving = [pid for pid in processes_of(container) if _state(pid) not in "TtZX"]
        if not moving:
            return True
        for pid in moving:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        time.sleep(STOP_INTERVAL)
    return False


def _state(pid: int) -> str:
    """The letter of proc_pid_stat(5); that of a dead process when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _kill_frozen(container: api.State) -> None:
    """Kill every process of a frozen container, so that none runs on when the engine thaws it.

    To kill its init by the engine thaws the others before the kernel comes to end them. The init
    is the first: who asks why another was killed finds it ending (`lvsnet.docker.streams`).
    """
    for pid in sorted(processes_of(container.id), key=lambda pid: pid != container.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _remove(client: docker.APIClient, identity: str) -> None:
    with explained(identity[:12], "remove the container"):
        try:
            client.remove_container(identity, force=True, v=True)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):  # gone, or going already
                raise


def _is_there(identity: str) -> bool:
    try:
        api.inspect(identity)
    except api.RefusedError as error:
        if error.status == 404:
            return False
        raise
    return True


def _stubborn(names: Sequence[str]) -> LvsnetError:
    return LvsnetError(f"the Docker engine does not remove {', '.join(names)}: docker rm -f")
