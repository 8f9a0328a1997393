"""What Ctrl-C or a closed pipe cuts short says nothing of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import pytest

from lvsnet import cli

_PROGRAM = """
import logging
from lvsnet import cli
try:
    cli._interrupt(2, None)
except KeyboardInterrupt:
    logging.getLogger("asyncio").error("a generator could not be closed")
"""


def test_an_event_loop_that_is_cut_short_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, timeout=30, check=True
    )
    assert done.stderr == b""


@pytest.mark.parametrize("command", [["labs"], ["schema"], ["kernel", "list"]])
def test_a_command_whose_output_nobody_reads_ends_as_by_a_signal(command: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", "from lvsnet import cli; cli.main()", *command],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_import_of_logging_that_is_cut_short_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A module whose import has only begun is there, and has nothing in it."""
    monkeypatch.setitem(sys.modules, "logging", ModuleType("logging"))
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with pytest.raises(KeyboardInterrupt):
        cli._interrupt(2, None)
