"""Labs in Docker's containers, wired by a short-lived privileged container of lvsnet's own.

For a user of the docker group who is not root. The container has the host's process ids and moves
into the host's mount namespace, so that its work is the same as that of lvsnet run as root. It
gets lvsnet as it is here, and a request; what it does is in `lvsnet.docker.inside`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict

import docker

from lvsnet.docker import api, carried, http, images, processes
from lvsnet.docker.engine import connect, explained
from lvsnet.engine import logs
from lvsnet.engine.runtime import Record
from lvsnet.errors import LvsnetError
from lvsnet.image.context import name_of
from lvsnet.observe.model import Site
from lvsnet.plan import codec
from lvsnet.progress import Report, silent

DIRECTORY = "/.lvsnet/helper"
LABEL = "lvsnet.helper"
SILENCE_S = 180.0
"""Seconds without a word after which a helper is given up; its steps have shorter deadlines."""
WHERE = "the helper container"


def deploy(record: Record, settle: float, report: Report) -> None:
    _have_done({"op": "deploy", "record": asdict(record), "settle": settle}, report)


def wait(lab: str, settle: float, report: Report) -> None:
    _have_done({"op": "wait", "lab": lab, "settle": settle}, report)


def look(lab: str) -> Site:
    return codec.decode(Site, _have_done({"op": "look", "lab": lab}, silent), "site")


def stop(lab: str, node: str) -> None:
    _have_done({"op": "stop", "lab": lab, "node": node}, silent)


def start(lab: str, node: str, report: Report) -> None:
    _have_done({"op": "start", "lab": lab, "node": node}, report)


def reconfigure(record: Record, settle: float, report: Report) -> None:
    _have_done({"op": "reconfigure", "record": asdict(record), "settle": settle}, report)


def destroy(lab: str) -> None:
    _have_done({"op": "destroy", "lab": lab}, silent)


def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
    asked = {"op": "act", "lab": lab, "name": name, "request": dict(request)}
    return _have_done(asked, report)


def follow(lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
    asked = {"op": "act", "lab": lab, "name": name, "request": dict(request)}
    _have_done(asked, report, silence=None)


def container(image: str) -> dict[str, object]:
    """The body of a request to create a helper (Docker Engine API, ContainerCreate)."""
    return {
        "Image": image,
        "User": "0:0",
        "WorkingDir": "/",
        "Entrypoint": ["/usr/bin/python3", "-m", "lvsnet.docker.inside"],
        "Cmd": [],
        "Env": [
            f"PYTHONPATH={DIRECTORY}",
            "PYTHONDONTWRITEBYTECODE=1",
            f"DOCKER_HOST={api.SCHEME}{api.socket_path()}",
        ],
        "Labels": {LABEL: "1"},
        # The end of this process closes its standard input, by which it knows.
        "AttachStdin": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "HostConfig": {
            "Privileged": True,
            "PidMode": "host",
            "NetworkMode": "none",
            "UsernsMode": "host",
            "AutoRemove": True,
            "LogConfig": {"Type": "none"},
        },
    }


def _have_done(
    request: Mapping[str, object], report: Report, silence: float | None = SILENCE_S
) -> object:
    """Have a helper do an operation; its result. ``silence`` None waits for ever.

    Ctrl-C is passed on, and waited for: the helper takes back what it had begun.

    Raises:
        LvsnetError: what the operation says, or why there is no helper.
    """
    client = connect()
    try:
        images.ensure(client, (), report)
        with explained(WHERE, "create it"):
            made = client.create_container_from_config(container(name_of("base")))
        identity: str = made["Id"]
        try:
            with explained(WHERE, "give it lvsnet"):
                content = carried.archive(DIRECTORY, json.dumps(request).encode())
                client.put_archive(identity, "/", content)
            end, first = processes.attach(identity)
            with end:
                _start(client, identity)
                end.settimeout(silence)
                return _followed(client, identity, end, first, report)
        finally:
            _remove(client, identity)
    finally:
        client.close()


def _start(client: docker.APIClient, identity: str) -> None:
    try:
        with explained(WHERE, "start it"):
            client.start(identity)
    except api.RefusedError as error:
        raise LvsnetError(
            f"{error}\nThis user is not root, so a privileged container has to wire the nodes, and "
            "this Docker engine gives none. Run lvsnet as root (sudo), or use --kernel guest"
        ) from error


def _followed(
    client: docker.APIClient, identity: str, end: socket.socket, first: bytes, report: Report
) -> object:
    conversation = Conversation(report)
    conversation.receive(first)
    interrupted = False
    while True:
        try:
            content = end.recv(api.READ_SIZE)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            with explained(WHERE, "interrupt it"):
                client.kill(identity, signal="SIGINT")
            continue
        except TimeoutError as error:
            raise LvsnetError(
                f"{WHERE} has not said anything for {SILENCE_S:.0f} s, and was ended; "
                "`lvsnet destroy` takes away what it left"
            ) from error
        except ConnectionError:
            content = b""
        if not content:
            break
        conversation.receive(content)
    if interrupted:
        raise KeyboardInterrupt
    return conversation.result()


class Conversation:
    """What a helper says: lines of JSON, and on its standard error what it dies of."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.frames = http.Frames()
        self.line = bytearray()
        self.errors = bytearray()
        self.answer: dict[str, object] = {}

    def receive(self, content: bytes) -> None:
        for channel, piece in self.frames.receive(content):
            if channel == http.STDERR:
                self.errors += piece
                continue
            self.line += piece
            *lines, rest = self.line.split(b"\n")
            self.line = bytearray(rest)
            for line in lines:
                self._take(bytes(line))

    def result(self) -> object:
        """Once all was received.

        Raises:
            LvsnetError: the operation failed, or the helper died without a word.
        """
        if "error" in self.answer:
            raise LvsnetError(str(self.answer["error"]))
        if "result" not in self.answer:
            said = logs.tail(self.errors.decode(errors="replace"))
            raise LvsnetError(f"{WHERE} ended without a result; it said last:\n{said}")
        return self.answer["result"]

    def _take(self, line: bytes) -> None:
        try:
            event: object = json.loads(line)
        except ValueError:
            self.errors += line + b"\n"
            return
        if not isinstance(event, dict):
            self.errors += line + b"\n"
        elif "progress" in event:
            self.report(str(event["progress"]))
        else:
            self.answer |= event


def _remove(client: docker.APIClient, identity: str) -> None:
    """It removes itself when it ends; one that never started does not."""
    with explained(WHERE, "remove it"), suppress(docker.errors.NotFound):
        try:
            client.remove_container(identity, force=True)
        except docker.errors.APIError as error:
            if error.status_code != 409:  # being removed already
                raise
