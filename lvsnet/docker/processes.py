"""Processes in containers by the Docker Engine API: exec, an init's streams, logs."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from lvsnet.docker import api, http


@dataclass(frozen=True)
class Process:
    """What is known of a process that exec started."""

    running: bool
    code: int | None
    """Its exit code, once it has ended."""
    pid: int
    """As the engine's host counts; 0 until it was started."""


def create_exec(
    container: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: bool,
    terminal: bool = False,
) -> str:
    """Prepare a process in a container that runs; its id."""
    body = {
        "Tty": terminal,
        "AttachStdin": stdin,
        "AttachStdout": True,
        "AttachStderr": True,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Cmd": list(argv),
    }
    said = api.call("POST", f"/containers/{quote(container)}/exec", body)
    return api.text(api.mapping(said), "Id")


def start_exec(identity: str, *, terminal: bool = False) -> tuple[socket.socket, bytes]:
    """Start it; a socket that is its standard input and its output.

    Output is in frames, that of a terminal is not; the bytes are the first of it. Whoever takes
    the socket closes it. ``terminal`` is what it was prepared with.
    """
    return _hijacked(f"/exec/{identity}/start", {"Detach": False, "Tty": terminal})


def resize_exec(identity: str, rows: int, columns: int) -> None:
    """Give the terminal of a process a size.

    Raises:
        RefusedError: it is only being started, or has ended.
    """
    query = urlencode({"h": rows, "w": columns})
    api.call("POST", f"/exec/{identity}/resize?{query}")


def attach(container: str) -> tuple[socket.socket, bytes]:
    """As `start_exec`, of a container's init, before it is started."""
    query = urlencode({"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1"})
    return _hijacked(f"/containers/{quote(container)}/attach?{query}", None)


def _hijacked(path: str, body: object) -> tuple[socket.socket, bytes]:
    content = json.dumps(body).encode()
    with ExitStack() as undo, api.explained(api.CALL_S):
        end = undo.enter_context(api.connect(api.CALL_S))
        end.sendall(http.request("POST", path, content, upgrade="tcp"))
        answer, first = api.begin(end)
        if answer.head is None or answer.head.status not in (101, 200):
            api.refuse(end, answer, first)
        end.settimeout(None)
        undo.pop_all()
    return end, first


def inspect_exec(identity: str) -> Process:
    said = api.mapping(api.call("GET", f"/exec/{identity}/json"))
    return Process(
        running=said.get("Running") is True,
        code=code if isinstance(code := said.get("ExitCode"), int) else None,
        pid=api.integer(said, "Pid"),
    )


def logs(container: str, *, follow: bool, since: str = "", tail: int = 0) -> Iterator[bytes]:
    """What a container's processes said; with ``follow``, until it ends.

    ``since`` is in seconds of the epoch, with a fraction if need be; ``tail`` lines from the end.
    """
    query = {"stdout": "1", "stderr": "1", "follow": "1" if follow else "0", "since": since}
    query["tail"] = str(tail) if tail else "all"
    path = f"/containers/{quote(container)}/logs?{urlencode(query)}"
    frames = http.Frames()
    with api.connection(api.CALL_S) as end:
        end.sendall(http.request("GET", path, None))
        answer, content = api.begin(end)
        if answer.head is None or answer.head.status != 200:
            api.refuse(end, answer, content)
        if follow:
            end.settimeout(None)
        while True:
            yield from (piece for _, piece in frames.receive(content))
            if answer.complete:
                return
            content = api.receive(end, answer)
