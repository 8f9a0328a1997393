"""A process that exec starts in a container: its streams, its signals, its end."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lvsnet.docker import api, http, processes
from lvsnet.engine.runtimes import docker_config
from lvsnet.errors import LvsnetError

END_S = 5.0
"""Seconds from the end of a process's output until its exit code is there; it takes some ms."""
END_INTERVAL = 0.005
KILLED = 128 + signal.SIGKILL
POWER_S = 30.0
"""Seconds that the engine may take to see that a container has ended whose processes have."""
POWER_INTERVAL = 0.05


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    code: int
    output: Sequence[tuple[int, bytes]]
    """`http.STDOUT` or `http.STDERR`, and content, in the order of their coming."""


@dataclass(frozen=True)
class Process:
    """A process in a container, prepared or started."""

    container: api.State
    identity: str
    """The engine's, of the exec."""


def prepare(
    container: api.State,
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: bool,
    terminal: bool = False,
) -> Process:
    """A program that is not there will end with a shell's exit code, 127, and a message."""
    command = [*docker_config.env(container.init), *argv]
    identity = processes.create_exec(
        container.id, command, environment, stdin=stdin, terminal=terminal
    )
    return Process(container, identity)


def run(
    container: api.State, argv: Sequence[str], environment: Mapping[str, str], deadline: float
) -> Done | None:
    """Run a command without input to its end; None when it was killed after ``deadline`` seconds.

    Raises:
        LvsnetError: it cannot be started, or the engine went away.
    """
    until = time.monotonic() + deadline
    process = prepare(container, argv, environment, stdin=False)
    end, first = processes.start_exec(process.identity)
    with end:
        frames = http.Frames()
        output = frames.receive(first)
        while True:
            end.settimeout(max(0.001, until - time.monotonic()))
            try:
                content = end.recv(api.READ_SIZE)
            except TimeoutError:
                kill(process)
                return None
            except ConnectionError as error:
                raise _gone() from error
            if not content:
                break
            output += frames.receive(content)
    return Done(exit_code(process), output)


def exit_code(process: Process) -> int:
    """The exit code of a process whose output has ended.

    Raises:
        LvsnetError: it goes on running, the engine went away, or the node lost its power.
    """
    code = _code(process.identity)
    if code == KILLED:
        _see_the_power(process.container)
    return code


def _code(identity: str) -> int:
    until = time.monotonic() + END_S
    while True:
        try:
            state = processes.inspect_exec(identity)
        except api.RefusedError as error:  # it went with its container
            raise _gone() from error
        if not state.running and state.code is not None:
            return state.code
        if time.monotonic() > until:
            raise _gone()
        time.sleep(END_INTERVAL)


def _see_the_power(container: api.State) -> None:
    """Raise when a container is switched off, which the engine sees late: after its processes.

    What is killed with its node dies after the node's init began to end, and from then on no
    process can be made there (zap_pid_ns_processes() of kernel/pid_namespace.c). So where a new
    one runs to its end, the node has its power, and nobody need wait for the engine.
    """
    until = time.monotonic() + POWER_S
    while not _answers(container):
        try:
            now = api.inspect(container.id)
        except api.RefusedError as error:
            raise _off() from error
        if not now.running or now.pid != container.pid:
            raise _off()
        if time.monotonic() > until:
            return  # it has power, and no room for a process
        time.sleep(POWER_INTERVAL)


def _answers(container: api.State) -> bool:
    """Whether a command can be run in a container; in a frozen one, none can."""
    command = [*docker_config.shell(container.init), "-c", ":"]
    try:
        identity = processes.create_exec(container.id, command, {}, stdin=False)
        end, _ = processes.start_exec(identity)
        with end:
            _drain(end)
        return _code(identity) == 0
    except (api.RefusedError, api.GoneError, TimeoutError, ConnectionError):
        return False


def _drain(end: socket.socket) -> None:
    """Read until the process at the other end has ended. Raises TimeoutError, ConnectionError."""
    end.settimeout(END_S)
    while end.recv(api.READ_SIZE):
        pass


def send(process: Process, number: int, *, group: bool) -> bool:
    """Send a signal to a process, or to its process group, while the connection to it is there.

    Whether that is done: not yet, when it is only being started. It may have ended.

    Docker's API has no way to do so: as root it goes by the process id that the engine's host
    counts, else by a kill in the container, with the process id that is counted there.

    Raises:
        LvsnetError: the engine's process ids are not this machine's.
    """
    try:
        state = processes.inspect_exec(process.identity)
    except api.RefusedError:  # it went with its container
        return True
    if not state.pid:
        return state.code is not None  # it could not be started
    inside = _inside(process.container.id, state.pid)
    if inside is None or not state.running:
        return True
    if os.geteuid() == 0:
        with suppress(ProcessLookupError):
            if group:
                os.killpg(state.pid, number)
            else:
                os.kill(state.pid, number)
        return True
    shell = docker_config.shell(process.container.init)
    argv = [*shell, "-c", f"kill -{number} {'-' if group else ''}{inside}"]
    end, _ = processes.start_exec(
        processes.create_exec(process.container.id, argv, {}, stdin=False)
    )
    with end, suppress(TimeoutError, ConnectionError):
        _drain(end)
    return True


def kill(process: Process) -> None:
    """Kill a process and its process group, while the connection to it is there."""
    until = time.monotonic() + END_S
    while not send(process, signal.SIGKILL, group=True) and time.monotonic() < until:
        time.sleep(END_INTERVAL)


@contextmanager
def ended(process: Process) -> Iterator[None]:
    """Kill a process when what is done with it fails, or Ctrl-C ends it."""
    well = False
    try:
        yield
        well = True
    finally:
        if not well:
            with suppress(LvsnetError):  # it is gone already
                kill(process)


def _inside(container: str, pid: int) -> int | None:
    """The process id in its container of a process of this machine; None when it has ended.

    Raises:
        LvsnetError: the process of that number is none of the container's.
    """
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if container not in groups:
        raise LvsnetError(
            "signals cannot be passed on: the Docker engine counts its processes in another "
            "namespace than lvsnet does; run lvsnet where the engine runs"
        )
    line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return int(line.split()[-1])


def _off() -> LvsnetError:
    return LvsnetError("the node was switched off while the command ran")


def _gone() -> LvsnetError:
    return api.GoneError(
        "the Docker engine went away while the command ran, or the node was switched off"
    )
