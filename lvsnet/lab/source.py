"""Reading text files that a user names, without ever blocking on one that is no file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lvsnet.errors import LabFileError, Problem

LARGEST = 1 << 20
"""Bytes: 1 MiB."""

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_text(path: Path) -> str:
    """Read a UTF-8 file of at most 1 MiB; a byte order mark at its start is dropped.

    Raises LabFileError with one problem, whose ``file`` is ``path``.
    """
    data = _read(path).removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused(path, "is UTF-16; save it as UTF-8")
    if b"\0" in data:
        raise _refused(
            path, "a NUL byte: this is a binary file, not text", data[: data.index(b"\0")]
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise _refused(path, message, data[: error.start]) from None


def _read(path: Path) -> bytes:
    try:
        # Looked at before it is opened: opening some devices does something.
        _require_regular(path, path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            _require_regular(path, os.fstat(descriptor).st_mode)
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise _refused(path, "no such file") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _refused(path, f"cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise _refused(path, f"is too large: at most {LARGEST >> 20} MiB")
    return data


def _require_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no regular file")
        raise _refused(path, f"is {kind}, not a file")


def _refused(path: Path, message: str, before: bytes | None = None) -> LabFileError:
    """``before``: all bytes before the one that is wrong, when one byte is."""
    if before is None:
        return LabFileError([Problem(str(path), None, None, message)])
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode(errors="replace")) + 1
    return LabFileError([Problem(str(path), before.count(b"\n") + 1, column, message)])
