"""A command in a node of a Docker engine is as if it ran here: streams, signals, exit code."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lvsnet.docker import api, images
from lvsnet.docker.engine import connect
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

LAB = """
name: sess
segments: {lan: 10.0.0.0/24}
nodes: {n: {role: host, interfaces: {lan: 10.0.0.1}}}
"""
ATTACH = (
    "import sys; from lvsnet.docker import labs;"
    "sys.exit(labs.attach('sess', 'n', sys.argv[1:], {'A': 'b c'}))"
)
AS_USER = "import os; os.geteuid = lambda: 1000;"
"""Somebody who may use the engine and not kill root's processes."""
LOGS = "import sys; from lvsnet.docker import labs; sys.exit(labs.logs('sess', 'n', follow=%s))"
MB = 2**20
TEN = 10 * MB
PIPE = subprocess.PIPE
RUNTIME = Docker()


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
            RUNTIME.remove("sess")


def begin_as(user: str, *argv: str) -> subprocess.Popen[bytes]:
    """`begin` with ``user``'s code first."""
    return subprocess.Popen(
        [sys.executable, "-c", user + ATTACH, *argv],
        stdin=subprocess.DEVNULL, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip


def begin(*argv: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH, *argv], stdin=stdin, stdout=PIPE, stderr=PIPE
    )


def done(*argv: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    running = begin(*argv, stdin=PIPE)
    out, err = running.communicate(stdin, timeout=30)
    return running.returncode, out, err


def reads(process: subprocess.Popen[bytes], words: bytes) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == words


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def commands() -> str:
    return RUNTIME.run("sess", "n", ["ps", "-eo", "args"], 20)[1]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 255"], 255),
        (["sh", "-c", "kill -9 $$"], 137),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["no-such-command"], 127),
        (["/no/such/path"], 127),
        (["/etc/passwd"], 126),
    ],
)
def test_exit_codes_are_a_shells(command: list[str], code: int) -> None:
    assert done(*command)[0] == code


def test_a_missing_command_is_named_in_a_line() -> None:
    _, out, err = done("no-such-command")
    assert out == b""
    assert b"no-such-command" in err
    assert err.count(b"\n") == 1


def test_the_streams_stay_apart() -> None:
    assert done("sh", "-c", "cat; echo err >&2; echo out; exit 3", stdin=b"in\n") == (
        3, b"in\nout\n", b"err\n",
    )  # fmt: skip


def test_arguments_and_environment_arrive_as_they_are() -> None:
    odd = ["a b", "", "$HOME", "*", "'", '"', "\\", "ü", "\n", "--", "-x"]
    assert done("printf", "%s\\0", *odd)[1].decode().split("\0")[:-1] == odd
    assert done("sh", "-c", 'echo "$A"; echo "$HOME"')[1] == b"b c\n/root\n"


def test_ten_megabytes_go_there_and_come_back() -> None:
    content = os.urandom(TEN)
    code, out, err = done("cat", stdin=content)
    assert (code, len(out), err) == (0, TEN, b"")
    assert hashlib.sha256(out).digest() == hashlib.sha256(content).digest()


def test_both_outputs_at_once_are_whole_and_apart() -> None:
    code, out, err = done("sh", "-c", f"head -c {MB} /dev/zero >&2 & yes | head -c {MB}; wait")
    assert (code, len(out), len(err), set(err)) == (0, MB, MB, {0})


def test_input_that_nobody_reads_does_not_keep_the_command() -> None:
    assert done("true", stdin=bytes(MB))[0] == 0


def test_a_command_need_not_wait_for_the_end_of_input() -> None:
    running = begin("head", "-n", "1", stdin=PIPE)
    assert running.stdin is not None
    running.stdin.write(b"one\n")
    running.stdin.flush()
    assert running.wait(20) == 0
    running.communicate()


def test_lines_come_as_they_are_written() -> None:
    running = begin("cat", stdin=PIPE)
    assert running.stdin is not None
    for line in (b"one\n", b"two\n"):
        running.stdin.write(line)
        running.stdin.flush()
        reads(running, line)
    running.communicate(timeout=20)
    assert running.returncode == 0


def test_a_reader_that_goes_away_ends_the_command() -> None:
    running = begin("yes", "4715")
    reads(running, b"4715\n")
    assert running.stdout is not None
    running.stdout.close()
    assert running.wait(20) == 141
    assert running.stderr is not None
    assert running.stderr.read() == b""
    running.stderr.close()
    eventually(lambda: "yes 4715" not in commands())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/null"])
def test_any_standard_streams_will_do(closed: str) -> None:
    # As `lvsnet` does first of all: what is closed is opened to nothing.
    code = f"from lvsnet import cli; cli._open_standard_streams(); {ATTACH}"
    command = f'exec {sys.executable} -c "$0" sh -c "echo out; echo err >&2; exit 3" {closed}'
    ended = subprocess.run(["bash", "-c", command, code], timeout=30, check=False)
    assert ended.returncode == 3


TRAP = "trap 'exit 9' {0}; echo ready; while :; do sleep 0.05; done"


@pytest.mark.parametrize("user", ["", AS_USER])
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1"])
def test_a_signal_goes_to_the_command_which_decides(name: str, user: str) -> None:
    running = begin_as(user, "sh", "-c", TRAP.format(name))
    reads(running, b"ready\n")
    running.send_signal(signal.Signals[f"SIG{name}"])
    running.communicate(timeout=20)
    assert running.returncode == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_is_not_caught_ends_it(number: signal.Signals) -> None:
    running = begin("sh", "-c", "echo ready; exec sleep 1000")
    reads(running, b"ready\n")
    running.send_signal(number)
    running.communicate(timeout=20)
    assert running.returncode == 128 + number


@pytest.mark.parametrize("user", ["", AS_USER])
def test_the_command_ends_with_a_killed_exec(user: str) -> None:
    running = begin_as(user, "sh", "-c", "trap '' TERM HUP INT; echo ready; sleep 4711; true")
    reads(running, b"ready\n")
    running.kill()
    running.communicate(timeout=20)
    eventually(lambda: "sleep 4711" not in commands())


def test_what_a_command_leaves_in_the_background_goes_on() -> None:
    assert done("sh", "-c", "sleep 4712 >/dev/null 2>&1 &")[0] == 0
    # Also when it holds the streams, which nobody waits for.
    assert done("sh", "-c", "sleep 4713 & echo begun")[1] == b"begun\n"
    assert "sleep 4712" in commands()
    assert "sleep 4713" in commands()


def test_many_at_once() -> None:
    running = [begin("sh", "-c", f"head -c 100000 /dev/zero; exit {code}") for code in range(6)]
    outs = [one.communicate(timeout=60)[0] for one in running]
    assert [one.returncode for one in running] == list(range(6))
    assert [len(out) for out in outs] == [100_000] * 6


def test_a_log_is_followed_over_a_reboot() -> None:
    init = api.inspect("lvsnet-sess-n").pid
    Path(f"/proc/{init}/root/proc/1/fd/1").write_text("first\n")
    running = subprocess.Popen([sys.executable, "-c", LOGS % True], stdout=PIPE, stderr=PIPE)
    reads(running, b"first\n")
    client = connect()
    try:
        client.kill("lvsnet-sess-n")
        client.start("lvsnet-sess-n")
    finally:
        client.close()
    init = api.inspect("lvsnet-sess-n").pid
    Path(f"/proc/{init}/root/proc/1/fd/1").write_text("second\n")
    reads(running, b"second\n")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, b"", b"")
    said = subprocess.run([sys.executable, "-c", LOGS % False], stdout=PIPE, timeout=20, check=True)
    assert said.stdout == b"first\nsecond\n"


def test_it_imports_little() -> None:
    code = (
        "import sys; from lvsnet.docker import labs; labs.running();"
        "labs.attach('sess', 'n', ['true'], {});"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-c", code], stdout=PIPE, timeout=20, check=True)
    imported = set(ended.stdout.decode().split())
    assert "lvsnet" in imported
    assert not imported & {"pydantic", "docker", "ruamel", "pyroute2", "requests", "http"}
