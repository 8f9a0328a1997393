"""The set, in part, on a host's kernel that has IPVS and gives every right.

That machine is booted for it: lvsnet's guest kernel on this machine's own file system.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance import places
from machine import boot

HERE = Path(__file__).parent
WITHIN_S = 900.0
"""It takes a minute by crun and two by Docker on an idle machine."""

OF_THE_KERNEL = (
    # IPVS, which a machine without it cannot show; and on that site, which is deployed once, all
    # else that such a kernel may answer otherwise: every right there is, power loss by control
    # groups of version 2 alone, as few machines for tests have them, what of a node ends first when
    # its init is killed, and what is left of a lab that was destroyed.
    "test_balancing.py",
)
OF_CRUN = (
    # Control groups are lvsnet's own affair here, also those of a lab that was killed on its way.
    # By Docker they are the engine's, the same program in either place.
    "test_labs.py::test_a_deploy_that_is_ended_on_its_way_leaves_nothing[crun/host-KILL]",
)
"""What of the set another kernel may answer otherwise. The others ask lvsnet and the engine, the
same programs in either place: they run on this machine's own kernel only. All of the set takes
many times the time, and nearly all of that is starting programs, which in such a machine are slow.
"""
CONTAINERS = HERE.parent / "containers"
HELPER = f"{CONTAINERS}/test_docker_by_helper.py::test_a_helper_wires_a_lab_and_takes_it_away"
"""Needs an engine that may make a container privileged, and goes where one is started anyway."""


def passes(place: str, disk: Path, share: Path) -> None:
    """Run for a place in a test machine what its kernel may change; fails with all that it said."""
    tests = [str(HERE / one) for one in OF_THE_KERNEL]
    if place == "crun/host":
        tests += [str(HERE / one) for one in OF_CRUN]
    else:
        tests.append(HELPER)
    run(tests, disk, share, {places.VARIABLE: place})


def run(arguments: Sequence[str], disk: Path, share: Path, environment: Mapping[str, str]) -> None:
    """Run these tests in a test machine, all of them; fails with all that was said."""
    command = [
        sys.executable, "-m", "pytest", *arguments, "-x", "-q", "-ra", "--durations=5",
        "--basetemp=/tmp/set", "-p", "no:cacheprovider", "-p", "no:xdist",
        "-p", "no:hypothesispytest",  # takes as long to be imported as pytest itself
    ]  # fmt: skip
    said = bytearray()
    machine = boot.Machine(disk=disk, environment=environment)
    code = boot.run(command, share, said.extend, machine, WITHIN_S)
    text = said.decode(errors="replace")
    assert code == 0, text
    # That machine lacks nothing.
    assert "skipped" not in text.splitlines()[-1], text
