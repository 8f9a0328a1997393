"""A command that was killed is told from one whose node lost its power, however late the engine."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator

import pytest

from lvsnet.docker import api, streams
from lvsnet.errors import LvsnetError

NODE = api.State("node", True, False, 4711, "/usr/bin/tini", "", {})
LATE = 30
"""Looks at a container that still find it running: the engine is busy."""
OFF = "the node was switched off while the command ran"


class Engine:
    """Knows one container, and the commands ``killed``, with code 137, and ``probe``."""

    def __init__(self) -> None:
        self.probe: int | None = 0
        """Its exit code; None when the engine refuses to run a command in the container."""
        self.late = 0
        """Looks at the container until it is gone."""
        self.pid = NODE.pid

    def answer(self, method: str, path: str) -> tuple[int, object]:
        if (method, path) == ("POST", "/containers/node/exec"):
            if self.probe is None:
                return 409, {"message": "Container node is paused, unpause the container first"}
            return 201, {"Id": "probe"}
        if path == "/exec/probe/start":
            return 200, None
        if path.startswith("/exec/"):
            code = 137 if path == "/exec/killed/json" else self.probe
            return 200, {"Running": False, "ExitCode": code, "Pid": 1}
        assert path == "/containers/node/json", path
        if not self.late:
            return 404, {"message": "No such container: node"}
        self.late -= 1
        state = {"Running": True, "Paused": self.probe is None, "Pid": self.pid, "FinishedAt": ""}
        return 200, {"Id": "node", "Path": NODE.init, "State": state, "Config": {"Labels": {}}}

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            with end:
                method, path, _ = end.recv(65536).decode().split(" ", 2)
                status, body = self.answer(method, path)
                content = b"" if body is None else json.dumps(body).encode()
                head = f"HTTP/1.1 {status} Some\r\nContent-Length: {len(content)}\r\n\r\n"
                end.sendall(head.encode() + content)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    one = Engine()
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = f"{directory}/docker.sock"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=one.serve, args=(listener,))
        thread.start()
        yield one
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def exit_code() -> int:
    return streams.exit_code(streams.Process(NODE, "killed"))


@pytest.mark.parametrize("probe", [None, 126, 128, 137])
def test_an_engine_that_sees_late_that_a_node_is_off_is_waited_for(
    engine: Engine, probe: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "POWER_INTERVAL", 0.01)
    engine.probe, engine.late = probe, LATE
    with pytest.raises(LvsnetError, match=OFF):
        exit_code()
    assert engine.late == 0


def test_a_command_that_was_killed_in_a_node_that_runs_is_told_at_once(engine: Engine) -> None:
    engine.late = LATE
    assert exit_code() == 137
    assert engine.late == LATE


def test_a_node_that_has_been_started_anew_was_off(engine: Engine) -> None:
    engine.probe, engine.late, engine.pid = 1, LATE, NODE.pid + 1
    with pytest.raises(LvsnetError, match=OFF):
        exit_code()


def test_a_node_that_has_power_and_room_for_no_process_is_not_waited_for_for_ever(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "POWER_S", 0.2)
    engine.probe, engine.late = 126, 10_000
    begun = time.monotonic()
    assert exit_code() == 137
    assert time.monotonic() - begun >= 0.2
