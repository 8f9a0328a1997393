"""An engine of the tests' own ends with its user, whatever ends that, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from machine import engine
from machine.processes import command_lines

pytestmark = pytest.mark.skipif(
    bool(engine.lacking()), reason=f"no Docker engine can be started: {', '.join(engine.lacking())}"
)

START = """
import sys, time
from pathlib import Path
from machine import engine
from machine.processes import command_lines
data = Path(sys.argv[1])
with engine.running(data, data) as host:
    print(host, flush=True)
    time.sleep(1000)
"""


def traces(directory: str) -> list[str]:
    """Processes, files and control groups of the engine in this directory."""
    name = Path(directory).name
    found = [repr(line) for line in command_lines() if directory.encode() in line]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{name}")]
    return [*found, directory] if Path(directory).exists() else found


def test_an_engine_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    with engine.running(tmp_path) as host:
        assert engine.ask(host, "/_ping") == b"OK"
        directory = str(Path(host.removeprefix("unix://")).parent)
        assert traces(directory)
    assert traces(directory) == []
    assert (tmp_path / "overlay2").is_dir()


def test_an_engine_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    tests = str(Path(engine.__file__).parents[1])
    user = subprocess.Popen(
        [sys.executable, "-c", START, str(data)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": tests},
    )
    assert user.stdout is not None
    with user.stdout:
        host = user.stdout.readline().decode().strip()
    directory = str(Path(host.removeprefix("unix://")).parent)
    assert traces(directory)
    user.kill()
    user.wait(10)
    until = time.monotonic() + 15
    while traces(directory) or data.exists():
        assert time.monotonic() < until, traces(directory)
        time.sleep(0.05)
