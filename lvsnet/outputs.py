"""What a command makes and its user names a place for: a file, or standard output.

A file is there whole, or as it was before. All is UTF-8, whatever a terminal's encoding is: pages
and pictures say so themselves.
"""

from __future__ import annotations

import os
import sys
import tempfile
from io import TextIOWrapper
from pathlib import Path

from lvsnet.errors import LvsnetError

STANDARD = Path("-")
MODE = 0o666
"""As of any new file, before the umask."""


def put(output: Path, text: str) -> None:
    """Write a file as `write` does; ``-`` is standard output.

    Raises:
        LvsnetError: as `write`.
    """
    if output != STANDARD:
        write(output, text)
        return
    if not isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    left = memoryview(_bytes(text))
    while left:
        # Unbuffered (python -u), a pipe that closes meanwhile has taken less; the next write fails.
        left = left[sys.stdout.buffer.write(left) :]


def write(file: Path, text: str) -> None:
    """Write a file whole, and make its directory if that is missing.

    Raises:
        LvsnetError: that cannot be; what was there before is there still.
    """
    content = _bytes(text)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not file.is_file():
            # Such as /dev/stdout, or a pipe.
            file.write_bytes(content)
            return
        # A symbolic link goes on leading to where it led.
        _replace(file.resolve(), content)
    except FileExistsError as error:
        raise LvsnetError(f"{file}: {file.parent} is no directory") from error
    except OSError as error:
        raise LvsnetError(f"{file}: {error.strerror}") from error


def _replace(file: Path, content: bytes) -> None:
    fd, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with open(fd, "wb") as new:
            new.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(MODE & ~mask)
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _bytes(text: str) -> bytes:
    """Names of files, which it may have, need not be UTF-8."""
    return text.encode(errors="replace")
