"""What a process had begun is taken back, however that process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.host import lock

SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from lvsnet.host import guard
undone = Path(sys.argv[1])

def undo():
    time.sleep(0.2)
    with undone.open("a") as file:
        file.write("undone\\n")

with guard.guarded(undo) as keep:
    {body}
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path / "state"))


def run(body: str, tmp_path: Path) -> tuple[int, str]:
    """Exit code, and how often it was undone once the process had ended."""
    undone = tmp_path / "undone"
    script = SCRIPT.format(body=body)
    done = subprocess.run(
        [sys.executable, "-c", script, str(undone)], timeout=20, check=False, start_new_session=True
    )
    return done.returncode, undone.read_text() if undone.exists() else ""


def test_what_was_kept_stays(tmp_path: Path) -> None:
    assert run("keep()", tmp_path) == (0, "")


@pytest.mark.parametrize(
    "body", ["raise SystemExit(3)", "os.kill(0, signal.SIGINT); time.sleep(9)"]
)
def test_what_was_not_kept_is_taken_back_before_the_process_ends(body: str, tmp_path: Path) -> None:
    code, undone = run(body, tmp_path)
    assert code != 0
    assert undone == "undone\n"


def test_kill_takes_back_too_and_holds_nobodys_output(tmp_path: Path) -> None:
    undone = tmp_path / "undone"
    script = SCRIPT.format(body="os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run(
        [sys.executable, "-c", script, str(undone)], capture_output=True, timeout=20, check=False
    )
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 10
    while not (undone.exists() and undone.read_text() == "undone\n"):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_lock_is_held_until_the_guard_is_done() -> None:
    """The guard is forked with it, so nobody deploys in the middle of its work."""
    name = f"guard-{os.getpid()}"
    script = f"""
import os, signal, sys, time
from lvsnet.host import guard, lock

with lock.held({name!r}), guard.guarded(lambda: time.sleep(1)):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], timeout=20, check=False)
    with pytest.raises(LvsnetError, match="is just being deployed"), lock.held(name):
        pass
    until = time.monotonic() + 10
    while not taken(name):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not lock.path_of(name).exists()


def taken(name: str) -> bool:
    """Whether a lock could be had, and given back."""
    try:
        with lock.held(name):
            return True
    except LvsnetError:
        return False
