"""A terminal in front of which somebody sits: types, reads, changes the window's size."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

READ_SIZE = 65536
END = 10.0
"""Seconds that a command may take to end."""


@dataclass
class Terminal:
    """A pseudo-terminal and the command in it, which is its session's leader."""

    fd: int
    pid: int
    said: bytearray = field(default_factory=bytearray)
    """All that was shown."""
    taken: int = 0
    """How much of it `until` has gone past."""
    code: int | None = None

    def types(self, content: bytes, within: float = 30) -> None:
        """Type at once; what is shown meanwhile is read, as by any terminal."""
        until = time.monotonic() + within
        while content:
            readable, writable, _ = select.select([self.fd], [self.fd], [], 1)
            if readable:
                self._read()
            if writable:
                content = content[os.write(self.fd, content[:4096]) :]
            assert time.monotonic() < until, f"{len(content)} bytes are not taken"

    def until(self, words: str, within: float = 10) -> str:
        """What is shown up to a match of ``words``, a regular expression, and the match."""
        until = time.monotonic() + within
        pattern = re.compile(words.encode())
        while not (found := pattern.search(self.said, self.taken)):
            left = until - time.monotonic()
            assert left > 0, f"not within {within} s: {words!r}; there is {self.rest()!r}"
            if select.select([self.fd], [], [], left)[0] and not self._read():
                found = pattern.search(self.said, self.taken)
                assert found, f"ended without {words!r}; there is {self.rest()!r}"
                break
        text = self.said[self.taken : found.end()].decode(errors="replace")
        self.taken = found.end()
        return text

    def rest(self) -> str:
        """What is shown beyond what `until` has gone past."""
        return self.said[self.taken :].decode(errors="replace")

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> list[int | list[bytes | int]]:
        """The terminal's attributes, as termios.tcgetattr gives them."""
        return termios.tcgetattr(self.fd)

    def raw(self) -> bool:
        lflag = self.modes()[3]
        assert isinstance(lflag, int)
        return not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        os.kill(self.pid, number)

    def end(self, within: float = END) -> int:
        """Wait for the command's end; its exit code, a negative one for a signal."""
        until = time.monotonic() + within
        while self.code is None:
            assert time.monotonic() < until, f"no end; there is {self.rest()!r}"
            if select.select([self.fd], [], [], 0.02)[0]:
                self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        while select.select([self.fd], [], [], 0)[0] and self._read():
            pass
        return self.code

    def close(self) -> None:
        """Close the window; the command is told by SIGHUP."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _read(self) -> bool:
        try:
            content = os.read(self.fd, READ_SIZE)
        except OSError:  # nobody has the terminal open any more (EIO)
            content = b""
        self.said += content
        return bool(content)


def in_front(shown: str, command: str) -> bool:
    """Whether `ps -eo stat,args` shows a command as its terminal's foreground job (ps(1))."""
    lines = [line.split(None, 1) for line in shown.splitlines()]
    return any(len(one) == 2 and "+" in one[0] and one[1] == command for one in lines)


@contextmanager
def terminal(
    *command: str | Path,
    environment: Mapping[str, str],
    cwd: Path,
    size: tuple[int, int] = (24, 80),
) -> Iterator[Terminal]:
    """A command in a terminal with ``size``, rows and columns; both are gone afterwards."""
    ready, begin = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        os.close(begin)
        os.read(ready, 1)  # until the size is set
        os.chdir(cwd)
        os.execve(command[0], [str(one) for one in command], dict(environment))
    os.close(ready)
    one = Terminal(fd, pid)
    try:
        one.resize(*size)
        os.close(begin)
        yield one
    finally:
        if one.code is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        one.close()
