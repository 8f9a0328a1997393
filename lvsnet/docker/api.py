"""The Docker Engine API by its unix socket, for what must be quick: `lvsnet exec`, `logs`, lists.

The Docker SDK takes 0.2 s to import; this takes nothing. Paths have no version: the engine takes
them as of its newest one, and what is used here is the same in all since 1.41.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from lvsnet import peers
from lvsnet.docker import http
from lvsnet.errors import LvsnetError, SilenceError

DEFAULT_SOCKET = "/var/run/docker.sock"
OLDEST = (1, 41)
"""API of Docker 20.10, December 2020."""
PING_S = 2.0
"""Seconds for an answer that takes an engine a millisecond."""
CALL_S = 30.0
READ_SIZE = 256 * 1024
SCHEME = "unix://"


class NoEngineError(LvsnetError):
    """Nobody answers at the socket."""


class ForbiddenError(LvsnetError):
    """The socket is there, but not for this user."""


class OldEngineError(LvsnetError):
    """The engine's API is older than what lvsnet speaks."""


class GoneError(LvsnetError):
    """The engine broke off the connection; it may be back in a moment."""


class RefusedError(LvsnetError):
    """The engine answered with an error; the text is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        """Of HTTP: 404 there is none, 409 a conflict."""


@dataclass(frozen=True)
class Version:
    """Of a Docker engine."""

    engine: str
    """``20.10.24``"""
    api: tuple[int, int]


@dataclass(frozen=True)
class Maker:
    """Who listens at the engine's socket: the engine, or the init that activates it."""

    pid: int
    """0 when it is not visible from this process's namespace."""
    uid: int


@dataclass(frozen=True)
class Container:
    id: str
    name: str
    """Without the slash that Docker puts before it."""
    image: str
    running: bool
    """Also while its processes are frozen."""
    labels: Mapping[str, str]


@dataclass(frozen=True)
class State:
    """What `inspect` tells of a container."""

    id: str
    running: bool
    paused: bool
    """Whether its processes are frozen, of one that runs."""
    pid: int
    """Of its init, as the engine's host counts; 0 when it does not run."""
    init: str
    """Path of the program that its init is."""
    finished: str
    """When it ended last, in RFC 3339's form; the year 1 when it never did."""
    labels: Mapping[str, str]


def socket_path(environment: Mapping[str, str] = os.environ) -> str:
    """The engine's socket: ``$DOCKER_HOST``'s, else ``/var/run/docker.sock``.

    Raises:
        LvsnetError: ``$DOCKER_HOST`` names something that is no unix socket.
    """
    address = environment.get("DOCKER_HOST", "")
    if not address:
        return DEFAULT_SOCKET
    path = address.removeprefix(SCHEME)
    if not address.startswith(SCHEME) or not path.startswith("/"):
        raise LvsnetError(
            f"DOCKER_HOST is {address}: lvsnet uses only an engine on this machine, by a unix "
            f"socket, since it wires the containers from outside. Set DOCKER_HOST={SCHEME}/PATH, "
            f"unset it for {DEFAULT_SOCKET}, or use --kernel guest, which needs no engine"
        )
    return path


def version(deadline: float = PING_S) -> Version:
    """Ask the engine what it is.

    Raises:
        NoEngineError: none answers.
        ForbiddenError: this user may not use it.
        OldEngineError: its API is older than 1.41.
        SilenceError: it has not answered after ``deadline`` seconds.
        LvsnetError: what answers is no Docker engine, or ``$DOCKER_HOST`` is none of ours.
    """
    with connection(deadline) as end:
        # Not /version, for which an engine runs its runtimes, to ask for theirs: 0.1 s.
        end.sendall(http.request("GET", "/_ping", None))
        answer, content = begin(end)
        if answer.head is None or answer.head.status != 200:
            refuse(end, answer, content)
        headers = answer.head.headers if answer.head else {}
    spoken = headers.get("api-version", "")
    major, _, minor = spoken.partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        raise _strange("Api-Version")
    server = headers.get("server", "").removeprefix("Docker/").partition(" ")[0]
    found = Version(server or "?", (int(major), int(minor)))
    if found.api < OLDEST:
        raise OldEngineError(
            f"the Docker engine {found.engine} at {socket_path()} speaks API {spoken}; "
            f"lvsnet needs {OLDEST[0]}.{OLDEST[1]} (Docker 20.10) or later. Upgrade it, or use "
            "--kernel guest"
        )
    return found


def maker() -> Maker:
    """Who made the engine's socket."""
    with connection(PING_S) as end:
        return Maker(*peers.of(end))


def containers(labels: Sequence[str], deadline: float = CALL_S) -> list[Container]:
    """The containers, running or not, that have all of these labels: ``key`` or ``key=value``."""
    return _listed({"label": list(labels)}, deadline)


def named(pattern: str) -> list[Container]:
    """The containers, running or not, whose name, with a slash before it, has this in it.

    The pattern is a regular expression of Go's.
    """
    return _listed({"name": [pattern]}, CALL_S)


def _listed(filters: Mapping[str, Sequence[str]], deadline: float) -> list[Container]:
    query = urlencode({"all": "1", "filters": json.dumps(filters)})
    found = call("GET", f"/containers/json?{query}", deadline=deadline)
    if not isinstance(found, list):
        raise _strange("a list of containers")
    return [_container(mapping(one)) for one in found]


def inspect(container: str, deadline: float = CALL_S) -> State:
    """The state of a container, by name or id.

    Raises:
        RefusedError: status 404 when there is none.
    """
    said = mapping(call("GET", f"/containers/{quote(container)}/json", deadline=deadline))
    state, config = mapping(said.get("State")), mapping(said.get("Config"))
    return State(
        id=text(said, "Id"),
        running=state.get("Running") is True,
        paused=state.get("Paused") is True,
        pid=integer(state, "Pid"),
        init=text(said, "Path"),
        finished=text(state, "FinishedAt"),
        labels=_labels(config.get("Labels")),
    )


def call(method: str, path: str, body: object = None, deadline: float = CALL_S) -> object:
    """A request, and the JSON of its answer; None for an empty one.

    Raises:
        RefusedError: the engine's own words.
        LvsnetError: as `version`.
    """
    content = None if body is None else json.dumps(body).encode()
    with connection(deadline) as end:
        end.sendall(http.request(method, path, content))
        answer, text = begin(end)
        if answer.head is None or answer.head.status >= 300:
            refuse(end, answer, text)
        text += rest(end, answer)
    try:
        return json.loads(text) if text.strip() else None
    except ValueError as error:
        raise _strange("JSON") from error


@contextmanager
def connection(deadline: float) -> Iterator[socket.socket]:
    """A connection to the engine; what goes wrong on it becomes an `LvsnetError`."""
    with explained(deadline), connect(deadline) as end:
        yield end


@contextmanager
def explained(deadline: float) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise SilenceError(
            f"the Docker engine at {socket_path()} has not answered for {deadline:.0f} s; "
            "look whether it is well: docker ps"
        ) from error
    except (ConnectionError, http.ProtocolError) as error:
        raise GoneError(
            f"the Docker engine at {socket_path()} broke off the connection ({error}); "
            "when it is back, try again"
        ) from error


def connect(deadline: float) -> socket.socket:
    path = socket_path()
    end = socket.socket(socket.AF_UNIX)
    try:
        end.settimeout(deadline)
        end.connect(path)
    except PermissionError as error:
        end.close()
        raise ForbiddenError(
            f"{path}: this user may not use the Docker engine. Run as root, or "
            "`sudo usermod -aG docker $USER` and log in anew; --kernel guest needs neither"
        ) from error
    except TimeoutError:
        end.close()
        raise
    except OSError as error:
        end.close()
        raise NoEngineError(
            f"no Docker engine answers at {path} ({error.strerror or error}). "
            "Start it (`sudo systemctl start docker`), set DOCKER_HOST=unix:///PATH, or use "
            "--kernel guest, which needs none"
        ) from error
    return end


def begin(end: socket.socket) -> tuple[http.Answer, bytes]:
    """Read until the head of an answer is there; what of the body came with it."""
    answer = http.Answer()
    content = b""
    while answer.head is None:
        content = receive(end, answer)
    return answer, content


def rest(end: socket.socket, answer: http.Answer) -> bytes:
    """The part of a body that is still to come."""
    content = bytearray()
    while not answer.complete:
        content += receive(end, answer)
    return bytes(content)


def receive(end: socket.socket, answer: http.Answer) -> bytes:
    received = end.recv(READ_SIZE)
    if not received:
        answer.end()
        return b""
    return answer.receive(received)


def refuse(end: socket.socket, answer: http.Answer, first: bytes) -> None:
    """Raise what an answer says that is an error."""
    text = (first + rest(end, answer)).decode(errors="replace")
    status = answer.head.status if answer.head else 0
    try:
        said: object = json.loads(text)
    except ValueError:
        said = None
    message = said.get("message") if isinstance(said, dict) else None
    raise RefusedError(status, str(message or text.strip() or f"HTTP status {status}"))


def _container(said: Mapping[str, object]) -> Container:
    names = said.get("Names")
    name = str(names[0]).removeprefix("/") if isinstance(names, list) and names else ""
    return Container(
        id=text(said, "Id"),
        name=name,
        image=text(said, "Image"),
        running=said.get("State") in ("running", "paused"),
        labels=_labels(said.get("Labels")),
    )


def _labels(value: object) -> dict[str, str]:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}


def mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _strange("an object")
    return value


def text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise _strange(name)
    return value


def integer(said: Mapping[str, object], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) else 0


def _strange(wanted: str) -> LvsnetError:
    return LvsnetError(f"what answers at {socket_path()} is no Docker engine: no {wanted}")
