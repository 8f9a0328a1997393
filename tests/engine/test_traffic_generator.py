"""The traffic generator against servers on this machine's loopback, without any privilege."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from lvsnet.traffic import checking, records, schedule
from lvsnet.traffic.generator import Generator, speech
from lvsnet.traffic.model import Load, Request, Target
from lvsnet.traffic.responder import Responder, listening

HOST = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnginx01\n"
DEADLINE = 20.0

Serve = Callable[[socket.socket], None]


@dataclass
class Server:
    """A TCP server with a thread for each connection."""

    serve: Serve
    listener: socket.socket
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def run(self) -> None:
        while True:
            try:
                end, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(end)
            threading.Thread(target=self._serve, args=(end,), daemon=True).start()

    def _serve(self, end: socket.socket) -> None:
        try:
            self.serve(end)
        except OSError:
            return


@contextmanager
def serving(serve: Serve) -> Iterator[Server]:
    with socket.create_server((HOST, 0), backlog=512) as listener:
        server = Server(serve, listener)
        threading.Thread(target=server.run, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    for one in server.connections:
        one.close()


def heads(end: socket.socket) -> Iterator[bytes]:
    """The requests without bodies that come."""
    content = b""
    while piece := end.recv(65536):
        content += piece
        while b"\r\n\r\n" in content:
            head, _, content = content.partition(b"\r\n\r\n")
            yield head


def says_ok(end: socket.socket) -> None:
    for _ in heads(end):
        end.sendall(OK)


def says_nothing(end: socket.socket) -> None:
    while end.recv(65536):
        continue


def load(port: int, scheme: str = "http") -> Load:
    return Load("web", ("client",), Target(scheme, HOST, port), rate=50, count=5)


def send(
    one: Load,
    tmp_path: Path,
    stop: threading.Event | None = None,
    clock: Callable[[], int] = time.monotonic_ns,
) -> list[Request]:
    """All that becomes of a load's first client; ``stop`` ends it."""
    one = checking.exact(one)
    assert checking.wrong(one) == ""
    path = tmp_path / "records"
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    control, tell = os.pipe()
    with ExitStack() as undo:
        for fd in (output, control, tell):
            undo.callback(os.close, fd)
        plan = schedule.of(one, 0, time.monotonic_ns())
        generator = Generator(one, "client", plan, speech(one, HOST), output, control, clock)
        thread = threading.Thread(target=generator.run, daemon=True)
        thread.start()
        if stop is not None:
            assert stop.wait(DEADLINE)
            os.write(tell, b"s")
        thread.join(DEADLINE)
        assert not thread.is_alive()
    reader = records.Reader(path, "client")
    reader.read_on()
    assert reader.ended
    assert reader.frontier == len(reader.requests)
    return list(records.sorted_by_time(reader.requests))


def failures(found: list[Request]) -> list[str]:
    return [one.failure for one in found]


def test_each_request_has_a_connection_and_is_sent_by_the_grid(tmp_path: Path) -> None:
    begun = time.monotonic_ns()
    with serving(says_ok) as server:
        found = send(replace(load(server.port), rate=10), tmp_path)
    assert failures(found) == [""] * 5
    assert {one.server for one in found} == {"nginx01"}
    assert [one.connection for one in found] == [1, 2, 3, 4, 5]
    assert len({one.port for one in found}) == 5
    assert all(one.received == len(OK) for one in found)
    assert all(one.sent > 50 for one in found)
    for number, one in enumerate(found):
        assert one.at >= begun + number * 100_000_000


def test_a_connection_that_is_kept_carries_all_requests(tmp_path: Path) -> None:
    with serving(says_ok) as server:
        found = send(replace(load(server.port), style="keepalive"), tmp_path)
    assert failures(found) == [""] * 5
    assert {(one.connection, one.port) for one in found} == {(1, found[0].port)}


def test_one_that_the_server_closes_is_made_anew(tmp_path: Path) -> None:
    def once(end: socket.socket) -> None:
        next(heads(end))
        end.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        end.close()

    with serving(once) as server:
        found = send(replace(load(server.port), style="keepalive"), tmp_path)
    assert failures(found) == [""] * 5
    assert [one.connection for one in found] == [1, 2, 3, 4, 5]


def test_requests_wait_for_a_kept_connection_and_count_from_when_they_were_due(
    tmp_path: Path,
) -> None:
    def slowly(end: socket.socket) -> None:
        for _ in heads(end):
            time.sleep(0.1)
            end.sendall(OK)

    with serving(slowly) as server:
        found = send(replace(load(server.port), style="keepalive", timeout=5), tmp_path)
    assert failures(found) == [""] * 5
    # From when it was handed to the connection it would be 100 ms.
    assert found[4].took > 250_000_000


def test_no_answer_in_time_is_a_timeout_and_others_go_on(tmp_path: Path) -> None:
    with serving(says_nothing) as server:
        found = send(replace(load(server.port), timeout=0.2), tmp_path)
    assert failures(found) == ["timeout"] * 5
    assert all(one.took >= 200_000_000 for one in found)


def test_a_port_that_nobody_has_refuses(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    for style in ("request", "keepalive", "hold"):
        directory = tmp_path / style
        directory.mkdir()
        assert failures(send(replace(load(port), style=style), directory)) == ["refused"] * 5


def test_a_reset_and_an_end_too_early_are_told_apart(tmp_path: Path) -> None:
    def resets(end: socket.socket) -> None:
        end.recv(1)  # the rest is unread, so that closing resets
        end.close()

    def ends(end: socket.socket) -> None:
        next(heads(end))
        end.sendall(OK[:-2])
        end.close()

    for serve, failure in ((resets, "reset"), (ends, "closed")):
        directory = tmp_path / failure
        directory.mkdir()
        with serving(serve) as server:
            found = send(load(server.port), directory)
        assert failures(found) == [failure] * 5


def test_an_error_of_the_server_is_a_failure_with_its_status(tmp_path: Path) -> None:
    def fails(end: socket.socket) -> None:
        next(heads(end))
        end.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")

    with serving(fails) as server:
        assert failures(send(load(server.port), tmp_path)) == ["status 500"] * 5


def test_held_connections_carry_heartbeats_in_turn(tmp_path: Path) -> None:
    with serving(says_ok) as server:
        asked = replace(load(server.port), style="hold", connections=2, count=6)
        found = send(asked, tmp_path)
    assert failures(found) == [""] * 6
    assert [one.connection for one in found] == [1, 2, 1, 2, 1, 2]


def test_a_held_connection_that_breaks_stays_broken_and_the_others_live(tmp_path: Path) -> None:
    def serve(end: socket.socket) -> None:
        first = end is server.connections[0]
        for number, _ in enumerate(heads(end)):
            if first and number == 1:
                end.close()
                return
            end.sendall(OK)

    with serving(serve) as server:
        asked = replace(load(server.port), style="hold", connections=2, count=8)
        found = send(asked, tmp_path)
    assert [one.failure for one in found if one.connection == 1] == ["", *["closed"] * 3]
    assert [one.failure for one in found if one.connection == 2] == [""] * 4
    assert len(server.connections) == 2


def test_a_late_answer_on_a_held_connection_is_lost_and_the_next_ones_are_not(
    tmp_path: Path,
) -> None:
    def pauses(end: socket.socket) -> None:
        for number, _ in enumerate(heads(end)):
            if number == 1:
                time.sleep(0.35)
            end.sendall(OK)

    with serving(pauses) as server:
        asked = replace(load(server.port), style="hold", rate=5, count=4, timeout=0.25)
        found = send(asked, tmp_path)
    assert failures(found) == ["", "timeout", "", ""]
    assert {one.connection for one in found} == {1}


def test_without_a_rate_the_next_request_follows_the_end_of_one(tmp_path: Path) -> None:
    with serving(says_ok) as server:
        for style in ("request", "keepalive", "hold"):
            directory = tmp_path / style
            directory.mkdir()
            asked = replace(load(server.port), rate=0, connections=2, count=20, style=style)
            found = send(asked, directory)
            assert failures(found) == [""] * 20, style
            assert len({one.connection for one in found}) == (20 if style == "request" else 2)


def test_what_is_refused_is_not_asked_for_without_a_pause(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    asked = replace(load(port), rate=0, count=None, seconds=0.1)
    assert 10 < len(send(asked, tmp_path)) <= 101


@pytest.mark.parametrize("skew", range(20))
def test_it_ends_however_its_looks_at_the_clock_lie_to_its_end(tmp_path: Path, skew: int) -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    begun = time.monotonic_ns() + skew * 100_000
    looks = count()
    asked = replace(load(port), rate=0, count=None, seconds=0.1)
    assert send(asked, tmp_path, clock=lambda: begun + next(looks) * 200_000)


def test_seconds_end_a_load(tmp_path: Path) -> None:
    with serving(says_ok) as server:
        found = send(replace(load(server.port), count=None, seconds=0.3), tmp_path)
    assert len(found) == 15


def test_it_sleeps_while_its_last_requests_are_under_way(tmp_path: Path) -> None:
    """In a held lab a process that never sleeps would hold the clock up."""
    looks = 0

    def clock() -> int:
        nonlocal looks
        looks += 1
        return time.monotonic_ns()

    with serving(says_nothing) as server:
        asked = replace(load(server.port), count=None, seconds=0.1, timeout=0.5)
        found = send(asked, tmp_path, clock=clock)
    assert failures(found) == ["timeout"] * 5
    assert looks < 200


def test_a_stop_waits_for_what_is_under_way_and_no_longer(tmp_path: Path) -> None:
    asked_for = threading.Event()

    def late(end: socket.socket) -> None:
        for _ in heads(end):
            asked_for.set()
            time.sleep(0.3)
            end.sendall(OK)

    with serving(late) as server:
        found = send(replace(load(server.port), rate=2, count=50), tmp_path, asked_for)
    assert failures(found) == [""]


def test_an_upload_arrives_whole(tmp_path: Path) -> None:
    lengths: list[int] = []

    def counts(end: socket.socket) -> None:
        content = b""
        while b"\r\n\r\n" not in content:
            content += end.recv(65536)
        head, _, body = content.partition(b"\r\n\r\n")
        assert b"Content-Length: 3000000" in head
        while len(body) < 3_000_000:
            body += end.recv(1 << 20)
        lengths.append(len(body))
        end.sendall(OK)

    with serving(counts) as server:
        asked = replace(load(server.port), upload=3_000_000, count=2, timeout=10)
        found = send(asked, tmp_path)
    assert failures(found) == ["", ""]
    assert lengths == [3_000_000] * 2
    assert all(one.sent > 3_000_000 for one in found)


def test_many_at_once(tmp_path: Path) -> None:
    with serving(says_ok) as server:
        asked = replace(load(server.port), rate=0, connections=100, count=300, timeout=10)
        assert failures(send(asked, tmp_path)) == [""] * 300


@contextmanager
def responding(scheme: str) -> Iterator[int]:
    """A responder; its port."""
    control, tell = os.pipe()
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    sockets = listening(scheme, port)
    thread = threading.Thread(target=Responder("nginx02", sockets, control).run, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        os.write(tell, b"s")
        thread.join(DEADLINE)
        for one in sockets:
            one.close()
        os.close(control)
        os.close(tell)
    assert not thread.is_alive()


@pytest.mark.parametrize("style", ["request", "keepalive", "hold"])
@pytest.mark.parametrize("scheme", ["tcp", "udp"])
@pytest.mark.parametrize("upload", [0, 5000])
def test_lines_are_answered_with_the_name_of_the_node(
    scheme: str, style: str, upload: int, tmp_path: Path
) -> None:
    with responding(scheme) as port:
        found = send(replace(load(port, scheme), style=style, upload=upload), tmp_path)
    assert failures(found) == [""] * 5
    assert {one.server for one in found} == {"nginx02"}
    assert len({one.port for one in found}) == (5 if style == "request" else 1)


def test_a_datagram_that_nobody_takes_is_refused(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    for style in ("request", "keepalive", "hold"):
        directory = tmp_path / style
        directory.mkdir()
        found = send(replace(load(port, "udp"), style=style), directory)
        assert failures(found) == ["refused"] * 5, style


def test_a_datagram_answers_the_request_whose_number_it_repeats(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind((HOST, 0))

        def answers() -> None:
            first, peer = end.recvfrom(100)
            second, _ = end.recvfrom(100)
            assert first == b"lvsnet 1\n"
            end.sendto(b"nginx02 2\n", peer)
            assert second == b"lvsnet 2\n"

        thread = threading.Thread(target=answers, daemon=True)
        thread.start()
        port = end.getsockname()[1]
        asked = replace(load(port, "udp"), style="hold", count=2, timeout=0.4)
        found = send(asked, tmp_path)
        thread.join(DEADLINE)
    assert failures(found) == ["timeout", ""]
