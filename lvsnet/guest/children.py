"""The child that serves a request to the agent."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

from lvsnet.errors import LvsnetError
from lvsnet.guest import console, process
from lvsnet.guest.console import Console

Start = Callable[[dict[str, object]], tuple[process.Child, Console | None]]
Ended = Callable[[int], dict[str, object]]


def begin(request: dict[str, object]) -> tuple[process.Child, Console | None]:
    """The child that serves a request, and where the end of its terminal will come if it has one.

    ``exec`` and the like run a program, ``shell`` one at a terminal, and the engine's operations
    run in a forked child.

    Raises:
        LvsnetError: it asks for a node that is not there, or does not run.
        ValueError: the request is none that the agent knows.
        OSError: its program cannot be started.
    """
    from lvsnet.guest import requests

    name = str(request.get("op"))
    if name in requests.COMMANDS:
        return process.spawn(requests.COMMANDS[name](request)), None
    if name in requests.TERMINALS:
        command = requests.TERMINALS[name](request)
        return console.spawn(command, *console.size_of(request))
    if name in requests.STREAMS:
        serve = requests.STREAMS[name]
        return process.fork(lambda: serve(request)), None
    if name in requests.OPERATIONS:
        operation = requests.OPERATIONS[name]
        return process.fork(lambda: answer(lambda report: operation(request, report))), None
    raise ValueError(f"the agent knows no operation {name!r}")


def answer(operation: Callable[[Callable[[str], None]], object]) -> int:
    """Run an operation; what it reports, and its result or error, go out as lines of JSON."""

    def tell(event: dict[str, object]) -> None:
        print(json.dumps(event), flush=True)  # noqa: T201

    try:
        tell({"result": operation(lambda words: tell({"progress": words}))})
    except LvsnetError as error:
        tell({"error": str(error)})
        return 1
    return 0


def ended(status: int) -> dict[str, object]:
    """The result of a request whose child ended with this status of waitpid(2)."""
    return {"code": exit_code(status)}


def killed(status: int) -> bool:
    """Whether SIGKILL ended a child with this status, be it directly or as crun tells it."""
    return exit_code(status) == 128 + signal.SIGKILL


def exit_code(status: int) -> int:
    """A shell's exit code for what waitpid said: 128 + signal for a killed process."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
