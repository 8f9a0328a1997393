"""Running containerlab: its output, its log line by line, its end in every case."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lvsnet.errors import LvsnetError
from lvsnet.progress import Report

ENDING_S = 30.0
"""Seconds that an interrupted containerlab gets: it takes a lab back itself, for 20 s at most."""
STUBBORN_S = 5.0
"""Seconds that one gets to end by itself: Ctrl-C on a terminal reaches it, too."""


@dataclass(frozen=True)
class Ended:
    """A process that ended."""

    code: int
    output: str
    log: tuple[str, ...]
    """Lines of its standard error."""


def run(
    command: Sequence[str], directory: Path, deadline: float, report: Report, container: str = ""
) -> Ended:
    """Run a command in ``directory``; each line of its standard error goes to ``report``.

    It is ended when ``deadline`` seconds have passed and on Ctrl-C, and so is ``container``, the
    Docker container in which it does its work.

    Raises:
        LvsnetError: there is no such program, or it took longer than ``deadline`` seconds.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise LvsnetError(f"cannot run {command[0]} in {directory}: {error.strerror}") from error
    log: list[str] = []
    output: list[str] = []
    with _ended(process, container):
        readers = [
            threading.Thread(target=_read_log, args=(process.stderr, log, report), daemon=True),
            threading.Thread(target=_read, args=(process.stdout, output), daemon=True),
        ]
        for reader in readers:
            reader.start()
        until = time.monotonic() + deadline
        try:
            code = process.wait(deadline)
        except subprocess.TimeoutExpired as error:
            last = "\n".join(log[-10:])
            raise LvsnetError(
                f"{' '.join(command)}: no end after {deadline:.0f} s; its last lines:\n{last}"
            ) from error
        for reader in readers:
            reader.join(max(1.0, until - time.monotonic()))
    return Ended(code, "".join(output), tuple(log))


@contextmanager
def _ended(process: subprocess.Popen[str], container: str) -> Iterator[None]:
    """End the process, whatever ended the block."""
    try:
        yield
    finally:
        if process.poll() is None:
            _end(process)
            if container:
                # Its client's end is not a container's end.
                _remove(container)


def _end(process: subprocess.Popen[str]) -> None:
    """In steps: by itself, asked, killed; one that a signal cannot reach is left to its own end."""
    steps = ((None, STUBBORN_S), (signal.SIGTERM, ENDING_S), (signal.SIGKILL, STUBBORN_S))
    for number, patience in steps:
        try:
            if number is not None:
                process.send_signal(number)
            process.wait(patience)
        except (subprocess.TimeoutExpired, PermissionError):
            # PermissionError: it is set-user-ID root; the terminal's Ctrl-C has reached it.
            continue
        return


def _remove(container: str) -> None:
    subprocess.run(
        ["docker", "rm", "--force", container],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=ENDING_S,
        check=False,
    )


def _read(stream: IO[str] | None, output: list[str]) -> None:
    if stream is not None:
        with stream:
            output.append(stream.read())


def _read_log(stream: IO[str] | None, log: list[str], report: Report) -> None:
    if stream is not None:
        with stream:
            for line in stream:
                log.append(line.rstrip("\n"))
                report(log[-1])
