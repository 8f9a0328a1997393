"""Start a lab's supervisor, as a process that outlives this one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from lvsnet.guest.boot import Machine


def launch(lab: str, machine: Machine, owner: socket.socket) -> subprocess.Popen[bytes]:
    """Start a supervisor, and under it a guest for ``lab``; its process.

    ``owner`` is its end of the connection that owns the lab, and is closed here.

    When the other end closes, by whatever end of this process, the lab ends, unless it was kept
    (request ``keep``) before.
    """
    configuration = {"lab": lab, "machine": asdict(machine)}
    with owner:
        process = subprocess.Popen(
            # It needs nothing that is installed: without site it starts 0.03 s earlier.
            [sys.executable, "-S", "-m", "lvsnet.guest.supervisor", str(owner.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[owner.fileno()],
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    if process.stdin is None:
        raise TypeError("a pipe was asked for")
    # Not `communicate`, which would wait for the end of the process.
    with process.stdin as stdin:
        stdin.write(json.dumps(configuration).encode())
    return process
