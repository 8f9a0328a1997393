"""Loads and responders as processes of their own, in namespaces of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.traffic import detached, homes, running
from lvsnet.traffic.model import Load, Target
from lvsnet.traffic.schedule import SECOND

LAB, NODE = "dr", "client"
DEADLINE = 20.0
# Its shell reaps what is left to it, as a node's init does.
INIT = "ip link set lo up; echo up; while :; do sleep 1000 & wait; done"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces")


@dataclass
class Machine:
    """A node's namespaces with only an init."""

    process: subprocess.Popen[str]
    init: int

    def end(self) -> None:
        os.kill(self.init, signal.SIGKILL)
        self.process.wait(DEADLINE)

    def generators(self) -> list[int]:
        shown = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, check=True
        )
        fields = [line.split() for line in shown.stdout.splitlines()]
        return [
            int(pid)
            for pid, parent, state, name, *_ in fields
            if name == detached.NAME and int(parent) == self.init and state[0] != "Z"
        ]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    process = subprocess.Popen(
        ["unshare", "--pid", "--net", "--fork", "--mount-proc", "sh", "-c", INIT],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "up\n":
        process.wait(DEADLINE)
        pytest.skip("this machine makes no namespaces")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    found = Machine(process, int(children))
    yield found
    if process.poll() is None:
        found.end()
    process.stdout.close()


@dataclass(frozen=True)
class OneNode:
    """Of a runtime, what traffic asks."""

    init: int

    def inits(self, _lab: str) -> Mapping[str, int]:
        return {NODE: self.init}

    def frozen(self, _lab: str, _node: str) -> bool:
        return False

    def run(self, _lab: str, _node: str, argv: Sequence[str], _deadline: float) -> tuple[int, str]:
        return (0, "127.0.0.1 STREAM me\n") if argv[-1] == "me" else (2, "")


def runtime(machine: Machine) -> Runtime:
    found: Runtime = OneNode(machine.init)  # type: ignore[assignment]
    return found


def load(count: int | None, host: str = "127.0.0.1") -> Load:
    return Load("web", (NODE,), Target("tcp", host, 9000), rate=50.0, count=count)


def _network_of(process: int) -> int:
    return Path(f"/proc/{process}/ns/net").stat().st_ino


def until_over(id: str) -> None:
    until = time.monotonic() + DEADLINE
    while not running.is_over(LAB, id):
        assert time.monotonic() < until
        running.await_end(LAB, id, 1.0)


@needs_root
def test_a_load_runs_by_itself_and_its_end_is_told(machine: Machine) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    serving = running.serve(LAB, NODE, "tcp", 9000, runtime(machine))
    id = running.begin(LAB, load(20, "me"), runtime(machine))
    assert id == "web"
    until_over(id)
    found = running.requests(LAB, id)
    assert [(one.server, one.failure) for one in found] == [(NODE, "")] * 20
    assert running.begin(LAB, load(1), runtime(machine)) == "web-2"
    running.stop(LAB, serving)
    until_over(serving)
    until_over("web-2")
    assert machine.generators() == []
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    running.forget(LAB, id)
    running.forget(LAB, id)
    with pytest.raises(LvsnetError, match="has no traffic web; it has client-tcp-9000, web-2"):
        running.requests(LAB, id)


@needs_root
def test_a_process_has_no_files_of_who_began_it(machine: Machine) -> None:
    read, write = os.pipe()
    above = os.dup2(write, read + 100)
    id = running.begin(LAB, load(None), runtime(machine))
    os.close(write)
    os.close(above)
    assert os.read(read, 1) == b""  # or it would wait for ever
    os.close(read)
    (generator,) = machine.generators()
    assert os.getsid(generator) == generator
    assert _network_of(generator) == _network_of(machine.init)
    running.stop(LAB, id)
    until_over(id)


@needs_root
def test_it_ends_with_its_node_even_when_it_is_stopped(machine: Machine) -> None:
    id = running.begin(LAB, load(None), runtime(machine))
    (generator,) = machine.generators()
    os.kill(generator, signal.SIGSTOP)
    assert not running.is_over(LAB, id)
    machine.end()
    assert not Path(f"/proc/{generator}").exists()
    assert running.is_over(LAB, id)


@needs_root
def test_what_was_due_is_settled_when_it_is_over(machine: Machine) -> None:
    id = running.begin(LAB, load(None), runtime(machine))
    begun = time.monotonic_ns()
    until = begun + int(DEADLINE) * SECOND
    while not running.settled(LAB, id, begun + SECOND // 5):
        assert time.monotonic_ns() < until
        time.sleep(0.01)
    assert time.monotonic_ns() > begun + SECOND // 5 - SECOND // 50
    assert len(running.requests(LAB, id)) >= 10
    assert not running.settled(LAB, id, time.monotonic_ns() + 10 * SECOND)
    running.stop(LAB, id)
    until_over(id)
    assert running.settled(LAB, id, time.monotonic_ns() + 10 * SECOND)


@needs_root
def test_what_cannot_begin_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    serving = running.serve(LAB, NODE, "udp", 9000, runtime(machine))
    with pytest.raises(LvsnetError, match="client: udp port 9000: Address already in use"):
        running.serve(LAB, NODE, "udp", 9000, runtime(machine))
    with pytest.raises(LvsnetError, match="client does not know nobody"):
        running.begin(LAB, load(1, "nobody"), runtime(machine))
    with pytest.raises(LvsnetError, match="does not run"):
        running.begin(LAB, Load("x", ("lb01",), load(1).target, 1, 1), runtime(machine))
    assert [path.name for path in (tmp_path / "traffic" / LAB).iterdir()] == [serving]
    machine.end()
    with pytest.raises(LvsnetError, match="client does not run"):
        running.begin(LAB, load(1), runtime(machine))


def test_a_generator_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    home, id = homes.new_home(LAB, "web")
    (home / running.LOAD).write_text(json.dumps(asdict(running.Begun(load(5), 0))))
    (home / "0").touch()
    assert running.is_over(LAB, id)  # killed with its node, without a word
    (home / "0.errors").write_text("Traceback\n[Errno 28] No space left on device\n")
    with pytest.raises(LvsnetError, match=r"client ended: \[Errno 28\] No space left"):
        running.is_over(LAB, id)


@pytest.mark.parametrize("id", ["../dr", "", ".", "a/b", "nothing"])
def test_no_other_directory_is_taken_for_a_load(
    id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    homes.directory(LAB).mkdir(parents=True)
    with pytest.raises(LvsnetError, match="has no traffic"):
        running.is_over(LAB, id)
    running.forget(LAB, id)
    assert homes.directory(LAB).is_dir()


def until_gone(machine: Machine, *paths: Path) -> None:
    until = time.monotonic() + DEADLINE
    while machine.generators() or any(path.exists() for path in paths):
        assert time.monotonic() < until
        time.sleep(0.02)


@needs_root
def test_a_load_ends_with_its_owner(machine: Machine) -> None:
    here, there = os.pipe()
    id = running.begin(LAB, load(None), runtime(machine), here)
    home = homes.home_of(LAB, id)
    os.close(here)
    assert machine.generators()
    assert not running.is_over(LAB, id)
    os.close(there)
    until_gone(machine, home)


@needs_root
def test_the_end_of_its_owner_leaves_a_later_load_of_its_name(machine: Machine) -> None:
    here, there = os.pipe()
    id = running.begin(LAB, load(None), runtime(machine), here)
    (first,) = machine.generators()
    os.kill(first, signal.SIGSTOP)
    running.forget(LAB, id)
    assert running.begin(LAB, load(None), runtime(machine)) == id
    os.close(here)
    os.close(there)
    os.kill(first, signal.SIGCONT)
    until = time.monotonic() + DEADLINE
    while first in machine.generators():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not running.is_over(LAB, id)
    running.forget(LAB, id)
    until_gone(machine)
