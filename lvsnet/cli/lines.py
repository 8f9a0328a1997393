"""Lines that something prints, each as a JSON object."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import BinaryIO

import typer

from lvsnet.cli import formats, reader

PR_SET_PDEATHSIG = 1
"""prctl(2); from linux/prctl.h."""


def wrap(facts: Mapping[str, object]) -> None:
    """From now on, what this process prints is ``{**facts, "line": ...}``, an object a line.

    It goes on as a child of what was this process, which reads what it prints, and ends as it
    does: so it may become another program, too, and signals reach whom they would have reached.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _die_with(parent)
        os.dup2(writing, 1)
        os.close(writing)
        os.close(reading)
        return
    os.close(writing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the child as well
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _stack: os.kill(child, number))
    code = _copy(reading, child, facts)
    os._exit(code)


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent, however that ends."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # which has ended before that
        os.kill(os.getpid(), signal.SIGTERM)


def _copy(reading: int, child: int, facts: Mapping[str, object]) -> int:
    """The child's exit code, as a shell gives it; 141 when nobody reads what is said."""
    try:
        with reader.awaited(), os.fdopen(reading, "rb") as stream:
            _print(stream, facts)
    except (BrokenPipeError, typer.Exit):
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        return 141
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _print(stream: BinaryIO, facts: Mapping[str, object]) -> None:
    for line in stream:
        text = line.decode(errors="replace").removesuffix("\n")
        formats.line({**facts, "line": text})
