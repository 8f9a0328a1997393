"""Reading tar archives that somebody else made, who may mean harm."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from lvsnet.errors import LvsnetError
from lvsnet.transfer.operands import shown

ENCODING = "utf-8"
ERRORS = "surrogateescape"
"""Names are bytes: what is no UTF-8 comes out as it went in."""
BUFFER = 256 * 1024
CHUNK = 1024 * 1024
MOST_HEADER = 4 * 1024 * 1024
"""Bytes from one member's content to the next one's: headers with long names, and padding.

tarfile reads a name as long as its header says into memory.
"""


class CutOffError(LvsnetError):
    """An archive that ends too early: whoever made it failed."""


class _Limited:
    """A stream that is read only as far as is expected."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.left = 0

    def expect(self, count: int) -> None:
        self.left = count + MOST_HEADER

    def read(self, count: int) -> bytes:
        content = self.stream.read(count)
        while content and len(content) < count and (more := self.stream.read(count - len(content))):
            content += more  # tarfile takes a short read, as a pipe gives, for the end
        self.left -= len(content)
        if self.left < 0:
            raise tarfile.ReadError("a header of more than 4 MB")
        return content


@contextmanager
def members(
    stream: IO[bytes], mode: str
) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]]:
    """The members of an archive in their order, regular files with their content to read.

    ``mode`` is tarfile's: ``r|``, or ``r|*`` for one that may be compressed.

    Raises:
        LvsnetError: it is no whole archive; taking the members does so, too.
    """
    limited = _Limited(stream)
    # A compressed one may be as large as it likes when it is unpacked, and is its user's own.
    limited.expect(0 if mode == "r|" else 2**62)
    with (
        _told(),
        tarfile.open(
            fileobj=limited,  # type: ignore[call-overload]  # it needs no more than read
            mode=mode,
            bufsize=BUFFER,
            encoding=ENCODING,
            errors=ERRORS,
        ) as archive,
    ):
        yield _members(archive, limited)


def _members(
    archive: tarfile.TarFile, limited: _Limited
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    while True:
        with _told():
            member = archive.next()
        if member is None:
            return
        forget_members(archive)
        limited.expect(max(member.size, 0) if limited.left < 2**60 else 2**62)
        yield member, archive.extractfile(member) if member.isreg() else None


def forget_members(archive: tarfile.TarFile) -> None:
    """tarfile keeps them, a kilobyte for each file, which a stream has no use for."""
    archive.members.clear()  # type: ignore[attr-defined]  # documented nowhere, there since 2.3


def parts(name: str) -> list[str]:
    """The parts of a member's name below the directory that is unpacked into.

    Raises:
        LvsnetError: it leads out of it.
    """
    found = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in found:
        raise LvsnetError(f"the archive has a name that leads out of it: {shown(name)}")
    return found


@contextmanager
def _told() -> Iterator[None]:
    """Tell what tarfile raises at headers that make no sense."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise CutOffError(f"the tar archive is not whole: {error}") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise LvsnetError(f"the tar archive makes no sense: {error}") from error
