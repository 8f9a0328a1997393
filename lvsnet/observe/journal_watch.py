"""A lab's journal, read as it grows (inotify(7))."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lvsnet.host import journal, leftovers
from lvsnet.host.journal import Entry
from lvsnet.observe import inotify

READ_SIZE = 64 * 1024


@dataclass
class JournalWatch:
    """A context, at whose end it is watched no more."""

    path: Path
    fd: int
    """Readable when somebody has written to a journal, this one or another."""
    _file: int = -1
    _partial: bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        self._close()

    def read(self) -> list[Entry]:
        """What is new; the first time, all that there is."""
        inotify.took(self.fd)
        found = []
        if self._file < 0:
            found += self._rest_of(journal.old_of(self.path))
            self._close()
        elif not self._is_current():
            found += self._rest()
            self._close()
        return found + self._rest_of(self.path)

    def _rest_of(self, path: Path) -> list[Entry]:
        if self._file < 0:
            try:
                self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return []
        return self._rest()

    def _rest(self) -> list[Entry]:
        content = self._partial
        while piece := os.read(self._file, READ_SIZE):
            content += piece
        whole, newline, self._partial = content.rpartition(b"\n")
        return journal.parsed(whole + newline)

    def _is_current(self) -> bool:
        """Whether it is the journal still; one that is gone, with its lab, was the last."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._file), self.path.stat())
        return True

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
        self._partial = b""


def begin(lab: str) -> JournalWatch:
    """Watch a lab's journal.

    Raises:
        OSError: too many files are watched on this machine.
    """
    path = leftovers.journal_of(lab)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    return JournalWatch(path, inotify.watched(path.parent, inotify.IN_MODIFY))
