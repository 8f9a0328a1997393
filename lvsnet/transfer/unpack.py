"""Unpacking a node's archive on this machine: nothing is ever written outside one directory.

Not tarfile's extractall: its filters are not in every Python 3.11, and follow links by name. Here
each directory is opened from the one above it, and none of them is a link.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from lvsnet.errors import LvsnetError
from lvsnet.transfer import archive
from lvsnet.transfer.operands import shown

PERMISSIONS = 0o777
"""Of a node's files; its set-user-ID bits say nothing of this machine's users."""
OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
LATEST = 2**55
"""Seconds: beyond what any file system keeps, within what utimensat(2) takes."""
HOLE = bytes(64 * 1024)


@dataclass(frozen=True)
class Directory:
    """One that was unpacked, for now with mode 0700, so that it can be written to and removed."""

    parts: tuple[str, ...]
    mode: int
    mtime: float


def unpack(
    stream: IO[bytes], top: int, name: str, target: str, warn: Callable[[str], None]
) -> list[Directory]:
    """Unpack ``name`` and what is below it in an archive into the directory ``top``, as ``target``.

    With ``name`` empty, all that is in the archive becomes the directory ``target``. Files belong
    to who runs this; special files are left out, and said.

    Raises:
        LvsnetError: the archive is not whole, or has a name that leads out of it.
        OSError: no room, or a name that this file system does not take.
    """
    directories = []

    def placed(given: str) -> list[str]:
        found = archive.parts(given)
        if name and found[:1] != [name]:
            raise LvsnetError(f"the archive has a name that leads out of it: {shown(given)}")
        return [target, *(found[1:] if name else found)]

    with archive.members(stream, "r|") as members:
        for member, content in members:
            where = placed(member.name)
            with _above(top, where) as directory:
                if member.isdir():
                    _directory(directory, where[-1])
                    mode = member.mode & PERMISSIONS
                    directories.append(Directory(tuple(where), mode, _time(member)))
                elif content is not None:
                    _clear(directory, where[-1])
                    _file(directory, where[-1], member, content)
                elif member.issym():
                    _clear(directory, where[-1])
                    os.symlink(member.linkname, where[-1], dir_fd=directory)
                    _set_time(where[-1], member, directory)
                elif member.islnk():
                    _clear(directory, where[-1])
                    _link(top, placed(member.linkname), directory, where[-1])
                else:
                    warn(f"{shown(member.name)} is no file, directory or link, and is left out")
    return directories


@contextmanager
def _above(top: int, where: Sequence[str]) -> Iterator[int]:
    """The directory that ``where`` lies in, open."""
    fd = os.dup(top)
    try:
        for part in where[:-1]:
            below = os.open(part, OPEN_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


def _directory(above: int, name: str) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=above)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            raise


def _clear(above: int, name: str) -> None:
    """A later member of the same name is the one that counts (tar(1), on --append)."""
    try:
        os.unlink(name, dir_fd=above)
    except FileNotFoundError:
        return


def _file(above: int, name: str, member: tarfile.TarInfo, content: IO[bytes]) -> None:
    fd = os.open(name, CREATE, 0o600, dir_fd=above)
    try:
        size = 0
        while chunk := content.read(archive.CHUNK):
            for start in range(0, len(chunk), len(HOLE)):
                _write_at(fd, chunk[start : start + len(HOLE)], size + start)
            size += len(chunk)
        if size != member.size:
            raise archive.CutOffError("the tar archive is not whole")
        os.ftruncate(fd, size)
        os.fchmod(fd, member.mode & PERMISSIONS)
        os.utime(fd, (_time(member), _time(member)))
    finally:
        os.close(fd)


def _write_at(fd: int, content: bytes, offset: int) -> None:
    """Write; what is nothing but zeros stays a hole."""
    if content == HOLE:
        return
    rest = memoryview(content)
    while rest:
        count = os.pwrite(fd, rest, offset)
        rest, offset = rest[count:], offset + count


def _link(top: int, source: Sequence[str], directory: int, name: str) -> None:
    with _above(top, source) as there:
        os.link(source[-1], name, src_dir_fd=there, dst_dir_fd=directory, follow_symlinks=False)


def _time(member: tarfile.TarInfo) -> float:
    return min(max(member.mtime, 0.0), LATEST)


def _set_time(name: str, member: tarfile.TarInfo, above: int) -> None:
    times = (_time(member), _time(member))
    os.utime(name, times, dir_fd=above, follow_symlinks=False)
