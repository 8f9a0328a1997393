"""What was changed above an image, by the upper layer of an overlay.

Documentation/filesystems/overlayfs.rst of Linux, "whiteouts and opaque directories": what was
removed is there as a character device 0/0, a directory that was made anew as one with the
extended attribute trusted.overlay.opaque, which only root of the machine can read.
"""

from __future__ import annotations

import errno
import filecmp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lvsnet.engine.runtime import Change

OPAQUE = "trusted.overlay.opaque"
_TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


def changes(upper: Path, image: Path) -> list[Change]:
    """What in ``upper`` differs from ``image``, the layer below it, sorted by path.

    A file that was written with what it had before is none, and neither is a directory in which
    something changed. Of a directory that was removed only itself is there.

    Raises:
        OSError: a layer cannot be read.
    """
    if not upper.is_dir():
        return []
    return sorted(_below("", upper, image), key=lambda change: change.path)


def _below(path: str, upper: Path, image: Path) -> Iterator[Change]:
    """The changes in a directory that both layers have."""
    here = {entry.name: entry for entry in os.scandir(upper)}
    for name, entry in here.items():
        place = f"{path}/{name}"
        now, was = entry.stat(follow_symlinks=False), _status(image / name)
        if _is_whiteout(now):
            if was is not None:
                yield Change(place, "removed", "")
            continue
        if was is None:
            yield Change(place, "added", _type(now))
            if entry.is_dir(follow_symlinks=False):
                yield from _added(place, upper / name)
        elif entry.is_dir(follow_symlinks=False) and stat.S_ISDIR(was.st_mode):
            if _owners(now) != _owners(was):
                yield Change(place, "changed", "directory")
            if _is_opaque(upper / name):
                yield from _hidden(place, upper / name, image / name)
            yield from _below(place, upper / name, image / name)
        elif not _same(upper / name, now, image / name, was):
            yield Change(place, "changed", _type(now))
            if entry.is_dir(follow_symlinks=False):
                yield from _added(place, upper / name)


def _added(path: str, upper: Path) -> Iterator[Change]:
    """All that is in a directory that the image has not got."""
    for entry in os.scandir(upper):
        now = entry.stat(follow_symlinks=False)
        if _is_whiteout(now):
            continue
        yield Change(f"{path}/{entry.name}", "added", _type(now))
        if entry.is_dir(follow_symlinks=False):
            yield from _added(f"{path}/{entry.name}", Path(entry.path))


def _hidden(path: str, upper: Path, image: Path) -> Iterator[Change]:
    """What the image has in a directory that was made anew, and that is not there any more.

    In the directories below, made anew with it, nothing of the image is seen either.
    """
    here = {entry.name: entry for entry in os.scandir(upper)}
    for entry in os.scandir(image):
        there = here.get(entry.name)
        if there is None:
            yield Change(f"{path}/{entry.name}", "removed", "")
            continue
        both = there.is_dir(follow_symlinks=False) and entry.is_dir(follow_symlinks=False)
        # One with the mark of its own is come to by `_below`.
        if both and not _is_opaque(Path(there.path)):
            yield from _hidden(f"{path}/{entry.name}", Path(there.path), Path(entry.path))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _type(status: os.stat_result) -> str:
    return _TYPES.get(stat.S_IFMT(status.st_mode), "other")


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(directory: Path) -> bool:
    try:
        return os.getxattr(directory, OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
        return False


def _owners(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mode, status.st_uid, status.st_gid


def _same(now: Path, now_status: os.stat_result, was: Path, was_status: os.stat_result) -> bool:
    if _owners(now_status) != _owners(was_status):
        return False
    if stat.S_ISREG(now_status.st_mode):
        return now_status.st_size == was_status.st_size and filecmp.cmp(now, was, shallow=False)
    if stat.S_ISLNK(now_status.st_mode):
        return now.readlink() == was.readlink()
    return now_status.st_rdev == was_status.st_rdev
