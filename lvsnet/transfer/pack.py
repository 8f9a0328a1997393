"""Packing files of this machine into an archive for a node, where root will own them."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lvsnet.transfer import archive
from lvsnet.transfer.operands import shown

WHOLE = "whole"
"""The last member's name: an archive without it was cut off."""

Warn = Callable[[str], None]


def pack(sources: Sequence[str], out: IO[bytes], warn: Warn) -> None:
    """Write these files and directories as ``0``, ``1`` and so on.

    Links are packed as links, but for one that is given with a final slash.

    Raises:
        OSError: one cannot be read.
    """
    with _writing(out) as tar:
        for number, source in enumerate(sources):
            followed = source.endswith(("/", "/."))
            path = Path(source).resolve(strict=True) if followed else Path(source)
            _add(tar, path, str(number), warn)


def repack(archived: IO[bytes], out: IO[bytes], warn: Warn) -> None:
    """Write an archive of the user's, compressed or not, as the directory ``0``.

    Its owners stay, by number.

    Raises:
        LvsnetError: it is not whole, or has a name that leads out of it.
    """
    with _writing(out) as tar:
        top = tarfile.TarInfo("0")
        top.type, top.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(top)
        with archive.members(archived, "r|*") as members:
            for member, content in members:
                if member.isdev():
                    warn(f"{shown(member.name)} is no file, directory or link, and is left out")
                    continue
                member.name = "/".join(["0", *archive.parts(member.name)])
                if member.islnk():
                    member.linkname = "/".join(["0", *archive.parts(member.linkname)])
                member.uname = member.gname = ""
                member.pax_headers = {}
                member.sparse = None
                if member.isreg():
                    member.type = tarfile.REGTYPE
                if member.name != "0":
                    tar.addfile(member, content)


@contextmanager
def _writing(out: IO[bytes]) -> Iterator[tarfile.TarFile]:
    """An archive that ends with `WHOLE`, if nothing fails before."""
    with tarfile.open(
        fileobj=out,
        mode="w|",
        bufsize=archive.CHUNK,
        format=tarfile.GNU_FORMAT,  # names are bytes in it, however long, and every tar reads it
        encoding=archive.ENCODING,
        errors=archive.ERRORS,
    ) as tar:
        yield tar
        tar.addfile(tarfile.TarInfo(WHOLE))


def _add(tar: tarfile.TarFile, path: Path, name: str, warn: Warn) -> None:
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
        warn(f"{shown(str(path))} is no file, directory or link, and is left out")
        return
    member = tar.gettarinfo(path, name)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    archive.forget_members(tar)
    if member.isreg():
        with path.open("rb") as content:
            tar.addfile(member, content)
    else:
        tar.addfile(member)
    if member.isdir():
        with os.scandir(path) as entries:
            children = sorted(entry.name for entry in entries)
        for child in children:
            _add(tar, path / child, f"{name}/{child}", warn)
