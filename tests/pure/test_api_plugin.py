"""The pytest plugin costs nothing where no lab is used, and is found where lvsnet is installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path


def test_the_entry_point() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"lvsnet": "lvsnet.pytest_plugin"}


def test_nothing_is_imported_before_a_lab_is_asked_for() -> None:
    program = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import lvsnet.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["lvsnet", "lvsnet.pytest_plugin"]
