"""A lab as a scenario sees it: what is read of its nodes, and commands with their deadlines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import watching
from lvsnet.observe.event import Event
from lvsnet.observe.events import Watcher
from lvsnet.observe.model import RealServer, Service
from lvsnet.observe.nodes import nodes
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs
from lvsnet.scenario import bench
from lvsnet.scenario.bench import Bench
from lvsnet.traffic.model import Target

VIP = "192.168.10.100"
SECOND = 1_000_000_000


class FakeRuntime:
    """The part of a runtime that is asked: nginx02 is off."""

    def __init__(self) -> None:
        self.done = 0, ""
        self.ran: list[tuple[tuple[str, ...], float]] = []

    def runs(self, _lab: str, node: str) -> bool:
        return node != "nginx02"

    def inits(self, _lab: str) -> dict[str, int]:
        return dict.fromkeys(("client", "lb01", "lb02", "nginx01"), os.getpid())

    def run(self, _lab: str, _node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        self.ran.append((tuple(argv), deadline))
        return self.done


class FakeWatcher:
    def __init__(self) -> None:
        self.fd, self.told = os.pipe()

    def read(self) -> list[Event]:
        times = os.read(self.fd, 100) if self.ready else b""
        return [Event(at, "vip", "lb01", "gained", VIP, "") for at in times]

    def end(self) -> list[Event]:
        return self.read()

    ready = False


@pytest.fixture(scope="module")
def plan() -> Plan:
    from lvsnet.compiled import compile_file

    return compile_file(example_labs()["dr"]).plan


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def watcher() -> Iterator[FakeWatcher]:
    one = FakeWatcher()
    yield one
    os.close(one.fd)
    os.close(one.told)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def lab(plan: Plan, runtime: FakeRuntime, watcher: FakeWatcher, said: list[str]) -> Iterator[Bench]:
    asked = cast(Runtime, runtime)  # what is asked for is there
    seen = cast(Watcher, watcher)  # likewise
    with nodes(plan.lab, asked) as found, Bench(plan, asked, found, seen, said.append) as bench:
        yield bench


def test_time_passes_until_then_or_until_something_happens(
    lab: Bench, watcher: FakeWatcher
) -> None:
    begun = lab.now()
    assert lab.wait(begun + SECOND // 50) == []
    assert lab.now() >= begun + SECOND // 50
    assert lab.wait(begun) == []
    os.write(watcher.told, bytes((9, 3)))
    watcher.ready = True
    before = lab.now()
    assert [event.at for event in lab.wait(before + 60 * SECOND)] == [3, 9]
    assert lab.now() - before < 30 * SECOND


def test_a_word_is_sent_to_who_waits_far_away(
    lab: Bench, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "WORD", SECOND // 100)
    begun = lab.now()
    while lab.now() < begun + SECOND // 20:
        lab.wait(begun + SECOND // 20)
    assert 2 <= len(said) <= 5
    assert set(said) == {""}


def test_a_command_has_its_deadline(lab: Bench, runtime: FakeRuntime) -> None:
    runtime.done = 3, "no\n"
    assert lab.run("client", "exit 3", 2.5) == (3, "no\n")
    assert runtime.ran == [(("timeout", "--kill-after=1", "2.500", "sh", "-c", "exit 3"), 7.5)]
    # One that ends by itself with timeout's own code has not been ended.
    runtime.done = watching.TIMED_OUT, ""
    assert lab.run("client", "exit 124", 2.5) == (124, "")
    assert lab.run("client", "sleep 9", 0.0) == (None, "")
    with pytest.raises(LvsnetError, match="nginx02 does not run"):
        lab.run("nginx02", "true", 1.0)


def test_a_word_is_sent_while_a_command_takes_long(
    lab: Bench, runtime: FakeRuntime, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "WORD", SECOND // 100)

    def waits(_lab: str, _node: str, _argv: Sequence[str], _deadline: float) -> tuple[int, str]:
        begun = lab.now()
        while not said:
            assert lab.now() - begun < 30 * SECOND
        return 0, ""

    monkeypatch.setattr(runtime, "run", waits)
    assert lab.run("client", "sleep 100", 100.0) == (0, "")


def test_addresses_that_move_are_known_with_their_holders(
    lab: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {
        "client": {"192.168.10.10"},
        "lb01": {"192.168.10.11", VIP, "fe80::1"},
        "lb02": {"192.168.10.12", VIP, "fe80::2"},
    }
    monkeypatch.setattr(watching, "addresses", lambda _look, node: frozenset(held.get(node, ())))
    assert lab.holders() == {VIP: ["lb01", "lb02"]}


def test_real_servers_of_a_target_are_known_by_their_nodes(
    lab: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        RealServer("192.168.10.13:80", "dr", 1, 0, 0),
        RealServer("192.168.10.14:80", "dr", 0, 0, 0),
        RealServer("192.0.2.1:80", "nat", 1, 0, 0),
    )
    tables = {
        "lb01": (Service("tcp", f"{VIP}:80", "rr", lines),),
        "lb02": (Service("udp", f"{VIP}:53", "rr", lines[1:2]),),
    }
    monkeypatch.setattr(watching, "services", lambda _look, node: tables.get(node, ()))
    assert lab.balanced(Target("http", VIP, 80)) == ["nginx01", "192.0.2.1"]
    assert lab.balanced(Target("udp", VIP, 53)) == []
    assert lab.balanced(Target("http", VIP, 81)) == []
