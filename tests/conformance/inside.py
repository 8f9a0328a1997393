"""The set once more, on a host's kernel that has IPVS and gives every right.

That machine is booted for it: lvsnet's guest kernel on this machine's own file system.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance import places
from machine import boot

WITHIN_S = 900.0
"""It takes two minutes by crun and three by Docker on an idle machine."""


def passes(place: str, disk: Path, share: Path) -> None:
    """Run the set for a place in a test machine; fails with all that it said."""
    here = Path(__file__).parent
    arguments = [str(here), f"--ignore-glob={here}/test_machine_*"]
    run(arguments, disk, share, {places.VARIABLE: place})


def run(arguments: Sequence[str], disk: Path, share: Path, environment: Mapping[str, str]) -> None:
    """Run these tests in a test machine, all of them; fails with all that was said."""
    command = [
        sys.executable, "-m", "pytest", *arguments, "-x", "-q", "-ra", "--durations=5",
        "--basetemp=/tmp/set", "-p", "no:cacheprovider", "-p", "no:xdist",
    ]  # fmt: skip
    said = bytearray()
    machine = boot.Machine(disk=disk, environment=environment)
    code = boot.run(command, share, said.extend, machine, WITHIN_S)
    text = said.decode(errors="replace")
    assert code == 0, text
    # That machine lacks nothing.
    assert "skipped" not in text.splitlines()[-1], text
