"""The same seed, lab and commands give the same run, whatever else the machine is doing.

Two users tell the same story at the same time, and a third with another seed begins it. So each of
them has a busy machine, and one a busier one: he stops to think, reads slowly, and has something
else to calculate. The homes' paths are of different lengths.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from e2e.users import DEADLINE, HELD, SEED, VIP, User, kill
from e2e.warm import Warm

BIG = 2_000_000
"""Bytes that a command says: 30 times what a client is given unasked."""
PIECE = 256 * 1024
CAPTURE = "/root/seen.pcap"
WATCH = f"tcpdump -i eth1 -U -w {CAPTURE} 2>/dev/null & until [ -s {CAPTURE} ]; do sleep 0.1; done"
ASK = f"for i in $(seq 10); do curl -s -m 2 {VIP} || echo no answer; done"
SAY = f"sleep 0.3; head -c {BIG} /dev/zero; date +%s.%N >&2; sleep 0.3"

BURN = """
import time
while True:
    until = time.monotonic() + 0.02
    while time.monotonic() < until:
        pass
    time.sleep(0.15)
"""


@dataclass(frozen=True)
class Run:
    """What a story left to be compared."""

    opening: bytes
    """What was captured until the first requests were answered."""
    capture: bytes
    said: list[str]
    """By the commands."""
    times: list[float]
    """The lab's time between some of them, in seconds."""


Pause = Callable[[], None]


class Then(Protocol):
    """Has a command done."""

    def __call__(self, *words: str) -> object: ...


def begin(user: User, seed: int, then: Then) -> bytes:
    """The story until the first requests are answered; what was captured."""
    user.does("deploy", "--seed", str(seed), user.lab("again"))
    then("exec", "client", "sh", "-c", WATCH)
    then("exec", "client", "sh", "-c", ASK)
    then("exec", "client", "sleep", "2")  # tcpdump writes down what it has once a second
    return captured(user)


def captured(user: User) -> bytes:
    return user.tries("exec", "client", "cat", CAPTURE).out


def tell(user: User, seed: int, pause: Pause) -> Run:
    """One run, as it is typed."""
    said: list[str] = []
    times: list[float] = []

    def then(*words: str) -> None:
        said.append(user.does(*words))
        pause()

    list_ = user.home / "list"
    list_.write_bytes(bytes(range(256)) * 400)
    opening = begin(user, seed, then)
    said.append(given(user, list_, "exec", "nginx01", "sh", "-c", "sha256sum; date +%s.%N"))
    then("exec", "client", "ping", "-c", "2", "-i", "0.3", VIP)
    said.append(read(user, pause, "exec", "client", "sh", "-c", SAY))
    times.append(user.time())
    then("cp", str(list_), "client:/root/list")
    then("cp", "client:/root/list", str(user.home / "back"))
    assert (user.home / "back").read_bytes() == list_.read_bytes()
    then("exec", "client", "sh", "-c", ASK)
    then("inspect", "--format", "json")
    then("stop", "lb01")
    times.append(user.comes(f"vip {VIP} on lb02", 30))
    then("exec", "client", "sh", "-c", ASK)
    then("start", "lb01")
    then("clock", "advance", "20s")
    then("exec", "client", "sh", "-c", ASK)
    times.append(user.time())
    then("logs", "lb02")
    capture = captured(user)
    user.does("destroy")
    # The only thing that is a user's own.
    return Run(opening, capture, [one.replace(str(user.home), "") for one in said], times)


def given(user: User, file: Path, *words: str) -> str:
    """What a command says whose input is a file."""
    with file.open("rb") as stdin:
        process = user.begin(*words, stdin=stdin)
        try:
            out, err = process.communicate(timeout=DEADLINE)
        finally:
            kill(process)
    assert process.returncode == 0, err
    return out.decode()


def read(user: User, pause: Pause, *words: str) -> str:
    """What a command says on its standard error, while its output is read piece by piece."""
    process = user.begin(*words)
    assert process.stdout is not None
    try:
        taken = 0
        while piece := process.stdout.read(PIECE):
            taken += len(piece)
            pause()
        _, err = process.communicate(timeout=DEADLINE)
    finally:
        kill(process)
    assert (process.returncode, taken) == (0, BIG), err
    return err.decode()


@contextmanager
def burning() -> Iterator[None]:
    """Something else that wants a processor, now and then."""
    process = subprocess.Popen([sys.executable, "-c", BURN])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def thinking(chance: random.Random) -> Pause:
    return lambda: time.sleep(chance.uniform(0, 0.3))


@pytest.fixture(scope="module")
def runs(new_user: Callable[[str], User], warm: Warm) -> Iterator[tuple[Run, Run, bytes]]:
    """With the same seed twice, and with another one its opening."""
    names = ("one", "the-other-user", "third")
    users = [replace(new_user(name), settings=HELD, warm=warm) for name in names]
    try:
        with burning(), ThreadPoolExecutor() as pool:
            one = pool.submit(tell, users[0], SEED, lambda: None)
            other = pool.submit(tell, users[1], SEED, thinking(random.Random(SEED)))
            third = pool.submit(begin, users[2], SEED + 1, users[2].does)
            yield one.result(), other.result(), third.result()
    finally:
        for user in users:
            user.tries("destroy", "--all")


def test_the_same_seed_gives_the_same_packets_at_the_same_times(
    runs: tuple[Run, Run, bytes],
) -> None:
    one, other, _ = runs
    assert one.said == other.said
    assert one.times == other.times
    assert one.opening == other.opening
    assert one.capture == other.capture


def test_the_capture_is_one_of_the_whole_story(runs: tuple[Run, Run, bytes]) -> None:
    # A segment of requests is some ten packets, of adverts one a second.
    one, other, third = runs
    assert all(len(run.capture) > len(run.opening) + 5_000 for run in (one, other))
    assert all(len(opening) > 5_000 for opening in (one.opening, third))


def test_another_seed_gives_other_packets(runs: tuple[Run, Run, bytes]) -> None:
    one, _, third = runs
    assert one.opening != third
