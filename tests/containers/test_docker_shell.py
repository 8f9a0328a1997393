"""A terminal in a node of a Docker engine, joined with this process's own by `lvsnet shell`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from lvsnet.docker import images
from lvsnet.docker.engine import connect
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

LAB = """
name: term
segments: {lan: 10.0.0.0/24}
nodes: {n: {role: host, interfaces: {lan: 10.0.0.1}}}
"""
SHELL = (
    "import sys; from lvsnet.docker import labs;"
    "from lvsnet.errors import LvsnetError\n"
    "try: sys.exit(labs.shell('term', 'n', sys.argv[1:], {'TERM': 'xterm', 'LC_ALL': 'C.UTF-8'}))\n"
    "except LvsnetError as error: sys.exit(f'lvsnet: {error}')"
)
AS_USER = "import os; os.geteuid = lambda: 1000;"
BASH = ("bash", "--norc", "-i")
RUNTIME = Docker()
WITHIN_S = 20.0


class Terminal:
    """`lvsnet shell` under a terminal of 31 rows and 97 columns."""

    def __init__(self, *argv: str, user: str) -> None:
        self.near, far = pty.openpty()
        self.resize(31, 97)
        self.before = termios.tcgetattr(far)
        self.process = subprocess.Popen(
            [sys.executable, "-c", user + SHELL, *argv],
            stdin=far, stdout=far, stderr=far, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        self.far = far
        self.said = b""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: bytes) -> None:
        left = memoryview(text)
        while left:
            _, writable, _ = select.select([], [self.near], [], WITHIN_S)
            assert writable
            left = left[os.write(self.near, left[:1024]) :]
            self._read(0)

    def until(self, pattern: bytes) -> re.Match[bytes]:
        """Wait until what was said and not yet waited for matches; forget it up to there."""
        until = time.monotonic() + WITHIN_S
        while not (found := re.search(pattern, self.said, re.DOTALL)):
            assert time.monotonic() < until, self.said[-2000:]
            self._read(0.2)
        self.said = self.said[found.end() :]
        return found

    def code(self) -> int:
        until = time.monotonic() + WITHIN_S
        while self.process.poll() is None:
            assert time.monotonic() < until, self.said[-2000:]
            self._read(0.05)
        self._read(0.05)
        return self.process.returncode

    def close(self) -> None:
        os.close(self.near)
        os.close(self.far)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WITHIN_S)

    def _read(self, seconds: float) -> None:
        if select.select([self.near], [], [], seconds)[0]:
            self.said += os.read(self.near, 65536)


class Make(Protocol):
    def __call__(self, *argv: str, user: str = "") -> Terminal: ...


@pytest.fixture(scope="module", autouse=True)
def _node(engine: str) -> Iterator[None]:
    """A node that runs; it needs no network."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setenv("DOCKER_HOST", engine)
        file = Path(directory) / "lab.yaml"
        file.write_text(LAB)
        record = Record(About(str(file), "docker", "host", "", 0), compile_lab(load(file)))
        client = connect()
        images.ensure(client, record.plan.nodes, silent)
        client.close()
        try:
            RUNTIME.create(record, record.plan.nodes)
            yield
        finally:
            RUNTIME.remove("term")


@pytest.fixture
def terminal() -> Iterator[Make]:
    made: list[Terminal] = []

    def make(*argv: str, user: str = "") -> Terminal:
        made.append(Terminal(*argv, user=user))
        return made[-1]

    yield make
    for one in made:
        one.close()


def commands() -> str:
    return RUNTIME.run("term", "n", ["ps", "-eo", "args"], 20)[1]


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_program_sees_the_size_from_its_first_moment(terminal: Make) -> None:
    for _ in range(3):
        one = terminal("stty", "size")
        assert one.code() == 0
        assert one.said == b"31 97\r\n"


def test_a_new_size_is_told(terminal: Make) -> None:
    one = terminal("bash", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
    one.until(b"ready\r\n")
    one.resize(50, 140)
    one.process.send_signal(signal.SIGWINCH)
    one.until(b"50 140\r\n")


def test_keys_go_to_the_foreground_job_and_the_shell_goes_on(
    terminal: Make,
) -> None:
    one = terminal(*BASH)
    one.until(rb"[#$] $")
    one.type(b"sleep 1000\r")
    eventually(lambda: "sleep 1000" in commands())
    one.type(b"\x03")
    one.until(rb"\^C.*[#$] $")
    one.type(b"sleep 2000\r")
    eventually(lambda: "sleep 2000" in commands())
    one.type(b"\x1a")
    one.until(rb"Stopped .*[#$] $")
    one.type(b"jobs; kill %1; fg; echo all=ended\r")
    one.until(rb"Stopped .*\nall=ended")
    one.type("echo gr\u00fc\u00df\r".encode())
    one.until("\rgr\u00fc\u00df\r\n".encode())
    one.type(b"exit 9\r")
    assert one.code() == 9
    assert termios.tcgetattr(one.far) == one.before


def test_much_comes_and_goes_whole(terminal: Make) -> None:
    one = terminal("sh", "-c", "stty raw -echo; echo ready; head -c 100000 | md5sum")
    one.until(b"ready\n")
    one.type(b"0123456789" * 10_000)
    one.until(hashlib.md5(b"0123456789" * 10_000).hexdigest().encode())
    assert one.code() == 0
    many = terminal("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; exit 4")
    assert many.code() == 4
    assert many.said.count(b"x") == 3_000_000


@pytest.mark.parametrize("user", ["", AS_USER])
@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGKILL"])
def test_what_runs_ends_with_the_terminal(terminal: Make, name: str, user: str) -> None:
    one = terminal("bash", "-c", "sleep 4801 & sleep 4802; true", user=user)
    eventually(lambda: "sleep 4802" in commands())
    number = signal.Signals[name]
    one.process.send_signal(number)
    assert one.code() == (-number if number == signal.SIGKILL else 128 + number)
    if number != signal.SIGKILL:
        assert termios.tcgetattr(one.far) == one.before
    eventually(lambda: "sleep 48" not in commands())


def test_a_node_that_loses_its_power_gives_one_line(terminal: Make) -> None:
    one = terminal("sh", "-c", "printf ready; exec sleep 1000")
    one.until(b"ready")
    client = connect()
    try:
        client.kill("lvsnet-term-n")
        assert one.code() == 1
        assert one.said.endswith(b"\r\nlvsnet: the node was switched off while the command ran\r\n")
        assert termios.tcgetattr(one.far) == one.before
    finally:
        client.start("lvsnet-term-n")
        client.close()


def test_a_program_that_is_not_there_is_a_shells_127(terminal: Make) -> None:
    one = terminal("no-such-program")
    assert one.code() == 127
    assert b"no-such-program" in one.said
