"""forward: a browser on this machine and a VIP in a lab."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest

from e2e.users import VIP, User, eventually, kill, reads

MB = 2**20
WITHIN_S = 60.0
ECHO = """
import socketserver, threading
class Who(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.client_address[0].encode())
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        content = bytearray()
        while piece := self.request.recv(65536):
            content += piece
        self.request.sendall(content)  # when the client has ended its half, and not before
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
threading.Thread(target=Server(("0.0.0.0", 13), Who).serve_forever).start()
Server(("0.0.0.0", 7), Echo).serve_forever()
"""


@dataclass(frozen=True)
class Forwarding:
    """A running `lvsnet forward`, and the ports that it listens on."""

    process: subprocess.Popen[bytes]
    ports: Sequence[int]

    def connect(self, number: int = 0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.ports[number]), timeout=WITHIN_S)

    def curl(self, *arguments: str, number: int = 0) -> str:
        url = f"http://127.0.0.1:{self.ports[number]}/"
        command = ["curl", "-s", "-m", "20", *arguments, url]
        done = subprocess.run(command, capture_output=True, timeout=WITHIN_S, check=False)
        return done.stdout.decode()

    def says(self, words: bytes) -> None:
        """Wait until it says this on standard error."""
        assert self.process.stderr is not None
        said = b""
        while words not in said:
            line = self.process.stderr.readline()
            assert line, said
            said += line


@contextmanager
def forwarding(user: User, *arguments: str) -> Iterator[Forwarding]:
    process = user.begin("forward", *arguments, "--format", "json")
    count = sum(":" in one for one in arguments)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        if not all(lines):
            pytest.fail(str(process.communicate(timeout=WITHIN_S)))
        yield Forwarding(process, [json.loads(line)["port"] for line in lines])
    finally:
        kill(process)


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", warm_resident.lab("ports"))
    warm_resident.does("exec", "client", "sh", "-c", f"cat >/root/echo.py <<'END'{ECHO}END")
    # It goes on without whoever started it.
    serve = "setsid python3 /root/echo.py >/root/echo.log 2>&1 </dev/null &"
    warm_resident.does("exec", "client", "sh", "-c", serve)
    return warm_resident


class Begin(Protocol):
    """Begins to forward."""

    def __call__(self, *arguments: str) -> Forwarding: ...


@pytest.fixture
def forward(site: User) -> Iterator[Begin]:
    """What it begins ends with the test."""
    with ExitStack() as begun:
        yield lambda *arguments: begun.enter_context(forwarding(site, *arguments))


def counted(user: User) -> list[int]:
    """Connections that each real server was given since the director has its table."""
    text = user.does("exec", "lb01", "ipvsadm", "-Ln", "--stats", "--exact")
    return [int(number) for number in re.findall(r"-> 192\.168\.10\.1[34]:80\s+(\d+)", text)]


def test_the_vip_answers_from_both_real_servers_and_ipvs_counts_it(
    site: User, forward: Begin
) -> None:
    ports = forward(f"0:{VIP}:80")
    before = counted(site)
    answers = [ports.curl().strip() for _ in range(6)]
    assert answers[:2] * 3 == answers
    assert sorted(answers[:2]) == ["nginx01", "nginx02"]
    # The kernel adds up its counters every two seconds (ip_vs_est.c).
    eventually(lambda: counted(site) == [one + 3 for one in before], 20, lambda: counted(site))


def test_what_is_said_when_it_listens(site: User) -> None:
    process = site.begin("forward", f"0:{VIP}:80", "localhost:0:ports/nginx01:80")
    try:
        said = reads(process, b"nginx01:80\n", WITHIN_S).decode()
        pattern = (
            rf"127\.0\.0\.1:\d+ leads to {re.escape(VIP)}:80, from client\n"
            r"localhost:\d+ leads to nginx01:80\n"
        )
        assert re.fullmatch(pattern, said), said
        # No failure: there is no other way to end it.
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WITHIN_S) == (b"", b"")
        assert process.returncode == 0
    finally:
        kill(process)


def test_a_connection_that_is_kept_serves_many_requests(forward: Begin) -> None:
    ports = forward("0:nginx01:80")
    url = f"http://127.0.0.1:{ports.ports[0]}/"
    done = subprocess.run(
        ["curl", "-s", "-m", "20", "-w", "%{num_connects} ", url, url, url],
        capture_output=True, timeout=WITHIN_S, check=True,
    )  # fmt: skip
    assert done.stdout.decode().split() == ["nginx01", "1", "nginx01", "0", "nginx01", "0"]


def test_http_1_0_ends_with_the_connection(forward: Begin) -> None:
    assert forward("0:nginx02:80").curl("--http1.0", "--no-keepalive") == "nginx02\n"


def test_twenty_at_once(forward: Begin) -> None:
    ports = forward(f"0:{VIP}:80", "0:client:7")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ports.curl().strip(), range(20)))
        assert (answers.count("nginx01"), answers.count("nginx02")) == (10, 10)
        contents = [os.urandom(20_000) for _ in range(20)]
        assert list(pool.map(lambda one: echoed(ports, one), contents)) == contents


def echoed(ports: Forwarding, content: bytes) -> bytes:
    """What the echo on the second port says to it, when its half has ended."""
    with ports.connect(-1) as end:
        end.sendall(content)
        end.shutdown(socket.SHUT_WR)
        found = bytearray()
        while piece := end.recv(65536):
            found += piece
    return bytes(found)


def test_a_megabyte_both_ways_after_one_half_has_ended(forward: Begin) -> None:
    content = os.urandom(MB)
    assert echoed(forward("0:client:7"), content) == content


def test_a_target_that_refuses_is_told_and_the_others_go_on(forward: Begin) -> None:
    ports = forward("0:lb01:81", f"0:{VIP}:80")
    assert ports.curl() == ""
    ports.says(
        b"lvsnet: lb01:81: port 81 takes no connection (127.0.0.1: connection refused; ::1: "
    )
    assert ports.curl(number=1).strip() in ("nginx01", "nginx02")


def test_a_node_that_was_off_works_again(site: User, forward: Begin) -> None:
    ports = forward("0:nginx02:80", f"0:{VIP}:80")
    assert ports.curl() == "nginx02\n"
    with ports.connect() as end:
        site.does("stop", "nginx02")
        assert end.recv(1) == b""  # power loss cuts it
        assert ports.curl() == ""
        ports.says(b"lvsnet: nginx02:80: nginx02 does not run")
    site.does("start", "nginx02")
    eventually(lambda: ports.curl() == "nginx02\n", WITHIN_S, "nginx02 answers again")


def test_another_node_connects_when_it_is_asked_to(forward: Begin) -> None:
    ports = forward("0:client:13", "--from", "nginx02")
    with ports.connect() as end:
        assert end.recv(100) == b"192.168.10.14"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["1:web9:80"], 1, "no node web9; it has client, lb01"),
        (["0:nginx01:80", "--from", "web9"], 1, "no node web9"),
        (["0:elsewhere/nginx01:80"], 1, "lab elsewhere does not run"),
        (["no.such.host.invalid:0:nginx01:80"], 1, "no.such.host.invalid: no address"),
        (["192.0.2.1:0:nginx01:80"], 1, "192.0.2.1:0: this machine has no such address"),
        (["8080:nginx01"], 2, "is not [HOST:]PORT:TARGET:PORT"),
    ],
)
def test_what_cannot_be_forwarded_is_told(
    site: User, arguments: list[str], code: int, words: str
) -> None:
    done = site.tries("forward", *arguments)
    assert (done.code, done.out) == (code, b"")
    assert words in " ".join(done.err.split())
    assert code == 2 or done.err.count("\n") == 1


def test_a_port_that_is_taken(site: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = site.tries("forward", "0:nginx02:80", f"{port}:nginx01:80")
    said = f"lvsnet: 127.0.0.1:{port} is taken; choose another port, or 0 for a free one\n"
    assert (done.code, done.out, done.err) == (1, b"", said)


def test_it_ends_with_its_lab(site: User) -> None:
    """The last test: there is no site after it."""
    with forwarding(site, "0:nginx01:80") as ports:
        eventually(lambda: ports.curl() == "nginx01\n", WITHIN_S, "nginx01 answers")
        with ports.connect() as end:
            site.does("destroy", "ports")
            assert end.recv(1) == b""
        out, err = ports.process.communicate(timeout=WITHIN_S)
        assert (ports.process.returncode, out, err) == (1, b"", b"lvsnet: lab ports has ended\n")
