"""shell is as if one sat in front of the node: its size, its keys, its jobs, and every end."""

from __future__ import annotations

import hashlib
import os
import signal
import statistics
import subprocess
import termios
import time
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from e2e.terminals import Terminal, in_front, terminal
from e2e.users import LVSNET, User, eventually, kill, reads

TERM = {"TERM": "xterm-256color"}
PROMPT = r"# "


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", "--no-wait", warm_resident.lab("shell"))
    return warm_resident


def sits(user: User, *command: str, size: tuple[int, int] = (24, 80)) -> AbstractContextManager[
    Terminal
]:  # fmt: skip
    """Somebody at a terminal of this size who has typed `lvsnet shell lb01 ...`."""
    return terminal(
        LVSNET, "shell", "lb01", *command,
        environment={**user.environment, **TERM}, cwd=user.home, size=size,
    )  # fmt: skip


def jobs(site: User) -> str:
    return site.does("exec", "lb01", "ps", "-eo", "stat,args")


def runs(site: User, words: str) -> bool:
    return words in jobs(site)


def test_it_is_a_login_shell_in_a_terminal_of_the_nodes_own(site: User) -> None:
    with sits(site) as at:
        at.until(PROMPT)
        before = at.modes()
        at.types(b"echo $0 $PWD $TERM $(hostname) $(tty) $(shopt login_shell)\r")
        at.until(r"\r/usr/bin/bash /root xterm-256color lb01 /dev/pts/\d+ login_shell on\r\n")
        at.until(PROMPT)
        at.types(b"exit 7\r")
        assert at.end() == 7
        assert at.raw() is False
        assert before != at.modes()  # it was raw then


def test_without_bash_it_is_sh(site: User) -> None:
    site.does("exec", "nginx02", "rm", "/usr/bin/bash")
    with terminal(
        LVSNET, "shell", "nginx02", environment={**site.environment, **TERM}, cwd=site.home
    ) as at:
        at.until(PROMPT)
        at.types(b"echo $0 $SHELL $(tty)\r")
        at.until(r"\n/usr/bin/sh /usr/bin/sh /dev/pts/\d+\r\n")
        at.until(PROMPT)
        at.types(b"\x04")
        assert at.end() == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [(["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137),
     (["no-such-program"], 127)],
)  # fmt: skip
def test_a_commands_exit_code_is_the_shells(site: User, command: list[str], code: int) -> None:
    with sits(site, *command) as at:
        assert at.end() == code
        assert not at.raw()


def test_the_size_is_the_windows_also_when_that_changes(site: User) -> None:
    with sits(site, "sh", "-c", "stty size; trap 'stty size' WINCH; while :; do sleep 0.1; done",
              size=(33, 101)) as at:  # fmt: skip
        at.until("33 101\r\n")
        for rows, columns in ((50, 132), (10, 20)):
            at.resize(rows, columns)
            at.until(f"{rows} {columns}\r\n")
        at.types(b"\x03")
        assert at.end() == 130


def test_ctrl_c_ends_the_foreground_job_and_not_the_shell(site: User) -> None:
    with sits(site) as at:
        at.until(PROMPT)
        at.types(b"sleep 4801\r")
        eventually(lambda: in_front(jobs(site), "sleep 4801"), 10, "the job runs")
        at.types(b"\x03")
        at.until(PROMPT)
        at.types(b"echo code $?\r")
        at.until("\rcode 130\r\n")
        at.until(PROMPT)
        assert not runs(site, "sleep 4801")
        at.types(b"exit\r")
        at.end()


def test_jobs_are_stopped_listed_and_gone_on_with(site: User) -> None:
    with sits(site) as at:
        at.until(PROMPT)
        at.types(b"sleep 4802\r")
        eventually(lambda: in_front(jobs(site), "sleep 4802"), 10, "the job runs")
        at.types(b"\x1a")
        at.until("Stopped")
        at.until(PROMPT)
        at.types(b"jobs\r")
        at.until(r"\[1\]\+ +Stopped +sleep 4802")
        at.until(PROMPT)
        at.types(b"fg\r")
        # The shell says what it brings to the front before it does.
        eventually(lambda: in_front(jobs(site), "sleep 4802"), 10, "the job goes on")
        at.types(b"\x1c")  # Ctrl-\
        at.until("Quit")
        at.until(PROMPT)
        at.types(b"\x04")
        assert at.end() == 131


def test_ctrl_d_ends_input(site: User) -> None:
    with sits(site, "sh", "-c", "cat; echo rest") as at:
        at.types(b"one\r")
        at.until("one\r\none\r\n")
        at.types(b"\x04")
        at.until("rest\r\n")
        assert at.end() == 0


@pytest.mark.parametrize("locale", ["C.UTF-8", "", "de_DE.utf8"])
def test_characters_beyond_ascii_are_one_each(site: User, locale: str) -> None:
    variables = {"LANG": locale, "LC_ALL": "", "LC_CTYPE": ""}
    with terminal(LVSNET, "shell", "lb01", environment={**site.environment, **TERM, **variables},
                  cwd=site.home) as at:  # fmt: skip
        at.until(PROMPT)
        at.types("x=aäü€\x7f\x7f; echo ${#x}$x\r".encode())  # the erase key, twice
        at.until("\r2aä\r\n")
        at.until(PROMPT)
        at.types(b"cat\r")
        at.until(r"cat\r\n")
        eventually(lambda: in_front(jobs(site), "cat"), 10, "cat has the terminal")
        at.types("bö\x7f\x7f!\r".encode())
        at.until(r"\n!\r\n")
        at.types(b"\x04")
        at.until(PROMPT)
        at.types(b"exit\r")
        at.end()


def test_full_screen_programs(site: User) -> None:
    with sits(site, size=(20, 60)) as at:
        at.until(PROMPT)
        at.types(b"seq 1 100 >/tmp/many; less /tmp/many\r")
        at.until(r"\x1b\[\?1049h")
        at.until(r"18\r\n19\r\n")
        at.types(b"G")
        at.until(r"100\r\n")
        at.resize(30, 60)
        at.until(r"(\x1b\[1m~\x1b\[0m\r\n){10}")  # so many lines more
        at.types(b"q")
        at.until(r"\x1b\[\?1049l")
        at.until(PROMPT)
        at.types(b"top -d 1\r")
        at.until(r"load average")
        at.until(r"PID")
        at.types(b"q")
        at.until(PROMPT)
        at.types(b"exit\r")
        assert at.end() == 0


def test_ten_megabytes_are_shown_whole(site: User) -> None:
    with sits(site, "seq", "1300000") as at:
        assert at.end(60) == 0
    assert len(at.said) == 10_588_896
    assert at.said == b"".join(b"%d\r\n" % number for number in range(1, 1_300_001))


def test_what_a_program_says_last_is_shown(site: User) -> None:
    for _ in range(5):
        with sits(site, "sh", "-c", "head -c 20000 /dev/zero | tr '\\0' x; printf end") as at:
            assert at.end() == 0
        assert (len(at.said), bytes(at.said[-3:])) == (20_003, b"end")


def test_a_long_paste_arrives_whole(site: User) -> None:
    lines = b"".join(b"line %05d of what is pasted\n" % number for number in range(3600))
    assert len(lines) > 100_000
    with sits(site) as at:
        at.until(PROMPT)
        at.types(b"cat >/root/paste\r")
        at.until(r"paste\r\n")
        eventually(lambda: in_front(jobs(site), "cat"), 10, "cat has the terminal")
        at.types(lines + b"\x04")
        at.until(PROMPT, 30)
        # And keys that a program takes one by one, without a line's end among them.
        at.types(b"stty raw -echo; echo go; head -c 102400 >/root/keys; stty sane\r")
        at.until(r"\rgo\n")
        at.types(b"0123456789abcdef" * 6400)
        at.until(PROMPT, 30)
        at.types(b"exit\r")
        at.end()
    sums = site.does("exec", "lb01", "sha256sum", "/root/paste", "/root/keys").split()
    assert sums[0] == hashlib.sha256(lines).hexdigest()
    assert sums[2] == hashlib.sha256(b"0123456789abcdef" * 6400).hexdigest()


def test_what_is_typed_before_the_shell_is_there_waits_for_it(site: User) -> None:
    with sits(site) as at:
        eventually(at.raw, 10, "the terminal is raw")
        at.types(b"echo early $((6*7))\r")
        at.until("\rearly 42\r\n")
        at.until(PROMPT)
        at.types(b"exit\r")
        at.end()


def test_a_key_is_shown_in_some_milliseconds(site: User) -> None:
    with sits(site) as at:
        at.until(PROMPT)
        took = []
        for _ in range(40):
            begun = time.monotonic()
            at.types(b"a")
            at.until("a")
            took.append(time.monotonic() - begun)
        at.types(b"\x15exit\r")
        at.end()
    # It takes 1.5 ms on an idle machine.
    assert statistics.median(took) < 0.05


def test_without_a_terminal_it_is_exec(site: User) -> None:
    piped = replace(site, warm=None)  # its streams are pipes
    done = piped.tries("shell", "lb01", stdin=b"tty; echo $0 $PWD; echo err >&2; exit 5\n")
    assert (done.code, done.err) == (5, "err\n")
    assert done.text == "not a tty\n/usr/bin/bash /root\n"
    assert piped.tries("shell", "lb01", "cat", stdin=b"in\r\n").out == b"in\r\n"


def test_what_is_left_in_the_background_goes_on(site: User) -> None:
    with sits(site) as at:
        at.until(PROMPT)
        at.types(b"nohup sleep 4803 >/dev/null 2>&1 &\r")
        at.until(PROMPT)
        at.types(b"exit\r")
        assert at.end() == 0
    assert runs(site, "sleep 4803")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_lvsnet_hangs_up(site: User, number: signal.Signals) -> None:
    with sits(site, "sh", "-c", "printf ready; sleep 4804") as at:
        at.until("ready")
        before = at.modes()
        at.send(number)
        assert at.end() == 128 + number
        assert not at.raw()
        assert before != at.modes()
        assert at.rest().endswith("\r\n")
    eventually(lambda: not runs(site, "sleep 4804"), 5, "the job has ended")


@pytest.mark.parametrize("deaf", ["", "trap '' HUP TERM; "])
def test_a_window_that_is_closed_ends_what_runs_in_it(site: User, deaf: str) -> None:
    with sits(site, "sh", "-c", f"{deaf}printf ready; sleep 4805; sleep 4805") as at:
        at.until("ready")
        at.close()
        pid, status = os.waitpid(at.pid, 0)
        at.code = os.waitstatus_to_exitcode(status)
        assert (pid, at.code) == (at.pid, 129)
    eventually(lambda: not runs(site, "sleep 4805"), 10, "the job has ended")


def test_a_killed_lvsnet_ends_what_runs(site: User) -> None:
    with sits(site, "sh", "-c", "printf ready; sleep 4806") as at:
        at.until("ready")
        at.send(signal.SIGKILL)
        assert at.end() == -signal.SIGKILL
    eventually(lambda: not runs(site, "sleep 4806"), 5, "the job has ended")


def test_a_shell_that_is_killed_leaves_the_terminal_as_it_was(site: User) -> None:
    with sits(site, "sh", "-c", r"printf '\033[?1049h\033[?25lready'; kill -9 $$") as at:
        assert at.end() == 137
        assert not at.raw()
        at.until("ready")
        assert at.rest() == "\x1b[?1049l\x1b[?25h"


def test_stopped_and_gone_on_with_it_is_raw_again(site: User) -> None:
    with sits(site, "cat") as at:
        eventually(at.raw, 10, "the terminal is raw")
        at.send(signal.SIGSTOP)
        as_a_shell_does = at.modes()
        local = as_a_shell_does[3]
        assert isinstance(local, int)
        as_a_shell_does[3] = local | termios.ICANON | termios.ECHO | termios.ISIG
        termios.tcsetattr(at.fd, termios.TCSANOW, as_a_shell_does)
        assert not at.raw()
        at.send(signal.SIGCONT)
        eventually(at.raw, 5, "the terminal is raw")
        at.types(b"\x04")
        assert at.end() == 0


@pytest.mark.parametrize("command", ["exec", "shell"])
def test_a_node_that_is_not_there_or_off_is_told_in_one_line(site: User, command: str) -> None:
    missing = site.tries(command, "web9", "true")
    assert (missing.code, missing.out) == (1, b"")
    assert missing.err == (
        "lvsnet: lab shell has no node web9; it has client, lb01, lb02, nginx01, nginx02\n"
    )
    site.does("stop", "nginx01")
    off = site.tries(command, "nginx01", "true")
    assert (off.code, off.err) == (
        1,
        "lvsnet: nginx01 does not run; `lvsnet start nginx01` starts it\n",
    )
    with terminal(LVSNET, "shell", "nginx01", environment=site.environment, cwd=site.home) as at:
        assert at.end() == 1
        assert not at.raw()
        assert at.rest().replace("\x1b[m", "") == f"{off.err.strip()}\r\n"
    site.does("start", "nginx01")


def test_a_supervisor_that_is_lost_ends_it_with_one_line(user: User) -> None:
    user.does("deploy", "--no-wait", user.one_node("lost"))
    with sits(user, "sh", "-c", "printf ready; sleep 1000") as at:
        at.until("ready")
        os.kill(user.supervisor(), signal.SIGKILL)
        assert at.end() == 1
        assert not at.raw()
        assert at.rest() == "\x1b[m\r\nlvsnet: lab lost has ended\r\n"


def test_a_lab_that_is_being_torn_down_is_told_in_one_line(user: User) -> None:
    user.does("deploy", "--no-wait", user.one_node("falls"))
    ending = user.begin("destroy", stderr=subprocess.STDOUT)
    try:
        codes: set[int] = set()
        until = time.monotonic() + 30
        while ending.poll() is None or codes != {1}:
            assert time.monotonic() < until, codes
            done = user.tries("exec", "falls/lb01", "sleep", "0.1")
            if done.code == 0:
                continue  # it had not begun
            assert (done.code, done.err.count("\n"), done.err[:8]) == (1, 1, "lvsnet: "), done
            assert "there is falls" not in done.err  # it holds its lock until it is gone
            codes.add(done.code)
    finally:
        kill(ending)


def test_a_lab_that_is_destroyed_ends_everything_with_one_line(site: User) -> None:
    """The last test: there is no site after it."""
    running = [
        site.begin("exec", "nginx01", "sh", "-c", "echo ready; sleep 1000"),
        site.begin("logs", "-f", "lb01"),
    ]
    try:
        with sits(site) as at, sits(site, "less", "/etc/services") as full:
            reads(running[0], b"ready\n")
            reads(running[1], b"Starting Keepalived")
            at.until(PROMPT)
            full.until("tcpmux")
            at.types(b"half a line")
            at.until("half a line")
            site.does("destroy")
            for one in (at, full):
                assert one.end() == 1
                assert not one.raw()
                assert one.rest().endswith("\r\nlvsnet: the lab was destroyed\r\n")
            assert "\x1b[?2004l" in at.rest()
            assert "\x1b[?1049l" in full.rest()
        for process in running:
            _, err = process.communicate(timeout=10)
            assert (process.returncode, err) == (1, b"lvsnet: the lab was destroyed\n")
    finally:
        for process in running:
            kill(process)
