"""Start a lab's supervisor, as a process that outlives this one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lvsnet.guest.client import Connection


@dataclass(frozen=True)
class Standby:
    """A supervisor that has no lab yet."""

    stdin: IO[bytes]
    socket: socket.socket

    def take(
        self, lab: str, machine: Mapping[str, object], description: Mapping[str, object]
    ) -> Connection:
        """Give it a lab; the connection that owns it.

        When that closes, by whatever end of this process, the lab ends, unless it was kept
        (request ``keep``) before.
        """
        configuration = {"lab": lab, "machine": machine, "description": description}
        self.stdin.write(json.dumps(configuration).encode())
        self.stdin.close()
        return Connection(lab, self.socket)


@contextmanager
def standby() -> Iterator[Standby]:
    """A supervisor that waits for a lab, so that it starts while the lab file is being read.

    Without one it ends when the ``with`` does.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "lvsnet.guest.supervisor", str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )
        if process.stdin is None:
            raise TypeError("a pipe was asked for")
        with process.stdin as stdin:
            yield Standby(stdin, ours)
