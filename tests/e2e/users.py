"""Users who type lvsnet's commands, and what they see."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from e2e.warm import Warm
from lvsnet.resources import example_labs

LVSNET = Path(sys.executable).with_name("lvsnet")
DEADLINE = 240.0
"""Seconds that a command may take: one that hangs is to fail, and none that is only slow. Deploying
with all its waits takes 7 s on an idle machine, and a minute by Docker in a busy test machine."""
VIP = "192.168.10.100"
WISHES = ("LVSNET_RUNTIME", "LVSNET_KERNEL", "LVSNET_CLOCK", "COLUMNS", "LINES")
"""Variables by which somebody chooses for all labs or terminals; a test chooses itself."""
SEED = 7
HELD = {"LVSNET_CLOCK": "virtual", "LVSNET_DEPLOY_SEED": str(SEED)}
"""Settings of a user whose labs are in virtual time, and go the same way in every run."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


@dataclass(frozen=True)
class User:
    """Somebody on this machine, and where they keep what."""

    home: Path
    session: str = "run"
    """Below ``home``: the runtime directory."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further environment variables."""
    before: tuple[str, ...] = ()
    """A command that runs lvsnet's, such as one that takes rights away."""
    warm: Warm | None = None
    """What runs the commands that are waited for, if it is not the console script itself."""

    @property
    def environment(self) -> dict[str, str]:
        """Without a Docker engine, unless ``settings`` name one: this machine's is not a test's."""
        return {
            **{name: value for name, value in os.environ.items() if name not in WISHES},
            "DOCKER_HOST": f"unix://{self.home}/no-docker.sock",
            "LVSNET_STATE_DIR": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_RUNTIME_DIR": str(self.home / self.session),
            "COLUMNS": "200",
            **self.settings,
        }

    def begin(
        self,
        *arguments: str,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        """A command that runs; whoever begins it ends it."""
        return subprocess.Popen(
            [*self.before, LVSNET, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self.environment,
            cwd=self.home,
        )

    def tries(self, *arguments: str, stdin: bytes = b"", deadline: float = DEADLINE) -> Done:
        """A command, whatever comes of it."""
        if self.warm is not None:
            assert not self.before
            command = (str(LVSNET), *arguments)
            code, out, err = self.warm.run(command, self.environment, self.home, stdin, deadline)
            return Done(code, out, err.decode())
        done = subprocess.run(
            [*self.before, LVSNET, *arguments],
            input=stdin,
            capture_output=True,
            env=self.environment,
            cwd=self.home,
            timeout=deadline,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr.decode())

    def does(self, *arguments: str, stdin: bytes = b"") -> str:
        """A command that must succeed; its output."""
        done = self.tries(*arguments, stdin=stdin)
        assert done.code == 0, f"lvsnet {' '.join(arguments)}: {done}"
        return done.text

    @property
    def holds_clocks(self) -> bool:
        """Whether this user's labs are in virtual time."""
        return self.settings.get("LVSNET_CLOCK") == "virtual"

    def passes(self, seconds: float, lab: str = "") -> None:
        """Wind a lab's clock forward."""
        self.does("clock", "advance", f"{seconds:.6f}s", *_named(lab))

    def comes(self, condition: str, within: float, lab: str = "") -> float:
        """Seconds of a lab's time until a condition of `clock run-until` is met; fails if it is
        not ``within`` so many of them."""
        limit = ("--limit", f"{within}s", "--format", "json")
        return float(
            json.loads(self.does("clock", "run-until", condition, *limit, *_named(lab)))["waited"]
        )

    def never(self, condition: str, within: float, lab: str = "") -> None:
        """Wind a lab's clock forward, and fail if such a condition is met meanwhile."""
        done = self.tries("clock", "run-until", condition, "--limit", f"{within}s", *_named(lab))
        assert (done.code, done.out) == (1, b""), done
        assert "not met" in done.err, done

    def time(self, lab: str = "") -> float:
        """Seconds since a lab's kernel booted, by its own clock, to the nanosecond."""
        return float(
            json.loads(self.does("clock", "--format", "json", *_named(lab)))["clock"]["now"]
        )

    def lab(self, name: str, *changes: tuple[str, str]) -> str:
        """Path of a copy of labs/dr.yaml without its scenarios, with another name and these
        replacements."""
        text = example_labs()["dr"].read_text().partition("\nscenarios:")[0]
        for old, new in (("name: dr\n", f"name: {name}\n"), *changes):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = self.home / f"{name}.yaml"
        path.write_text(text)
        return str(path)

    def one_node(self, name: str) -> str:
        """Path of a lab file with nothing but a node lb01: for tests of guests, not of sites."""
        path = self.home / f"{name}.yaml"
        path.write_text(
            f"name: {name}\nsegments: {{lan: 192.168.10.0/24}}\n"
            "nodes: {lb01: {role: client, interfaces: {lan: 192.168.10.11}}}\n"
        )
        return str(path)

    def left(self) -> list[str]:
        """What labs have on this user's disk."""
        places = (self.home / "cache/lvsnet/labs", self.home / self.session / "lvsnet")
        return [str(path) for place in places if place.exists() for path in place.iterdir()]

    def processes(self) -> dict[int, str]:
        """Supervisors and guests: every process in a session that one of this user's began."""
        seen = [one for one in map(_process, Path("/proc").glob("[0-9]*")) if one is not None]
        sessions = {one.session for one in seen if str(self.home).encode() in one.described}
        return {
            one.pid: one.command
            for one in seen
            if one.session in sessions - {os.getsid(0)} and one.state not in "ZX"
        }

    def supervisors(self) -> list[int]:
        """Process ids of the only lab's supervisor: for root, first of the part that stays root."""
        found = self._all("lvsnet.guest.supervisor")
        assert len(found) == (1 if os.geteuid() or self.before else 2), self.processes()
        return found

    def supervisor(self) -> int:
        """Process id of the part of the only lab's supervisor that serves the lab."""
        return self.supervisors()[-1]

    def guests(self, lab: str) -> list[int]:
        """Process ids of a lab's kernel, which is in its hostfs root; none when there is none."""
        root = str(self.home / "cache/lvsnet/labs" / lab / "root")
        found = []
        for pid in self._all("linux.uml"):
            with suppress(OSError):
                if str(Path(f"/proc/{pid}/cwd").readlink()) == root:
                    found.append(pid)
        return found

    def guest(self) -> int:
        """Process id of the only lab's kernel."""
        return self._only("mem=512M")

    def _only(self, words: str) -> int:
        found = self._all(words)
        assert len(found) == 1, self.processes()
        return found[0]

    def _all(self, words: str) -> list[int]:
        """Parents before their children."""
        found = [pid for pid, command in self.processes().items() if words in command]
        return sorted(found, key=_generation)


@dataclass(frozen=True)
class _Process:
    pid: int
    state: str
    session: int
    command: str
    described: bytes
    """Command line, environment and working directory."""


def _process(directory: Path) -> _Process | None:
    """A process; None when it is gone, or not ours to see."""
    try:
        _, _, fields = (directory / "stat").read_text().rpartition(") ")
        command = (directory / "cmdline").read_bytes()
        described = command + (directory / "environ").read_bytes()
        described += os.fsencode((directory / "cwd").readlink())
    except OSError:
        return None
    state, _parent, _group, session, *_ = fields.split()
    shown = command.replace(b"\0", b" ").decode(errors="replace")
    return _Process(int(directory.name), state, int(session), shown, described)


def _named(lab: str) -> tuple[str, ...]:
    return ("--lab", lab) if lab else ()


def _generation(pid: int) -> int:
    """How many ancestors a process has."""
    count = 0
    with suppress(FileNotFoundError, ProcessLookupError):
        while pid:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
            count += 1
    return count


def eventually(
    condition: Callable[[], object], within: float, what: Callable[[], object] | str = ""
) -> float:
    """Seconds until ``condition`` was true; fails after ``within``, and says ``what`` is."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > within:
            pytest.fail(f"not within {within} s: {what() if callable(what) else what}")
        time.sleep(0.05)
    return time.monotonic() - begun


def reads(process: subprocess.Popen[bytes], words: bytes, within: float = 10) -> bytes:
    """What a process says until ``words`` are in it; fails when they do not come in time."""
    said = b""
    until = time.monotonic() + within
    assert process.stdout is not None
    while words not in said:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 65536) if ready else b""
        assert piece, f"not within {within} s: {words!r}; it said {said!r}"
        said += piece
    return said


def line(stream: IO[bytes] | None, within: float = 30) -> str:
    """The next line of a command's stream; fails when it does not come in time."""
    said = b""
    until = time.monotonic() + within
    assert stream is not None
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(stream.fileno(), 1) if ready else b""
        assert piece, f"no line within {within} s; it said {said!r}"
        said += piece
    return said.decode()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate(timeout=10)


def table(user: User, node: str) -> dict[str, tuple[int, int]]:
    """RIP -> ActiveConn and InActConn of the web service, as ipvsadm shows it on a node."""
    text = user.does("exec", node, "ipvsadm", "-Ln")
    lines = re.findall(r"-> ([\d.]+):80\s+Route\s+1\s+(\d+)\s+(\d+)", text)
    return {rip: (int(active), int(inactive)) for rip, active, inactive in lines}


def holds(user: User, node: str) -> bool:
    """Whether a node's eth1 has the VIP."""
    return f"inet {VIP}/32" in user.does("exec", node, "ip", "addr", "show", "eth1")


def requests(user: User, count: int) -> list[str]:
    """The answers to requests from the client to the VIP; one that fails has none."""
    loop = f"for i in $(seq {count}); do curl -s -m 2 {VIP} || echo no answer; done"
    return user.does("exec", "client", "sh", "-c", loop).splitlines()
