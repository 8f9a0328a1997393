"""Programs at a terminal in a container.

crun(1) makes the terminal there and hands its end over (``--console-socket``; runc's
docs/terminals.md), so that nothing stands between it and whoever reads it. crun's own loop would
lose what it has not passed on when the program ends: up to 20 KB were measured.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lvsnet.guest.process import DEFAULT, Child

HAND_OVER = 5.0
"""Seconds until a terminal must come after the connection that it comes on; it takes none."""
LARGEST = 0xFFFF
"""Rows or columns of a terminal (struct winsize, ioctl_tty(2))."""


@dataclass(frozen=True)
class Console:
    """Where the end of a terminal is to come."""

    listener: socket.socket
    path: Path

    def close(self) -> None:
        self.listener.close()
        self.path.unlink(missing_ok=True)
        self.path.parent.rmdir()


def spawn(command: Callable[[Path], list[str]], rows: int, columns: int) -> tuple[Child, Console]:
    """Start crun, in a session of its own, at a terminal that has this size.

    ``command`` makes crun's command line from the path of the console's socket. crun gives the
    container's terminal the size of its own, and says there what it has to say itself; so the
    child's ends are this one's until `take`.

    Raises:
        OSError: it cannot be started.
    """
    console = _console()
    try:
        end, inside = os.openpty()
        try:
            resize(end, rows, columns)
            argv = command(console.path)
            pid = os.posix_spawnp(
                argv[0],
                argv,
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, inside, number) for number in range(3)],
                setsid=True,
                setsigdef=DEFAULT,
                setsigmask=(),
            )
        except BaseException:
            os.close(end)
            raise
        finally:
            os.close(inside)
    except BaseException:
        console.close()
        raise
    return _at(Child(pid, -1, -1, None), end), console


def take(child: Child, console: Console) -> Child:
    """The child at the container's terminal, once the console's listener can be read.

    The ends that it had stay open.

    Raises:
        OSError: no terminal came.
    """
    with console.listener.accept()[0] as connection:
        connection.settimeout(HAND_OVER)
        _, fds, _, _ = socket.recv_fds(connection, 4096, 1)
    if not fds:
        raise OSError(errno.ENOTTY, "the container's runtime has handed over no terminal")
    # It may have been resized since crun looked.
    columns, rows = os.get_terminal_size(child.stdin)
    resize(fds[0], rows, columns)
    return _at(child, fds[0])


def resize(terminal: int, rows: int, columns: int) -> None:
    """Give a terminal a size, in characters; its foreground job is told (TIOCSWINSZ)."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def size_of(request: Mapping[str, object]) -> tuple[int, int]:
    """``rows`` and ``columns`` of a request or message.

    Raises:
        ValueError: one is missing, or no number that a terminal takes.
    """
    rows, columns = request.get("rows"), request.get("columns")
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise ValueError("a terminal needs rows and columns, numbers")
    if not (0 <= rows <= LARGEST and 0 <= columns <= LARGEST):
        raise ValueError(f"a terminal has no {rows} rows and {columns} columns")
    return rows, columns


def _console() -> Console:
    """In a directory that nobody else may enter."""
    import tempfile  # which only a shell needs, and the agent's start is waited for

    path = Path(tempfile.mkdtemp(prefix="lvsnet-")) / "console"
    console = Console(socket.socket(socket.AF_UNIX), path)
    try:
        console.listener.bind(str(path))
        console.listener.listen()
        console.listener.setblocking(False)
    except OSError:
        console.close()
        raise
    return console


def _at(child: Child, end: int) -> Child:
    os.set_blocking(end, False)
    # A selector takes a number only once, and this end is both read and written.
    return replace(child, stdin=end, stdout=os.dup(end))
