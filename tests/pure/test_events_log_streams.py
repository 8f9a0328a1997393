"""A container's log, as Docker's engine sends it while it grows."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lvsnet.docker import api, http
from lvsnet.engine.runtimes.crun import Crun
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.observe import logs_watch
from lvsnet.observe.log_streams import LogStream, StreamLogs
from lvsnet.observe.logs_watch import FileLogs
from lvsnet.observe.notices import Change
from lvsnet.observe.transitions import Log

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
MASTER = b"(VI_1) Entering MASTER STATE\n"


def chunk(said: bytes) -> bytes:
    frame = http.HEADER.pack(http.STDOUT, len(said)) + said
    return b"%x\r\n%s\r\n" % (len(frame), frame)


def logs(first: bytes) -> tuple[StreamLogs, socket.socket]:
    """Of node lb01, whose engine has sent ``first``; and the engine's end."""
    ours, engine = socket.socketpair()
    engine.sendall(first)
    ours.settimeout(5)
    answer, content = api.begin(ours)
    found = StreamLogs("dr", {"lb01": LogStream(ours, answer, first=content)}, {"lb01": Log()})
    return found, engine


def states(found: StreamLogs) -> list[str]:
    return [one.what for one in found.read("lb01")]


def test_what_comes_with_the_head_is_read() -> None:
    found, engine = logs(HEAD + chunk(MASTER))
    with engine:
        change = Change("vrrp", "master", "VI_1", "VI_1 enters MASTER")
        assert list(found.read("lb01")) == [change]
        assert states(found) == []
        found.streams["lb01"].close()


def test_what_comes_later_is_read_in_any_pieces() -> None:
    found, engine = logs(HEAD)
    with engine:
        seen = []
        for byte in chunk(b"nothing\n" + MASTER):
            engine.sendall(bytes([byte]))
            seen += states(found)
        assert seen == ["master"]
        found.streams["lb01"].close()


@pytest.mark.parametrize("last", [b"0\r\n\r\n", chunk(MASTER) + b"0\r\n\r\n"])
def test_a_container_that_ends_is_followed_no_more(last: bytes) -> None:
    found, engine = logs(HEAD)
    with engine:
        engine.sendall(last)
        assert states(found) == ["master"] * (len(last) > 5)
        assert (found.streams, found.fds()) == ({}, [])
        assert found.ended["lb01"] > 0
        assert states(found) == []


def test_dockers_logs_are_streams_and_cruns_are_files(tmp_path: Path) -> None:
    assert isinstance(logs_watch.logs("dr", Docker()), StreamLogs)
    assert isinstance(logs_watch.logs("dr", Crun(tmp_path, None)), FileLogs)
