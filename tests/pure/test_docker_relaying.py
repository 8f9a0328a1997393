"""The programs that join a node's port with standard streams, by the image's Python or busybox."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from lvsnet.docker import http, relaying

NOWHERE = "127.0.0.2"
"""Nobody listens there at the port that somebody has at 127.0.0.1."""


class Begin(Protocol):
    def __call__(self, port: int, *hosts: str) -> subprocess.Popen[bytes]: ...


@pytest.fixture(params=["python", "busybox"])
def begin(request: pytest.FixtureRequest, tmp_path: Path) -> Begin:
    busybox = shutil.which("busybox")
    if request.param == "busybox" and busybox is None:
        pytest.skip("there is no busybox: apt-get install busybox-static")
    (tmp_path / "bin").mkdir()
    if request.param == "python":
        (tmp_path / "bin/python3").symlink_to(sys.executable)

    def begin(port: int, *hosts: str) -> subprocess.Popen[bytes]:
        program = relaying.PROGRAM.read_text()
        return subprocess.Popen(
            ["/bin/sh", "-c", relaying.RELAY, program, busybox or "", str(port), *hosts],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": str(tmp_path / "bin")},
        )  # fmt: skip

    return begin


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        yield listener


def decoded(content: bytes) -> bytes:
    """What the other side sent."""
    frame = http.HEADER.pack(http.STDOUT, len(content)) + content
    return b"".join(piece for _, piece in relaying.Pieces().receive(frame))


def echoing(listener: socket.socket, got: bytearray) -> threading.Thread:
    """Take one connection, read to its end, and only then answer with all of it."""

    def serve() -> None:
        with listener.accept()[0] as end:
            while content := end.recv(65536):
                got.extend(content)
            end.sendall(got)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_all_passes_and_the_end_of_one_direction_is_not_that_of_the_other(
    begin: Begin, listener: socket.socket
) -> None:
    got = bytearray()
    serving = echoing(listener, got)
    data = bytes(range(256)) * 4096
    running = begin(listener.getsockname()[1], NOWHERE, "127.0.0.1")
    out, err = running.communicate(data, timeout=20)
    serving.join(20)
    assert (running.returncode, err) == (0, b"")
    assert got == data
    assert decoded(out) == data


def test_an_answer_that_ends_is_told_while_the_question_goes_on(
    begin: Begin, listener: socket.socket
) -> None:
    running = begin(listener.getsockname()[1], "127.0.0.1")
    end, _ = listener.accept()
    end.sendall(b"all of it")
    end.close()
    assert running.stdout is not None
    first = running.stdout.read(1)
    if first == b"p":
        assert running.stdout.read(17) == b"\0\0\0\x09all of it\0\0\0\0"
    else:
        assert first + running.stdout.read() == b"rall of it"
    running.communicate(timeout=20)
    assert running.returncode == 0


def test_a_port_that_nobody_takes_is_told_with_each_host(
    begin: Begin, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    running = begin(port, NOWHERE, "127.0.0.3")
    out, err = running.communicate(b"lost", timeout=20)
    assert running.returncode == 1
    assert decoded(out) == b""
    assert err.decode().lower() == (f"{NOWHERE}: connection refused; 127.0.0.3: connection refused")


def test_an_image_without_either_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", relaying.RELAY, "program", "/no/busybox", "80", "127.0.0.1"],
        capture_output=True, timeout=20, check=False, env={"PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 3
