"""Programs that take their time: niced, with a log, a deadline, and nothing left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.errors import LvsnetError

LOOK_S = 0.2
"""How often the log is looked at."""
STOP_S = 10.0
"""How long a program gets to end its own programs."""
TAIL_LINES = 12
NICE = ("nice", "-n", "10")
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")
"""Should this process be killed, the program ends too; make(1) then ends what it started."""


@dataclass(frozen=True)
class Workshop:
    """Where programs run, and what all of them have in common."""

    log: Path
    """They append to it."""
    environment: Mapping[str, str]
    deadline: float
    """By `time.monotonic`."""


def begin(log: Path) -> None:
    """Make the log, empty."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")


def run(
    workshop: Workshop,
    argv: Sequence[str],
    where: Path,
    failure: str,
    said: Callable[[str], None] = lambda _line: None,
    more: Mapping[str, str] | None = None,
) -> None:
    """Run a program in the directory ``where``; ``said`` gets what it says, line by line.

    Raises:
        LvsnetError: it failed or the deadline passed: ``failure``, and the end of its log.
    """
    # A session of its own, so that Ctrl-C comes to it from here, and to all of its programs.
    with workshop.log.open("ab") as log, workshop.log.open(errors="replace") as read:
        read.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [*WITH_PARENT, *NICE, *argv], cwd=where, start_new_session=True,
            env={**workshop.environment, **(more or {})},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            rest = ""
            while True:
                running = _runs(process)
                *lines, rest = (rest + read.read()).split("\n")
                for line in lines:
                    said(line)
                if not running:
                    break
                if time.monotonic() > workshop.deadline:
                    raise LvsnetError(f"{failure}: it took too long. {_tail(workshop.log)}")
        finally:
            _end(process)
    if process.returncode:
        raise LvsnetError(f"{failure}: exit code {process.returncode}. {_tail(workshop.log)}")


def answer(workshop: Workshop, argv: Sequence[str], failure: str) -> str:
    """What a program prints that has no need to be watched.

    Raises:
        LvsnetError: it failed or the deadline passed.
    """
    left = max(1.0, workshop.deadline - time.monotonic())
    try:
        done = subprocess.run(
            list(argv), env=dict(workshop.environment), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=left, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"{failure}: it took too long.") from error
    except subprocess.CalledProcessError as error:
        raise LvsnetError(f"{failure}:\n{error.stderr.strip()}") from error
    return done.stdout


def _runs(process: subprocess.Popen[bytes]) -> bool:
    """Wait a little; True when it has not ended by then."""
    try:
        process.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that runs, and all that it started; nothing happens to one that has ended."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    # Not waited for yet, so that its number stays its own until its group has been killed.
    look = os.WEXITED | os.WNOWAIT | os.WNOHANG
    while os.waitid(os.P_PID, process.pid, look) is None and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join(("Its last lines:", *(f"  {line}" for line in lines), f"All of them: {log}"))
