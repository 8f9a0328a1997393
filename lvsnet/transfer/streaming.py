"""A command in a node at one end of a pipe, and a thread of this process at the other."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, TypeVar

from lvsnet.errors import LvsnetError
from lvsnet.transfer.archive import CutOffError

if TYPE_CHECKING:
    from lvsnet.control.place import Place

T = TypeVar("T")

PIPE_SIZE = 1024 * 1024
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Machine:
    """A node of a lab, by its place."""

    place: Place
    lab: str
    node: str

    def run(self, argv: Sequence[str], stdin: int, stdout: int) -> tuple[int, str]:
        return self.place.pipe(self.lab, self.node, argv, stdin, stdout)


def feed(machine: Machine, argv: Sequence[str], write: Callable[[IO[bytes]], None]) -> str:
    """Run a command with what ``write`` writes as its standard input; what it said if it failed.

    Raises:
        OSError: from ``write``.
        LvsnetError: from ``write``, or the node or its lab is no more.
    """
    source, sink = _pipe()

    def work() -> None:
        # A command that fails before it has read all says why; that nobody reads is no news then.
        with suppress(BrokenPipeError), os.fdopen(sink, "wb", buffering=0) as out:
            write(out)

    with open(os.devnull, "wb") as nothing:
        done = _begin(work)
        try:
            code, said = machine.run(argv, source, nothing.fileno())
        finally:
            os.close(source)
        # Not after Ctrl-C: `write` may wait for standard input as long as it likes.
        done.result()
    return said.strip() or f"it ended with code {code}" if code else ""


def drain(
    machine: Machine, argv: Sequence[str], read: Callable[[IO[bytes]], T]
) -> tuple[T, tuple[int, str]]:
    """Run a command without input; what ``read`` made of its output, its exit code and errors.

    Raises:
        OSError: from ``read``.
        LvsnetError: from ``read``, or the node or its lab is no more, or the output ended too soon:
            what the command said.
    """
    source, sink = _pipe()

    def work() -> T:
        with os.fdopen(source, "rb", buffering=0) as stream:
            result = read(stream)
            while stream.read(CHUNK):
                pass  # what follows an archive's end only fills a block
            return result

    with open(os.devnull, "rb") as nothing:
        done = _begin(work)
        try:
            code, said = machine.run(argv, nothing.fileno(), sink)
        except BrokenPipeError:
            code, said = 1, ""  # `read` has given up, and says why
        finally:
            os.close(sink)
            wait([done])  # what it unpacks must not grow any more when that is removed
        try:
            return done.result(), (code, said)
        except CutOffError as error:
            raise LvsnetError(said.strip() or str(error)) from error


def _begin(work: Callable[[], T]) -> Future[T]:
    """Run ``work`` in a thread that this process need not wait for to end."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  whatever it was, who waits is told
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def _pipe() -> tuple[int, int]:
    source, sink = os.pipe()
    try:
        fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EBUSY):
            raise
        # More than this user may have (pipe(7), pipe-user-pages-soft): it is only slower.
    return source, sink
