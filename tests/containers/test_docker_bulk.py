"""Bulk data and TCP connections in and out of nodes of a real Docker engine."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvsnet.docker import api, images, labs, reach
from lvsnet.docker.engine import connect
from lvsnet.engine import deploy as engine_deploy
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.errors import LvsnetError
from lvsnet.host import operations
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

NAME = f"bulk-{os.getpid()}"
LAB = f"""
name: {NAME}
segments: {{lan: 10.0.0.0/24}}
nodes:
  a: {{role: host, interfaces: {{lan: 10.0.0.1}}}}
  web: {{role: realserver, interfaces: {{lan: 10.0.0.2}}}}
"""
RUNTIME = Docker()
MB = 2**20


@pytest.fixture(scope="module", autouse=True)
def _lab(engine: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setenv("DOCKER_HOST", engine)
        file = Path(directory) / "lab.yaml"
        file.write_text(LAB)
        record = Record(About(str(file), "docker", "host", "", 0), compile_lab(load(file)))
        client = connect()
        images.ensure(client, record.plan.nodes, silent)
        client.close()
        try:
            engine_deploy.deploy(record, RUNTIME, silent)
            yield
        finally:
            engine_deploy.destroy(NAME, RUNTIME)


@pytest.fixture(params=["root", "user"])
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who asks: root, or somebody who may only use the engine."""
    if request.param == "user":
        monkeypatch.setattr(reach, "is_root", lambda _maker: False)
    name: str = request.param
    return name


def test_bulk_data_passes_both_ways_whole(tmp_path: Path) -> None:
    data = os.urandom(MB) * 20
    (tmp_path / "in").write_bytes(data)
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as sink:
        argv = ["sh", "-c", "tee /srv/x; echo alas >&2; exit 3"]
        done = labs.pipe(NAME, "a", argv, source.fileno(), sink.fileno())
    assert done == (3, "alas\n")
    assert (tmp_path / "out").read_bytes() == data
    code, said, _ = labs.run(NAME, "a", "md5sum", "/srv/x")
    assert (code, said.split()[0]) == (0, hashlib.md5(data).hexdigest())


def test_a_command_whose_output_nobody_reads_is_killed() -> None:
    read, write = os.pipe()
    os.close(read)
    with Path(os.devnull).open("rb") as nothing, pytest.raises(BrokenPipeError):
        labs.pipe(NAME, "a", ["sh", "-c", "echo x; exec sleep 4901"], nothing.fileno(), write)
    os.close(write)
    assert "sleep 4901" not in labs.run(NAME, "a", "ps", "-eo", "args")[1]


def test_a_pipe_into_a_node_that_is_off_is_told() -> None:
    with pytest.raises(LvsnetError, match="has no node b; it has a, web"):
        labs.pipe(NAME, "b", ["true"], 0, 1)


def asked(request: bytes, hosts: list[str], port: int) -> tuple[bytes, list[str]]:
    """What a relay from node a answers to a request, and what it raised."""
    near, far = socket.socketpair()
    raised: list[str] = []

    def relay() -> None:
        try:
            labs.relay(NAME, "a", hosts, port, far)
        except LvsnetError as error:
            raised.append(str(error))

    thread = threading.Thread(target=relay)
    thread.start()
    got = bytearray()
    with near:
        near.settimeout(20)
        try:
            near.sendall(request)
            near.shutdown(socket.SHUT_WR)
            while content := near.recv(65536):
                got += content
        except OSError:
            assert not got
    thread.join(20)
    assert not thread.is_alive()
    assert far.fileno() == -1
    return bytes(got), raised


def test_a_relay_reaches_what_the_node_reaches(user: str) -> None:
    assert user
    request = b"GET / HTTP/1.0\r\n\r\n"
    for hosts in (["10.0.0.2"], ["127.0.0.1", "10.0.0.2"]):
        answer, raised = asked(request, hosts, 80)
        assert answer.endswith(b"\r\nweb\n")
        assert raised == []


def test_a_relay_to_a_port_that_nobody_takes_is_told(user: str) -> None:
    assert user
    _, raised = asked(b"", ["127.0.0.1", "10.0.0.2"], 81)
    refused = "127.0.0.1: connection refused; 10.0.0.2: connection refused"
    assert raised == [f"port 81 takes no connection ({refused})"]


def test_many_relays_at_once_and_much_by_each(user: str) -> None:
    assert user
    serve = (
        "import socketserver as s\n"
        "class H(s.StreamRequestHandler):\n"
        "    def handle(self): self.wfile.write(self.rfile.read())\n"
        "s.ThreadingTCPServer.allow_reuse_address = True\n"
        "s.ThreadingTCPServer(('0.0.0.0', 7000), H).serve_forever()\n"
    )
    labs.run(NAME, "web", "sh", "-c", 'python3 -c "$0" >/dev/null 2>&1 &', serve)
    until = time.monotonic() + 10
    while asked(b"x", ["10.0.0.2"], 7000)[0] != b"x":
        assert time.monotonic() < until
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = asked(bytes([number]) * MB, ["10.0.0.2"], 7000)[0]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: bytes([number]) * MB for number in range(12)}
    labs.run(NAME, "web", "pkill", "-f", "socketserver")


def test_a_relay_ends_with_its_client_and_leaves_nothing(user: str) -> None:
    assert user
    near, far = socket.socketpair()
    thread = threading.Thread(target=labs.relay, args=(NAME, "a", ["10.0.0.2"], 80, far))
    thread.start()
    near.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert near.recv(10)
    near.close()
    thread.join(20)
    assert not thread.is_alive()
    until = time.monotonic() + 10
    while "10.0.0.2" in labs.run(NAME, "a", "ps", "-eo", "args")[1]:
        assert time.monotonic() < until


def test_a_node_that_loses_its_power_cuts_its_relays(user: str) -> None:
    assert user
    near, far = socket.socketpair()

    def relay() -> None:
        try:
            labs.relay(NAME, "a", ["10.0.0.2"], 80, far)
        except LvsnetError:
            return

    thread = threading.Thread(target=relay)
    thread.start()
    with near:
        near.settimeout(20)
        near.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert near.recv(10)
        operations.stop(NAME, "a", RUNTIME)
        try:
            while near.recv(65536):
                continue
        except ConnectionResetError:
            pass
        thread.join(20)
        assert not thread.is_alive()
    operations.start(NAME, "a", RUNTIME, silent)
    assert api.inspect(f"lvsnet-{NAME}-a").running
