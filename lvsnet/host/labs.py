"""Labs of crun's containers on this machine's own kernel: a `lvsnet.control.place.Place`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lvsnet.errors import LvsnetError
from lvsnet.host.state import state_directory
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock
    from lvsnet.engine.runtime import About, Change, Record
    from lvsnet.engine.runtimes.crun import Crun
    from lvsnet.observe.conditions import Condition, Reached
    from lvsnet.observe.model import Site

RUN_DEADLINE = 600.0
"""Seconds that a command may take that `run` runs."""
MOST_ERRORS = 64 * 1024
"""Bytes of standard error that `pipe` gives, those from its beginning."""


def runtime(image: Path | None = None) -> Crun:
    """The runtime; ``image`` is needed to deploy a lab only."""
    from lvsnet.engine.runtimes.crun import Crun

    return Crun(_state(), image)


def running() -> list[str]:
    if os.geteuid() != 0 or not _state().is_dir():
        return []
    return runtime().labs()


def about(lab: str) -> About:
    return runtime().record(lab).about


def nodes(lab: str) -> list[str]:
    return [node.name for node in runtime().record(lab).plan.nodes]


def record(lab: str) -> Record:
    return runtime().record(lab)


def owner(_lab: str) -> int:
    return 0


def look(lab: str) -> Site:
    from lvsnet.host import operations

    return operations.look(lab, runtime())


def run(lab: str, node: str, *argv: str) -> tuple[int, str, str]:
    command = _command(lab, node, argv, {})
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=RUN_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"{node}: {' '.join(argv)}: no end after {RUN_DEADLINE:.0f} s") from error
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def attach(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    from lvsnet.host import attached

    return attached.run(_command(lab, node, _mortal(argv), environment))


def pipe(lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int) -> tuple[int, str]:
    """Run a command joined with two file descriptors; exit code, and its errors."""
    import tempfile

    with tempfile.TemporaryFile() as errors:
        command = _command(lab, node, _mortal(argv), {})
        with subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=errors) as process:
            try:
                code = process.wait()
            except BaseException:
                process.kill()
                raise
        errors.seek(0)
        return code, errors.read(MOST_ERRORS).decode(errors="replace")


def relay(lab: str, node: str, hosts: Sequence[str], port: int, end: socket.socket) -> None:
    """Join a socket with a port that a node reaches; closes it."""
    from lvsnet.engine import dial

    with end:
        inits = runtime().inits(lab)
        if node not in inits:
            raise LvsnetError(f"{_known(lab, node)} does not run; `lvsnet start {node}` starts it")
        dial.relay(inits[node], hosts, port, end)


def shell(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """As `attach`, at a terminal of the node's own that is joined with this process's."""
    from lvsnet.engine import ready
    from lvsnet.guest.children import ended, killed
    from lvsnet.host import shell

    found = runtime()
    _command(lab, node, argv, environment)  # says what is wrong with the node, before raw mode

    def told(status: int) -> dict[str, object]:
        # What is killed with a node's init ends before it, and after it began to end
        # (pid_namespaces(7)).
        init = found.inits(lab).get(node)
        if init is not None and not (killed(status) and ready.ends(init)):
            return ended(status)
        return {"error": f"{node} was switched off, or lab {lab} destroyed"}

    return shell.run(
        lab, lambda console: found.shell_command(lab, node, argv, environment, console), told
    )


def logs(lab: str, node: str, *, follow: bool) -> int:
    log = runtime().log(lab, _known(lab, node))
    if not follow:
        _become(["tail", "--lines=+1", str(log)])
    from lvsnet.host import following

    return following.copy(lab, log)


def stop(lab: str, node: str) -> None:
    from lvsnet.host import operations

    operations.stop(lab, node, runtime())


def start(lab: str, node: str, report: Report) -> None:
    from lvsnet.host import operations

    operations.start(lab, node, runtime(), report)


def changes(lab: str, node: str) -> list[Change]:
    return runtime().changes(lab, _known(lab, node))


def reconfigure(record: Record, settle: float, report: Report) -> None:
    from lvsnet.host import operations

    operations.reconfigure(record, runtime(), settle, report)


def clock(_lab: str) -> Clock:
    from lvsnet.control.clock import REAL

    return REAL


def set_clock(lab: str, _mode: str, _speed: float) -> Clock:
    raise _has_no_other(lab)


def advance(lab: str, _by: int) -> Clock:
    raise _has_no_other(lab)


def until(lab: str, _condition: Condition, _limit: float, _report: Report) -> Reached:
    raise _has_no_other(lab)


def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
    from lvsnet.host import acts

    found = runtime()
    found.record(lab)  # says so when there is no such lab
    return acts.perform_here(name, lab, found, request, report)


def follow(lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
    act(lab, name, request, report)


def destroy(lab: str) -> None:
    from lvsnet.host import operations

    operations.destroy(lab, runtime())


def _has_no_other(lab: str) -> LvsnetError:
    """Of clocks than the machine's."""
    from lvsnet.control.clock import refusal

    return refusal(lab)


def _state() -> Path:
    return state_directory() / "crun"


def _command(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    found = runtime()
    if not found.runs(lab, node):
        _known(lab, node)
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    return found.exec_command(lab, node, argv, environment)


def _known(lab: str, node: str) -> str:
    from lvsnet.engine.runtime import find

    return find(runtime().record(lab).plan, node).name


def _mortal(argv: Sequence[str]) -> tuple[str, ...]:
    """A command line in a node for a program that is not to outlive the crun that runs it."""
    return ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--", "/usr/bin/env", "--", *argv)


def _become(command: list[str]) -> NoReturn:
    """Go on as this program, which so has this process's streams, signals and exit code."""
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores, and exec keeps ignored
    try:
        os.execvp(command[0], command)
    except FileNotFoundError as error:
        raise LvsnetError(f"{command[0]} is not installed; `lvsnet doctor` says how") from error
