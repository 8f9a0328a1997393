"""The agent, run on this machine, with programs in place of containers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lvsnet.guest import wire
from lvsnet.guest.wire import Frame, Line, Type

# The engine's operations are left out: this is about streams.
AGENT = """
import sys, time
from lvsnet.guest import agent, requests
requests.COMMANDS = {"exec": lambda request: request["argv"]}
requests.TERMINALS = {
    "shell": lambda request: lambda console: [
        sys.executable, "-c", request["container"], str(console), *request["argv"]
    ]
}
requests.OPERATIONS = {"progress": lambda request, report: report("half") or {"done": True}}
agent.Agent(int(sys.argv[1])).run()
"""
CONTAINER = """
import fcntl, os, socket, sys, termios
size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
end, inside = os.openpty()
fcntl.ioctl(inside, termios.TIOCSWINSZ, size)
with socket.socket(socket.AF_UNIX) as console:
    console.connect(sys.argv[1])
    socket.send_fds(console, [b"terminal"], [end])
os.close(end)
pid = os.fork()
if not pid:
    os.login_tty(inside)
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(inside)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
"""Does what `crun exec --tty --console-socket` does."""
REFUSES = "import sys; print('no such container'); sys.exit(1)"


@dataclass
class Peer:
    """The supervisor's end of the line."""

    end: socket.socket
    pid: int
    """The agent's process."""
    line: Line = field(default_factory=lambda: Line(window=wire.LINE_WINDOW))
    data: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """(Stream, channel) -> what came on it."""
    results: dict[int, dict[str, object]] = field(default_factory=dict)

    def open(self, stream: int, *argv: str) -> None:
        self.line.send(wire.with_json(Type.OPEN, stream, {"op": "exec", "argv": list(argv)}))

    def sit(self, stream: int, *argv: str, container: str = CONTAINER) -> None:
        """Run a command at a terminal of 24 rows and 80 columns."""
        request = {"op": "shell", "argv": argv, "container": container, "rows": 24, "columns": 80}
        self.line.send(wire.with_json(Type.OPEN, stream, request))

    def until(self, words: bytes, stream: int = 1) -> None:
        """Read until the stream's output has these words."""
        until = time.monotonic() + 10
        while words not in self.data.get((stream, wire.STDOUT), b""):
            self.turn(until)

    def turn(self, until: float, reading: Sequence[int] = ()) -> None:
        """Write and read once; streams in ``reading`` are given no credit for what they sent."""
        assert time.monotonic() < until, (self.results, {k: len(v) for k, v in self.data.items()})
        while self.line.wants_write:
            self.line.wrote(self.end.send(self.line.to_write()))
        self.end.settimeout(0.1)
        try:
            content = self.end.recv(65536)
        except TimeoutError:
            return
        for frame in self.line.receive(content):
            self._frame(frame, reading)

    def _frame(self, frame: Frame, reading: Sequence[int]) -> None:
        if frame.type is Type.DATA:
            channel, content = wire.channel_of(frame)
            key = (frame.stream, channel)
            self.data[key] = self.data.get(key, b"") + content
            if frame.stream not in reading:
                self.line.send(wire.credit(frame.stream, channel, len(content)))
        elif frame.type is Type.CLOSE:
            self.results[frame.stream] = wire.json_of(frame)

    def result(self, stream: int, slow: Sequence[int] = ()) -> dict[str, object]:
        until = time.monotonic() + 10
        while stream not in self.results:
            self.turn(until, slow)
        return self.results[stream]


@pytest.fixture
def peer() -> Iterator[Peer]:
    ours, theirs = socket.socketpair()
    with ours:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", AGENT, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        yield Peer(ours, process.pid)
        process.kill()
        process.wait(10)


def test_output_and_exit_code(peer: Peer) -> None:
    peer.open(1, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert peer.result(1) == {"code": 7}
    assert peer.data == {(1, wire.STDOUT): b"out\n", (1, wire.STDERR): b"err\n"}


def test_input_goes_to_the_program_and_ends(peer: Peer) -> None:
    peer.open(1, "cat")
    peer.line.send(wire.data(1, wire.STDIN, b"one "))
    peer.line.send(wire.data(1, wire.STDIN, b"two"))
    peer.line.send(wire.eof(1, wire.STDIN))
    assert peer.result(1) == {"code": 0}
    assert peer.data == {(1, wire.STDOUT): b"one two"}


def test_a_stream_without_credit_waits_and_the_others_go_on(peer: Peer) -> None:
    peer.open(1, "head", "-c", "1000000", "/dev/zero")
    peer.open(2, "head", "-c", "1000000", "/dev/zero")
    assert peer.result(2, slow=[1]) == {"code": 0}
    assert len(peer.data[2, wire.STDOUT]) == 1_000_000
    assert len(peer.data[1, wire.STDOUT]) <= wire.CREDIT
    assert 1 not in peer.results
    peer.line.send(wire.credit(1, wire.STDOUT, len(peer.data[1, wire.STDOUT])))
    assert peer.result(1) == {"code": 0}
    assert len(peer.data[1, wire.STDOUT]) == 1_000_000


def test_a_program_that_does_not_read_holds_up_nobody(peer: Peer) -> None:
    peer.open(1, "sleep", "60")
    for _ in range(8):
        peer.line.send(wire.data(1, wire.STDIN, bytes(wire.CHUNK)))
    peer.open(2, "cat")
    peer.line.send(wire.data(2, wire.STDIN, b"x"))
    peer.line.send(wire.eof(2, wire.STDIN))
    assert peer.result(2) == {"code": 0}
    assert peer.data == {(2, wire.STDOUT): b"x"}


def test_a_signal_reaches_the_program(peer: Peer) -> None:
    peer.open(1, "sleep", "60")
    peer.line.send(wire.with_json(Type.MESSAGE, 1, {"signal": signal.SIGTERM}))
    assert peer.result(1) == {"code": 143}


def test_the_signal_of_a_key_reaches_all_of_the_group(peer: Peer) -> None:
    """bash goes on with its loop if it alone gets SIGINT and the program that it waits for ends."""
    peer.open(1, "bash", "-c", "sh -c 'echo inside; sleep 1'; echo on; sleep 60")
    peer.until(b"inside")
    peer.line.send(wire.with_json(Type.MESSAGE, 1, {"signal": signal.SIGINT}))
    assert peer.result(1) == {"code": 130}
    assert b"on" not in peer.data[1, wire.STDOUT]


def test_what_was_stopped_for_the_host_to_be_heard_goes_on_if_that_says_nothing(peer: Peer) -> None:
    peer.open(1, "sh", "-c", "echo before; sleep 0.2; echo after")
    peer.until(b"before")
    os.kill(peer.pid, signal.SIGINT)
    assert peer.result(1) == {"code": 0}
    assert peer.data[1, wire.STDOUT] == b"before\nafter\n"


def test_a_client_that_goes_away_ends_the_program_and_its_children(peer: Peer) -> None:
    peer.open(1, "sh", "-c", "trap '' TERM; sleep 60 & echo $! $$; wait")
    until = time.monotonic() + 10
    while b"\n" not in peer.data.get((1, wire.STDOUT), b""):
        peer.turn(until)
    pids = [int(pid) for pid in peer.data[1, wire.STDOUT].split()]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    peer.line.send(wire.with_json(Type.CLOSE, 1, {}))
    while any(running(pid) for pid in pids):
        peer.turn(until)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"op": "exec", "argv": ["/no/such/program"]}, "No such file"),
        ({"op": "fly"}, "knows no operation 'fly'"),
    ],
)
def test_what_cannot_be_started_is_told(
    peer: Peer, request_: dict[str, object], words: str
) -> None:
    peer.line.send(wire.with_json(Type.OPEN, 1, request_))
    assert words in str(peer.result(1)["error"])


def test_an_operation_reports_and_ends_with_its_result(peer: Peer) -> None:
    peer.line.send(wire.with_json(Type.OPEN, 1, {"op": "progress"}))
    assert peer.result(1) == {"code": 0}
    lines = peer.data[1, wire.STDOUT].splitlines()
    assert lines == [b'{"progress": "half"}', b'{"result": {"done": true}}']


def descriptors(peer: Peer, streams: range) -> int:
    """How many files the agent has open.

    The least of several counts: a program may run a moment before the agent has closed its copies
    of that program's ends.
    """
    counts = []
    for stream in streams:
        peer.open(stream, "sh", "-c", "ls /proc/$PPID/fd | wc -l")
        peer.result(stream)
        counts.append(int(peer.data[stream, wire.STDOUT]))
    return min(counts)


def test_many_programs_leave_no_file_descriptor(peer: Peer) -> None:
    before = descriptors(peer, range(1, 10))
    for stream in range(10, 50):
        peer.open(stream, "true")
    for stream in range(10, 50):
        assert peer.result(stream) == {"code": 0}
    assert descriptors(peer, range(50, 60)) == before


def test_a_terminal_has_its_size_and_its_output_is_one(peer: Peer) -> None:
    peer.sit(1, "sh", "-c", "tty >/dev/null && stty size; echo err >&2; exit 7")
    assert peer.result(1) == {"code": 7}
    assert peer.data == {(1, wire.STDOUT): b"24 80\r\nerr\r\n"}


def test_what_is_typed_before_the_terminal_is_there_waits(peer: Peer) -> None:
    peer.sit(1, "head", "-n", "1")
    peer.line.send(wire.data(1, wire.STDIN, b"early\r"))
    assert peer.result(1) == {"code": 0}
    assert peer.data[1, wire.STDOUT].endswith(b"early\r\nearly\r\n")


def test_all_output_comes_before_the_end(peer: Peer) -> None:
    for stream in range(1, 11):
        peer.sit(stream, "sh", "-c", "head -c 30000 /dev/zero; printf end")
        assert peer.result(stream) == {"code": 0}
        assert peer.data[stream, wire.STDOUT] == bytes(30_000) + b"end"


def test_a_resized_terminal_tells_its_program(peer: Peer) -> None:
    peer.sit(1, "sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done")
    peer.until(b"ready")
    peer.line.send(wire.with_json(Type.MESSAGE, 1, {"rows": 50, "columns": 132}))
    assert peer.result(1) == {"code": 0}
    assert b"50 132\r\n" in peer.data[1, wire.STDOUT]


@pytest.mark.parametrize("size", [{"rows": 70000, "columns": 80}, {"rows": "x", "columns": 80}])
def test_a_size_that_no_terminal_has_is_refused(peer: Peer, size: dict[str, object]) -> None:
    peer.sit(1, "sh", "-c", "echo ready; sleep 60")
    peer.until(b"ready")
    peer.line.send(wire.with_json(Type.MESSAGE, 1, size))
    assert str(peer.result(1)["error"]).startswith("terminal: a terminal ")
    peer.open(2, "true")
    assert peer.result(2) == {"code": 0}


@pytest.mark.parametrize("deaf", ["", "trap '' HUP; "])
def test_a_client_that_goes_away_hangs_up(peer: Peer, deaf: str) -> None:
    peer.sit(1, "sh", "-c", f"{deaf}sleep 60 & echo $! $$ here; wait; sleep 60")
    peer.until(b"here")
    pids = [int(pid) for pid in peer.data[1, wire.STDOUT].split()[:2]]
    peer.line.send(wire.with_json(Type.CLOSE, 1, {}))
    until = time.monotonic() + 10
    while any(running(pid) for pid in pids):
        peer.turn(until)


def test_a_container_that_gives_no_terminal_says_why(peer: Peer) -> None:
    peer.sit(1, "true", container=REFUSES)
    assert peer.result(1) == {"code": 1}
    assert peer.data == {(1, wire.STDOUT): b"no such container\r\n"}


def test_terminals_leave_no_file_descriptor(peer: Peer) -> None:
    before = descriptors(peer, range(1, 10))
    for stream in range(10, 20):
        peer.sit(stream, "true")
        peer.sit(stream + 10, "true", container=REFUSES)
    for stream in range(10, 20):
        assert peer.result(stream) == {"code": 0}
        assert peer.result(stream + 10) == {"code": 1}
    peer.sit(40, "sleep", "60")
    peer.line.send(wire.with_json(Type.CLOSE, 40, {}))
    assert descriptors(peer, range(50, 60)) == before
