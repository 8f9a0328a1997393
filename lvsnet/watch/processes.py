"""The processes that the screen begins and ends: those that tell it what happens, and commands."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass

LONGEST = 16 * 1024 * 1024
"""Bytes of a line: the tables of a lab with thousands of services."""
PATIENCE = 5.0
"""Seconds in which a process ends that was interrupted, before it is killed."""


@dataclass(frozen=True)
class Outcome:
    """What came of a command."""

    code: int
    words: str
    """Its last line, or what went wrong, in a line."""
    seconds: float


async def lines(lab: str, what: str) -> AsyncGenerator[str, None]:
    """What `lvsnet.watch.feed` tells, until the process has ended; it ends with this generator."""
    argv = ("-m", "lvsnet.watch.feed", lab, what, str(os.getpid()))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *argv),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
        limit=LONGEST,
    )
    try:
        while process.stdout is not None and (line := await process.stdout.readline()):
            yield line.decode(errors="replace")
    finally:
        await _end(process)


async def perform(lab: str, words: Sequence[str]) -> Outcome:
    """Run a command of lvsnet's about a lab; it is interrupted, as by Ctrl-C, if this is."""
    begun = time.monotonic()
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith("_FORMAT")
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lvsnet", *words, "--lab", lab),
        env=environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        output, errors = await process.communicate()
    finally:
        await _end(process)
    code = process.returncode or 0
    words_said = summary(code, output.decode(errors="replace"), errors.decode(errors="replace"))
    return Outcome(code, words_said, time.monotonic() - begun)


def summary(code: int, output: str, errors: str) -> str:
    """A line of what a command said: what went wrong, or else its last words on its output."""
    if code == 0:
        return output.strip().rpartition("\n")[2].strip()
    found = errors.strip().splitlines()
    for number, line in enumerate(found):
        for begin in ("lvsnet: ", "Error: "):
            if line.startswith(begin):
                return " ".join([line.removeprefix(begin), *found[number + 1 :]])
    return found[-1] if found else f"exit code {code}"


async def _end(process: Process) -> None:
    """Nothing of a process is left, whatever happens."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), PATIENCE)
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
