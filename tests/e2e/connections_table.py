"""Programs that run in a lab's nodes, and what its director's IPVS table has of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from e2e.connections import Round, Way, program
from e2e.users import DEADLINE, VIP, User, kill, reads

DIGIT = 0.01
"""Seconds: the last digit of /proc/uptime, below which it does not round but cuts."""


@dataclass(frozen=True)
class Entry:
    """A line of ``ipvsadm -Lnc``."""

    state: str
    expire: int
    """Seconds, without their fraction."""


@dataclass(frozen=True)
class Reading:
    """IPVS's table, read between two times on the clock of /proc/uptime."""

    begun: float
    ended: float
    entries: dict[tuple[int, int], Entry]
    """(The client's port, the VIP's port) -> entry."""
    counts: dict[int, list[tuple[int, int]]]
    """The VIP's port -> ActiveConn and InActConn of each real server."""

    def of(self, way: Way, round_: Round) -> Entry | None:
        return self.entries.get((round_.sources[way.title], way.port))


@contextmanager
def playing(user: User, node: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ``connections`` that runs in a node, until the end of its input."""
    process = user.begin(
        "exec", node, *program(*command), stdin=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            kill(process)


@contextmanager
def serving(user: User, node: str) -> Iterator[subprocess.Popen[bytes]]:
    with playing(user, node, "serve") as process:
        reads(process, b"ready\n", DEADLINE)
        yield process


def tell(process: subprocess.Popen[bytes], line: str) -> str:
    """Give it a line of input; the line that it answers."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()
    return reads(process, b"\n", DEADLINE).decode()


def service(name: str, scheduler: str, *real_servers: str) -> str:
    """A service in the form of ``ipvsadm -S``."""
    rules = [f"-A {name} -s {scheduler}\n"] + [f"-a {name} -r {one}\n" for one in real_servers]
    return "".join(rules)


def balance(user: User, lab: str, *services: str) -> None:
    """Add services to the table of a lab's first director."""
    user.does("exec", f"{lab}/lb01", "ipvsadm", "-R", stdin="".join(services).encode())


def look(user: User, lab: str) -> Reading:
    commands = "cat /proc/uptime; ipvsadm -Lnc; ipvsadm -Ln; cat /proc/uptime"
    text = user.does("exec", f"{lab}/lb01", "sh", "-c", commands)
    begun, ended = map(float, re.findall(r"^(\d+\.\d+) \d+\.\d+$", text, re.MULTILINE))
    entries = {
        (int(source), int(port)): Entry(state, 60 * int(minutes) + int(seconds))
        for minutes, seconds, state, source, port in re.findall(
            r"^\w+ (\d+):(\d+) +(\w+) +[\d.]+:(\d+) +[\d.]+:(\d+) ", text, re.MULTILINE
        )
    }
    services = re.findall(rf"^\w+ +{VIP}:(\d+) \w+ *\n((?:  -> .*\n)*)", text, re.MULTILINE)
    return Reading(
        begun, ended + DIGIT, entries, {int(port): counted(lines) for port, lines in services}
    )


def counted(ipvsadm: str) -> list[tuple[int, int]]:
    """ActiveConn and InActConn of each real server."""
    lines = re.findall(r"^  -> \S+:\d+ +\w+ +\d+ +(\d+) +(\d+)", ipvsadm, re.MULTILINE)
    return [(int(active), int(inactive)) for active, inactive in lines]
