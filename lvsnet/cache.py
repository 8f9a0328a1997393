"""The cache: what is expensive is built once, whole or not at all, by one process at a time.

An entry is a directory ``ROOT/KIND/KEY``. It is built in a directory beside it and renamed when
it is complete, so an entry that exists is whole. One lock for each kind orders the builders; the
kernel drops it with its owner, whatever ends that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.progress import Report

Build = Callable[[Path, Path], None]
"""Fills the first directory; the second is the path that it will have, for what must know it."""

WAIT_S = 1800.0
"""How long to wait for another process that is building; a build has a shorter deadline."""
POLL_S = 0.1
UNFINISHED = ".building-"
SYSTEM = Path("/var/cache/lvsnet")
"""The cache of all users, which root fills: ``lvsnet setup --system``."""


def root(environment: Mapping[str, str] = os.environ) -> Path:
    """``$XDG_CACHE_HOME/lvsnet``, else ``$HOME/.cache/lvsnet`` (XDG Base Directory 0.8).

    The specification has relative paths ignored. Raises LvsnetError when neither is usable.
    """
    for variable, below in (("XDG_CACHE_HOME", ""), ("HOME", ".cache")):
        base = Path(environment.get(variable, ""))
        if base.is_absolute():
            return base / below / "lvsnet"
    raise LvsnetError(
        "There is no place for lvsnet's cache: neither XDG_CACHE_HOME nor HOME is an absolute "
        "path. Set XDG_CACHE_HOME to a directory that you can write to."
    )


def entry(kind: str, key: str) -> Path:
    """The directory of an entry of this user's cache, there or not."""
    return root() / kind / key


def find(kind: str, key: str) -> Path | None:
    """The directory of an entry that is there, in this user's cache or else in that of all."""
    return next((one for one in (entry(kind, key), SYSTEM / kind / key) if one.is_dir()), None)


def ensure(kind: str, key: str, build: Build, report: Report, place: Path | None = None) -> Path:
    """The entry's directory in either cache, built in this user's first when it is in none.

    With ``place`` it is to be in that cache, for all to read, and is copied from this user's when
    it is there. For entries that do not know where they lie.

    Raises as `build_once`.
    """
    if place is None:
        return find(kind, key) or build_once(kind, key, build, report)
    own = entry(kind, key)

    def build_or_copy(directory: Path, final: Path) -> None:
        if own.is_dir() and own != final:
            shutil.copytree(own, directory, symlinks=True, dirs_exist_ok=True)
        else:
            build(directory, final)
        _open_to_all(directory)

    return build_once(kind, key, build_or_copy, report, place=place)


def _open_to_all(directory: Path) -> None:
    directory.chmod(0o755)
    for path in directory.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)


def build_once(
    kind: str,
    key: str,
    build: Build,
    report: Report,
    wait_s: float = WAIT_S,
    place: Path | None = None,
) -> Path:
    """The entry's directory, built first when it is missing, in this user's cache or ``place``.

    Raises LvsnetError when the cache cannot be written to, the disk is full, or another builder
    takes longer than ``wait_s``; and whatever ``build`` raises. In each case nothing is left.
    """
    final = (place or root()) / kind / key
    if final.is_dir():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with _sole_builder(final.parent, report, wait_s):
            _remove_unfinished(final.parent)
            if not final.is_dir():
                _build(final, build)
    except OSError as error:
        raise _explained(error, final) from error
    return final


def _build(final: Path, build: Build) -> None:
    # A name of its own: what a killed builder started may still be writing to the old one.
    unfinished = final.with_name(f"{UNFINISHED}{final.name}-{os.getpid()}")
    unfinished.mkdir()
    try:
        build(unfinished, final)
        unfinished.rename(final)
    finally:
        if unfinished.exists():
            shutil.rmtree(unfinished, ignore_errors=True)


def _remove_unfinished(directory: Path) -> None:
    """What a killed builder left; the caller holds the lock, so nobody is at work in it."""
    for leftover in directory.glob(UNFINISHED + "*"):
        shutil.rmtree(leftover)


@contextmanager
def _sole_builder(directory: Path, report: Report, wait_s: float) -> Iterator[None]:
    # The file stays: removing it would let a third process lock a new one of the same name.
    descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(descriptor, directory, report, wait_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path, report: Report, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace") or "another one"
        else:
            return
        if time.monotonic() > deadline:
            raise LvsnetError(
                f"Process {owner} has been building in {directory} for more than {wait_s:.0f} s. "
                "Look what it waits for, end it, and try again."
            )
        if not told:
            report(f"waiting for process {owner}, which is building {directory.name}")
            told = True
        time.sleep(POLL_S)


def _explained(error: OSError, final: Path) -> LvsnetError:
    where = error.filename or final.parent
    text = f"Cannot write lvsnet's cache: {where}: {error.strerror}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LvsnetError(
            f"{text} Make room (an entry takes up to 1 GB while it is built), or set "
            "XDG_CACHE_HOME to a directory with more."
        )
    return LvsnetError(f"{text} Set XDG_CACHE_HOME to a directory that you can write to.")
