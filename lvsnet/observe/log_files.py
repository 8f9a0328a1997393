"""The logs of nodes that are files, read as they grow (inotify(7))."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.observe import inotify

EVENT = struct.Struct("=iIII")
"""struct inotify_event: watch, mask, cookie, length of the name that follows."""
READ_SIZE = 64 * 1024
BEFORE = 256 * 1024
"""Bytes of a log's end that are of interest from before it is watched."""


@dataclass
class LogFile:
    file: int
    """A descriptor, at what was not read yet."""
    watch: int

    def read(self) -> bytes:
        """What is new."""
        pieces = []
        while piece := os.read(self.file, READ_SIZE):
            pieces.append(piece)
        return b"".join(pieces)


@dataclass
class LogFiles:
    """The log files that are watched, by node."""

    fd: int = field(default_factory=inotify.opened)
    """Readable when there is something new in one."""
    files: dict[str, LogFile] = field(default_factory=dict)

    def open(self, node: str, path: Path) -> bool:
        """Watch a node's log; whether that is a new one, and not the same as before.

        Raises:
            OSError: it is not there, or too many files are watched on this machine.
        """
        known = self.files.get(node)
        if known is not None:
            if os.path.samestat(os.fstat(known.file), path.stat()):
                return False
            os.close(known.file)  # with the file, the kernel has forgotten the watch
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            watch = inotify.watch(self.fd, path, inotify.IN_MODIFY)
        except OSError:
            os.close(file)
            raise
        self.files[node] = LogFile(file, watch)
        return True

    def grown(self) -> list[str]:
        """The nodes whose log may have grown since the last time."""
        content = inotify.took(self.fd)
        watches = set()
        at = 0
        while at < len(content):
            watch, mask, _cookie, length = EVENT.unpack_from(content, at)
            at += EVENT.size + length
            if watch < 0:  # IN_Q_OVERFLOW: it may be any
                return list(self.files)
            if not mask & inotify.IN_IGNORED:
                watches.add(watch)
        return [node for node, one in self.files.items() if one.watch in watches]

    def read(self, node: str) -> bytes:
        """What is new in a node's log; nothing of one that is not watched."""
        return self.files[node].read() if node in self.files else b""

    def position(self, node: str) -> int:
        """Bytes that were read of a node's log, or skipped; none of one that is not watched."""
        if node not in self.files:
            return 0
        return os.lseek(self.files[node].file, 0, os.SEEK_CUR)

    def skip(self, node: str) -> bytes:
        """The end of what a log has from before; from now on what comes is new.

        Nothing of one that is not watched.
        """
        if node not in self.files:
            return b""
        file = self.files[node].file
        os.lseek(file, max(0, os.fstat(file).st_size - BEFORE), os.SEEK_SET)
        return self.read(node)
