"""A lab's removal ends also what a killed deploy has left of crun."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from lvsnet.engine import processes
from lvsnet.engine.runtimes.crun import Crun


@pytest.fixture
def late(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Does what crun does that is begun late: makes its root, if that is missing."""
    root = tmp_path / "labs/late/.crun"
    root.mkdir(parents=True)
    return subprocess.Popen(["sh", "-c", f"sleep 2; mkdir -p {root}", "crun", f"--root={root}"])


def test_no_crun_makes_the_directory_of_a_removed_lab_anew(
    late: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    root = f"--root={tmp_path}/labs/late/.crun"
    until = time.monotonic() + 10
    while processes.with_argument(root) != [late.pid]:
        assert time.monotonic() < until
    Crun(tmp_path, None).remove("late")
    assert late.wait(10) == -9
    assert not (tmp_path / "labs/late").exists()
    assert processes.with_argument(root) == []
