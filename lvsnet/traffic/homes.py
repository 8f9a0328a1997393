"""Where the processes of a lab's traffic have what they leave, and how they are told to end.

A load, or what answers on a port, has a directory, ``traffic/LAB/ID`` below the state directory.
Each of its processes, by its number, reads a fifo there: so whoever opens that to write finds the
process there, or gone.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.host import leftovers
from lvsnet.traffic import checking

MOST_OF_A_NAME = 10_000
"""Loads of one name."""


def home_of(lab: str, id: str) -> Path:
    """The directory of what was begun.

    Raises:
        LvsnetError: there is no such thing.
    """
    home = directory(lab) / id
    if not is_there(lab, id):
        known = ", ".join(sorted(path.name for path in directory(lab).glob("*/")))
        raise LvsnetError(
            f"lab {lab} has no traffic {id}; " + (f"it has {known}" if known else "none was begun")
        )
    return home


def is_there(lab: str, id: str) -> bool:
    return bool(checking.ID.fullmatch(id)) and (directory(lab) / id).is_dir()


def directory(lab: str) -> Path:
    """Of all traffic of a lab; `lvsnet.host.leftovers.remove` removes it with the lab."""
    return leftovers.traffic_of(lab)


def new_home(lab: str, name: str) -> tuple[Path, str]:
    """A new directory, ``web``, ``web-2`` and so on, and how it is called.

    Raises:
        LvsnetError: there are too many.
    """
    above = directory(lab)
    above.mkdir(parents=True, exist_ok=True)
    for number in range(1, MOST_OF_A_NAME):
        id = name if number == 1 else f"{name}-{number}"
        with suppress(FileExistsError):
            (above / id).mkdir(mode=0o700)
            return above / id, id
    raise LvsnetError(f"lab {lab} has {MOST_OF_A_NAME - 1} loads of the name {name} already")


def control(home: Path, number: int) -> int:
    """The fifo of a process; its own end for writing keeps the others' coming and going quiet."""
    path = home / f"{number}.control"
    os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def tell(home: Path) -> None:
    """Have the processes there end as soon as nothing of theirs is under way any more."""
    for path in sorted(home.glob("*.control")):
        with suppress(FileNotFoundError), _Writing(path) as fd:
            if fd is not None:
                os.write(fd, b"s")


def is_alive(home: Path, number: int) -> bool:
    """Whether a process is there, frozen or not."""
    with _Writing(home / f"{number}.control") as fd:
        return fd is not None


@dataclass
class _Writing:
    """A fifo's end for writing; None where nobody reads it any more (fifo(7), ENXIO)."""

    path: Path
    _fd: int = -1

    def __enter__(self) -> int | None:
        try:
            self._fd = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENOENT):
                raise
            return None
        return self._fd

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
