"""exec passes data on: whole, as fast as each reader reads, and until somebody goes away."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time

import pytest

from e2e.users import LVSNET, User, eventually, kill, reads

MB = 2**20
TEN = 10 * MB


@pytest.fixture(scope="module")
def site(resident: User) -> User:
    resident.does("deploy", "--no-wait", resident.lab("streams"))
    return resident


def test_three_megabytes_arrive_in_the_node_whole(site: User) -> None:
    content = os.urandom(3 * MB)
    said = site.does("exec", "lb01", "sh", "-c", "cat >/root/ten; sha256sum </root/ten",
                     stdin=content)  # fmt: skip
    assert said.split()[0] == hashlib.sha256(content).hexdigest()


def test_ten_megabytes_come_back_whole(site: User) -> None:
    site.does("exec", "lb02", "sh", "-c", f"head -c {TEN} /dev/urandom >/root/ten")
    done = site.tries("exec", "lb02", "cat", "/root/ten")
    wanted = site.does("exec", "lb02", "sha256sum", "/root/ten").split()[0]
    assert len(done.out) == TEN
    assert hashlib.sha256(done.out).hexdigest() == wanted


def test_both_ways_at_once(site: User) -> None:
    content = os.urandom(MB)
    assert site.tries("exec", "client", "cat", stdin=content).out == content


def test_both_outputs_at_once_are_whole_and_apart(site: User) -> None:
    done = site.tries(
        "exec", "client", "sh", "-c", f"head -c {MB} /dev/zero >&2 & yes | head -c {MB}; wait"
    )
    assert (done.code, len(done.out), len(done.err)) == (0, MB, MB)
    assert set(done.err) == {"\0"}


def test_a_slow_reader_holds_up_nobody_else(site: User) -> None:
    slow = site.begin("exec", "lb01", "sh", "-c", f"head -c {TEN} /dev/zero; echo done >&2")
    try:
        first = reads(slow, b"\0")
        begun = time.monotonic()
        assert len(site.tries("exec", "lb02", "head", "-c", str(MB), "/dev/zero").out) == MB
        assert site.does("exec", "lb01", "hostname") == "lb01\n"
        assert time.monotonic() - begun < 5
        # What was not read is still in the node: the command waits.
        assert "head" in site.does("exec", "lb01", "ps", "-eo", "comm")
        out, err = slow.communicate(timeout=30)
        assert (slow.returncode, len(first) + len(out), err) == (0, TEN, b"done\n")
    finally:
        kill(slow)


def test_a_slow_reader_in_the_node_holds_up_nobody_else(site: User) -> None:
    slow = site.begin("exec", "lb01", "sh", "-c", "read line; sleep 4714", stdin=subprocess.PIPE)
    try:
        assert slow.stdin is not None
        os.set_blocking(slow.stdin.fileno(), False)
        eventually(lambda: _full(slow.stdin.fileno() if slow.stdin else -1), 20, "nothing goes in")
        begun = time.monotonic()
        content = os.urandom(MB // 4)
        assert site.tries("exec", "lb01", "cat", stdin=content).out == content
        assert time.monotonic() - begun < 5
    finally:
        kill(slow)


def _full(fd: int) -> bool:
    """Write what goes in; whether for half a second nothing did."""
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        try:
            os.write(fd, b"x\n" * 4096)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            until = time.monotonic() + 0.5
    return True


def test_a_reader_that_goes_away_ends_the_command(site: User) -> None:
    pipe = f"{LVSNET} exec lb02 yes 4715 | head -c 1; echo $? ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", pipe], env=site.environment, capture_output=True, timeout=20, check=True
    )
    assert (done.stdout, done.stderr) == (b"40 141\n", b"")
    eventually(
        lambda: "yes 4715" not in site.does("exec", "lb02", "ps", "-eo", "args"), 5, "yes has ended"
    )


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-", "<{file}"])
def test_any_standard_input_will_do(site: User, stdin: str) -> None:
    (site.home / "input").write_text("from a file\n")
    command = f"{LVSNET} exec lb01 cat {stdin.format(file=site.home / 'input')}"
    done = subprocess.run(
        ["bash", "-c", command], env=site.environment, capture_output=True, timeout=20, check=True
    )
    assert done.stdout == (b"from a file\n" if "file" in stdin else b"")
    assert done.stderr == b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/null 2>&1"])
def test_any_standard_output_will_do(site: User, closed: str) -> None:
    command = f"{LVSNET} exec lb01 sh -c 'echo out; echo err >&2; exit 3' {closed}"
    done = subprocess.run(
        ["bash", "-c", command], env=site.environment, capture_output=True, timeout=20, check=False
    )
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


def test_input_that_nobody_reads_does_not_keep_the_command(site: User) -> None:
    assert site.tries("exec", "lb01", "true", stdin=bytes(MB), deadline=20).code == 0


def test_a_command_need_not_wait_for_the_end_of_input(site: User) -> None:
    running = site.begin("exec", "lb01", "head", "-n", "1", stdin=subprocess.PIPE)
    try:
        assert running.stdin is not None
        running.stdin.write(b"one\n")
        running.stdin.flush()
        assert running.wait(10) == 0
    finally:
        kill(running)


def test_lines_come_as_they_are_written(site: User) -> None:
    running = site.begin("exec", "lb01", "cat", stdin=subprocess.PIPE)
    try:
        assert running.stdin is not None
        for line in (b"one\n", b"two\n"):
            running.stdin.write(line)
            running.stdin.flush()
            assert reads(running, line) == line
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 143
    finally:
        kill(running)


def test_many_at_once(site: User) -> None:
    running = [
        site.begin("exec", "client", "sh", "-c", f"head -c 100000 /dev/zero; exit {number}")
        for number in range(8)
    ]
    try:
        outs = [one.communicate(timeout=30)[0] for one in running]
        assert [one.returncode for one in running] == list(range(8))
        assert [len(out) for out in outs] == [100_000] * 8
    finally:
        for one in running:
            kill(one)
