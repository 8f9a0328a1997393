"""A lab's share: files on the host that its guest sees, for bulk data into nodes and out of them.

The line takes 0.9 MB/s towards the guest and 15 MB/s from it, hostfs some 500 MB/s. A privileged
node can mount the share as well and write to it, so nothing in it is trusted: no name there is
followed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.guest import places, wire
from lvsnet.guest.client import Connection, exit_code
from lvsnet.guest.wire import Type

CHUNK = 1024 * 1024
MOST_ERRORS = 64 * 1024
"""Bytes of a command's standard error that are kept, those from its beginning."""


def pipe(
    connection: Connection, request: Mapping[str, object], root: Path, stdin: int, stdout: int
) -> tuple[int, str]:
    """Run a command joined with two file descriptors of this process's; exit code, and its errors.

    All of the input is read before it begins, and the output is written when it has ended.
    ``root`` is the guest's hostfs root.

    Raises:
        BrokenPipeError: nobody reads the output any more.
        LvsnetError: no room on the host; the command cannot be started, or the lab ended.
    """
    with _new_file(root) as (input_name, filled), _new_file(root) as (output_name, result):
        try:
            _copy(stdin, filled)
        except OSError as error:
            raise LvsnetError(f"{root / places.SHARE}: {error.strerror}") from error
        named = {"op": "pipe", "input": input_name, "output": output_name}
        done = _run(connection, {**request, **named})
        _copy(result, stdout)
    return done


@contextmanager
def _new_file(root: Path) -> Iterator[tuple[str, int]]:
    """A file in the share below ``root``, its name and itself, open; gone when the ``with`` ends.

    Raises:
        LvsnetError: no room on the host, or no such share.
    """
    with ExitStack() as owned:
        try:
            directory = os.open(root / places.SHARE, os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            owned.callback(os.close, directory)
            name = secrets.token_hex(16)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            # First: a signal may end this process as soon as the file is there.
            owned.callback(_remove, name, directory)
            file = os.open(name, flags, 0o600, dir_fd=directory)
            owned.callback(os.close, file)
            if os.geteuid() == 0:
                # The guest opens it as the user whom it runs as, who owns the share.
                owner = os.fstat(directory)
                os.fchown(file, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise LvsnetError(f"{root / places.SHARE}: {error.strerror}") from error
        yield name, file


def _remove(name: str, directory: int) -> None:
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        return  # it was never made, or the lab was destroyed meanwhile


def _run(connection: Connection, request: Mapping[str, object]) -> tuple[int, str]:
    """Run a command to its end that needs the line only for its errors."""
    stream = connection.open(request)
    connection.line.send(wire.eof(stream, wire.STDIN))
    connection.socket.settimeout(None)
    errors = bytearray()
    while True:
        connection.flush()
        for frame in connection.frames():
            if frame.type is Type.DATA:
                channel, content = wire.channel_of(frame)
                errors += content[: MOST_ERRORS - len(errors)]
                connection.line.send(wire.credit(stream, channel, len(content)))
            elif frame.type is Type.CLOSE:
                close = wire.json_of(frame)
                if "error" in close:
                    raise LvsnetError(str(close["error"]))
                return exit_code(close), errors.decode(errors="replace")


def _copy(source: int, sink: int) -> None:
    while content := os.read(source, CHUNK):
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(sink, rest) :]
