"""The test machine runs one command, tells its code, and says what happened when it cannot."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from machine import boot
from machine.processes import command_lines

pytestmark = pytest.mark.skipif(
    bool(boot.lacking()), reason=f"no test machine: {'; '.join(boot.lacking())}"
)


def said(command: list[str], share: Path) -> tuple[int, str]:
    words = bytearray()
    code = boot.run(command, share, words.extend, boot.Machine(memory="1G"), 60)
    return code, words.decode()


def test_the_machine_is_this_one_with_another_kernel_that_has_ipvs(tmp_path: Path) -> None:
    look = "modprobe ip_vs_rr && grep -c rr /proc/modules; uname -r; pwd; id -u; exit 3"
    code, words = said(["sh", "-c", look], tmp_path)
    modules, release, directory, user = words.splitlines()
    assert (code, directory, user) == (3, str(Path.cwd()), "0")
    assert int(modules) >= 1
    assert release != os.uname().release


def test_what_it_writes_is_forgotten_but_for_the_share(tmp_path: Path) -> None:
    forgotten = Path("/usr/lvsnet-was-here")
    write = f"echo x > {forgotten}; cat {forgotten}; echo kept > {boot.SHARE}/file"
    assert said(["sh", "-c", write], tmp_path) == (0, "x\n")
    assert not forgotten.exists()
    assert (tmp_path / "file").read_text() == "kept\n"


def test_a_command_that_takes_too_long_is_ended_with_its_machine(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(boot.MachineError, match=r"not done within 3 s: sleep 1000\n"):
        boot.run(["sleep", "1000"], tmp_path, lambda _: None, boot.Machine(memory="1G"), 3)
    assert time.monotonic() - begun < 10
    assert not [line for line in command_lines() if f"SHARE={tmp_path}".encode() in line]


def test_a_signal_is_not_ignored_from_the_start(tmp_path: Path) -> None:
    assert said(["sh", "-c", "kill -INT $$; echo survived"], tmp_path) == (130, "")
