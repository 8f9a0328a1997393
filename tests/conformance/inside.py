"""The set, in part, on a host's kernel that has IPVS and gives every right.

That machine is booted for it: lvsnet's guest kernel on this machine's own file system.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance import places
from machine import boot

WITHIN_S = 900.0
"""It takes a minute by crun and two by Docker on an idle machine."""

OF_THE_KERNEL = (
    # IPVS, which a machine without it cannot show.
    "test_balancing.py",
    # Control groups of version 2 alone, as few machines for tests have them: what is left of a lab
    # that was destroyed, and of one that was killed on its way.
    "test_labs.py::test_destroy_has_left_nothing_when_it_returns",
    "test_labs.py::test_a_deploy_that_is_ended_on_its_way_leaves_nothing[{place}-KILL]",
    # Their freezer, and what of a node ends first when its init is killed.
    "test_nodes.py::test_power_loss_keeps_the_disk_and_nothing_else",
    "test_nodes.py::test_shell_and_logs_of_a_lab_that_is_destroyed_end",
    # Every right there is.
    "test_nodes.py::test_a_node_has_the_rights_of_a_network_machine_and_no_more",
    "test_nodes.py::test_a_privileged_node_has_every_right",
)
"""What of the set another kernel may answer otherwise. The others ask lvsnet and the engine, the
same programs in either place: they run on this machine's own kernel only. All of the set takes
twice the time, and nearly all of that is starting programs, which in such a machine are slow."""


def passes(place: str, disk: Path, share: Path) -> None:
    """Run for a place in a test machine what its kernel may change; fails with all that it said."""
    here = Path(__file__).parent
    tests = [str(here / one.format(place=place)) for one in OF_THE_KERNEL]
    run(tests, disk, share, {places.VARIABLE: place})


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
