"""The screen of `lvsnet watch`, in a real terminal in front of a real lab: tmux is both eyes and
fingers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from e2e.users import LVSNET, VIP, User, eventually

COLUMNS, ROWS = 80, 24
NUMBERS = count()


@dataclass(frozen=True)
class Tmux:
    """A tmux server of the test's own, with one window."""

    socket: Path

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self.socket, "-f", os.devnull, *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout

    def command(self) -> int:
        """Process id of what the window's shell runs."""
        shell = self("list-panes", "-F", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def types(self, *keys: str) -> None:
        self("send-keys", *keys)

    def shows(self, words: str, within: float = 30) -> str:
        """Wait until a match of ``words`` stands in the window; all that does."""
        pattern = re.compile(words, re.MULTILINE)
        eventually(
            lambda: pattern.search(self("capture-pane", "-p")),
            within,
            lambda: f"{words}\n{self('capture-pane', '-p')}",
        )
        return self("capture-pane", "-p")


@contextmanager
def watching(user: User, *arguments: str) -> Iterator[Tmux]:
    """`lvsnet watch` in a window, which says with which code it has ended."""
    tmux = Tmux(user.home / f"tmux{next(NUMBERS)}")  # the one before may still be ending
    command = f"{LVSNET} watch {' '.join(arguments)}; echo ended with $?; sleep 1000"
    environment = [f"-e{name}={value}" for name, value in user.environment.items()]
    size = ("-x", str(COLUMNS), "-y", str(ROWS))
    tmux("new-session", "-d", *size, *environment, "-c", str(user.home), command)
    try:
        yield tmux
    finally:
        tmux("kill-server")


@pytest.fixture
def site(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("watched"))
    return warm_held


def test_fail_over_by_keys(site: User) -> None:
    with watching(site) as at:
        at.shows(r"lb01 +director +MASTER +192\.168\.10\.100")
        at.shows(r"^  nginx01 .* dr +1 +0 +0")
        before = site.time()
        at.types("s")
        at.shows(r"^lvsnet stop lb01: done")
        at.shows(r"lb01 +director +OFF")
        assert site.time() - before < 0.1  # nobody has advanced it
        at.types("0")
        seen = at.shows(r"lb02 +director +MASTER +192\.168\.10\.100")
        assert "faults  stop lb01" in seen
        at.shows(r"lb02 +VI_1 enters MASTER")
        assert "192.168.10.100/32" in site.does("exec", "lb02", "ip", "-o", "address")
        assert site.time() - before >= 10

        site.does("traffic", VIP, "--rate", "100/s", "--count", "30")
        at.shows(r"^  nginx01 .* dr +1 +0 +15 .*\n  nginx02 .* dr +1 +0 +15 ")
        assert site.does("exec", "lb02", "ipvsadm", "-Ln").count(" 15 ") == 2

        at.types("Down", "c")
        at.shows(r"lb02 +director +cut")
        at.types("x")
        at.shows(r"^lvsnet fault clear: done")
        assert site.does("fault") == ""

        still = site.time()
        at.types("q")
        at.shows(r"^ended with 0$")
        assert "─nodes─" not in at("capture-pane", "-p")
        assert site.time() - still < 0.01  # in which tables may have been looked at
    with watching(site, "watched") as at:
        at.shows(r"lb02 +VI_1 enters FAULT")  # told of what was before
        site.does("destroy", "watched")
        seen = at.shows(r"^ended with 1$")
        assert re.search(r"^lvsnet: .*(ended|destroyed)", seen, re.MULTILINE), seen
        assert "Traceback" not in seen


def test_without_lab_or_terminal(warm_user: User) -> None:
    done = warm_user.tries("watch")
    assert (done.code, done.text) == (1, "")
    assert "no lab runs" in done.err
    warm_user.does("deploy", "--no-wait", warm_user.one_node("alone"))
    done = warm_user.tries("watch")
    assert (done.code, done.text) == (1, "")
    assert "lvsnet events -f" in done.err
    with watching(warm_user, "alone") as at:
        at.shows(r"lb01 +client +on")
        at("resize-window", "-x", "39", "-y", "20")
        at.shows("needs 40 columns and 12")
        os.kill(at.command(), signal.SIGTERM)
        at.shows("^ended with 143$")
        at("respawn-pane", "-k", f"TERM=dumb {LVSNET} watch; echo ended with $?; sleep 1000")
        assert "TERM=dumb" in at.shows("^ended with 1$")
