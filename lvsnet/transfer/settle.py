"""Putting what was unpacked beside its destination under its name, at once or file by file."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.transfer.operands import shown
from lvsnet.transfer.unpack import Directory

PREFIX = ".lvsnet-cp-"


def new_name() -> str:
    """Of a directory for what is not there yet as a whole."""
    return f"{PREFIX}{secrets.token_hex(8)}"


@contextmanager
def stage(beside: str) -> Iterator[Path]:
    """A new directory in the directory ``beside``; it is gone when the ``with`` ends."""
    path = Path(beside, new_name())
    try:
        path.mkdir(0o700)
        yield path
    finally:
        # Nobody's second Ctrl-C is to leave half of it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            if path.is_dir():
                shutil.rmtree(path)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def settle(staging: Path, target: str, final: str, directories: Sequence[Directory]) -> None:
    """Put what was unpacked as ``target`` where it belongs, then give its directories their modes.

    Directories that were there before keep theirs.

    Raises:
        LvsnetError: a directory would replace something else, or the other way round; then
            everything is as it was.
        OSError: the destination may not be written to.
    """
    _check(staging / target, Path(final))
    moved: dict[Path, Path] = {}
    _move(staging / target, Path(final), moved)
    for one in reversed(directories):  # a closed directory's contents first
        if path := _now(staging.joinpath(*one.parts), moved):
            os.utime(path, (one.mtime, one.mtime), follow_symlinks=False)
            path.chmod(one.mode)


def _check(staged: Path, final: Path) -> None:
    """See that ``staged`` can take the name ``final``, or be merged into what has it.

    Links in the destination are not followed: a node may have made them, by an earlier copy.
    """
    there = _mode(final)
    if there is None:
        return
    if not _is_directory(staged):
        if stat.S_ISDIR(there):
            raise LvsnetError(f"{shown(str(final))} is a directory, and what is copied is none")
    elif not stat.S_ISDIR(there):
        raise LvsnetError(f"{shown(str(final))} is no directory, and what is copied is one")
    else:
        for child in staged.iterdir():
            _check(child, final / child.name)


def _move(staged: Path, final: Path, moved: dict[Path, Path]) -> None:
    """Give ``staged`` its name; into a directory that is there, all that is in it."""
    if _is_directory(final) and _is_directory(staged):
        for child in sorted(staged.iterdir()):
            _move(child, final / child.name, moved)
    else:
        staged.replace(final)
        moved[staged] = final


def _now(staged: Path, moved: dict[Path, Path]) -> Path | None:
    """Where something has come that was at ``staged``; None when it was merged."""
    for above in (staged, *staged.parents):
        if above in moved:
            return moved[above] / staged.relative_to(above)
    return None


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _is_directory(path: Path) -> bool:
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)
