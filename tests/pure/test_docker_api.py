"""An engine that is not there, not ours, too old or silent is told from one that is well."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lvsnet.docker import api, follower, labs, reach
from lvsnet.errors import LvsnetError, SilenceError

OK = "HTTP/1.1 200 OK\r\nServer: Docker/{engine} (linux)\r\nApi-Version: {api}\r\nContent-Length: 2\r\n\r\nOK"  # noqa: E501


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where an engine's socket may be."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/docker.sock"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield path


@pytest.fixture
def engine(path: str) -> Iterator[Callable[[bytes], None]]:
    """Have an engine that gives this answer to every request, and then ends the connection."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        threads = []

        def serve(answer: bytes) -> None:
            while True:
                try:
                    end, _ = listener.accept()
                except OSError:
                    return
                with end:
                    end.recv(65536)
                    end.sendall(answer)

        def begin(answer: bytes) -> None:
            listener.listen()
            threads.append(threading.Thread(target=serve, args=(answer,)))
            threads[-1].start()

        yield begin
        if threads:
            listener.shutdown(socket.SHUT_RDWR)
            threads[0].join(10)


def test_the_socket_is_docker_hosts() -> None:
    assert api.socket_path({"DOCKER_HOST": "unix:///some/where.sock"}) == "/some/where.sock"
    assert api.socket_path({"DOCKER_HOST": ""}) == "/var/run/docker.sock"
    assert api.socket_path({}) == "/var/run/docker.sock"


@pytest.mark.parametrize(
    "address",
    ["tcp://10.0.0.1:2375", "ssh://somebody@there", "/run/docker.sock", "unix://", "unix://a/b"],
)
def test_an_engine_elsewhere_is_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(LvsnetError) as raised:
        api.socket_path({"DOCKER_HOST": address})
    assert address in str(raised.value)
    assert "unix://" in str(raised.value)


def test_an_engine_tells_its_version(engine: Callable[[bytes], None]) -> None:
    engine(OK.format(engine="28.2.2", api="1.50").encode())
    assert api.version() == api.Version("28.2.2", (1, 50))


def test_an_old_engine_is_told(engine: Callable[[bytes], None]) -> None:
    engine(OK.format(engine="19.03.15", api="1.40").encode())
    with pytest.raises(api.OldEngineError, match=r"19.03.15 .* 1.40; lvsnet needs 1.41"):
        api.version()


def test_no_socket_is_no_engine(path: str) -> None:
    with pytest.raises(api.NoEngineError) as raised:
        api.version()
    assert path in str(raised.value)
    assert "systemctl start docker" in str(raised.value)
    assert labs.running() == []


def test_a_socket_that_nobody_listens_at_is_no_engine(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with pytest.raises(api.NoEngineError, match="refused"):
        api.version()
    assert labs.running() == []


def test_a_socket_of_somebody_elses_is_told_with_the_way_in(
    ordinary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ordinary_directory / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        with pytest.raises(api.ForbiddenError, match="usermod -aG docker"):
            api.version()
        assert labs.running() == []


def test_an_engine_that_hangs_is_not_waited_for(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with pytest.raises(SilenceError, match="has not answered"):
            api.version(deadline=0.05)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
)
def test_what_is_no_engine_is_told(engine: Callable[[bytes], None], answer: bytes) -> None:
    engine(answer)
    with pytest.raises(LvsnetError, match=r"docker\.sock"):
        api.version()


def test_an_engines_refusal_is_in_its_own_words(engine: Callable[[bytes], None]) -> None:
    body = b'{"message":"No such container: x"}'
    engine(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with pytest.raises(api.RefusedError, match="No such container: x") as raised:
        api.inspect("x")
    assert raised.value.status == 404


def test_who_made_the_socket_is_seen(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        maker = api.maker()
    assert maker == api.Maker(os.getpid(), os.getuid())
    assert reach.shares_processes(maker)


def test_an_engine_whose_processes_are_not_to_be_seen_is_elsewhere() -> None:
    assert not reach.shares_processes(api.Maker(0, 0))
    assert not reach.foreign(api.Maker(0, 0))
    assert "rootless" in reach.foreign(api.Maker(1, 1000))


@pytest.mark.parametrize(
    ("finished", "since"),
    [
        ("2026-11-22T20:13:38.123456789Z", "1795378418.123456789"),
        ("2026-11-22T20:13:38.5Z", "1795378418.500000000"),
        ("2026-11-22T20:13:38Z", "1795378418"),
    ],
)
def test_a_log_goes_on_where_it_ended(finished: str, since: str) -> None:
    assert follower.since(finished) == since
