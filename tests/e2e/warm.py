"""Runs lvsnet's commands in forks of a process that has imported lvsnet already.

To start Python and to import what a command needs takes 0.2 s of a processor, which is most of what
a look into a node costs. Here that is done once. Each command still has a process of its own, with
its own arguments, environment, directory and streams (which are files), and goes through all of the
console script's `main`.

For what a test does to a site or asks of it; not for tests of how a process starts, takes signals
or deals with terminals and pipes. `User.begin` always runs the console script itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TESTS = Path(__file__).parents[1]
LIMIT = 2**17
"""Bytes of a request: arguments and environment."""


class Warm:
    """The process that forks for each command; `end` ends it, and so does the end of this one."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "e2e.warm", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *_paths()])},
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        stdin: bytes,
        deadline: float,
    ) -> tuple[int, bytes, bytes]:
        """A command's exit code, or the negative number of the signal that ended it, and what it
        said; as `subprocess.run` it fails after ``deadline`` seconds. In any thread."""
        request = json.dumps([list(command), dict(environment), str(directory)]).encode()
        assert len(request) < LIMIT, "it is too long for a message"
        told, tells = os.pipe()
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            os.fdopen(told, "rb") as ending,
        ):
            given.write(stdin)
            given.seek(0)
            streams = [given.fileno(), out.fileno(), err.fileno(), tells]
            socket.send_fds(self._control, [request], streams)
            os.close(tells)
            pid = int(ending.readline())
            if not select.select([ending], [], [], deadline)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, deadline)
            code = os.waitstatus_to_exitcode(int(ending.readline()))
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()

    def end(self) -> None:
        self._control.close()
        self._process.wait(timeout=10)


def _paths() -> list[str]:
    return [one for one in [os.environ.get("PYTHONPATH")] if one]


def _serve(control: socket.socket) -> None:
    """Fork for each request, and tell how each command ended; returns in a command's process."""
    running: dict[int, tuple[int, int]] = {}
    """File descriptor of a command's process -> its id, and where to tell its end."""
    while True:
        ready, _, _ = select.select([control.fileno(), *running], [], [])
        for one in ready:
            if one in running:
                pid, tells = running.pop(one)
                _, status = os.waitpid(pid, 0)
                with suppress(BrokenPipeError):  # nobody waits any more
                    os.write(tells, b"%d\n" % status)
                os.close(tells)
                os.close(one)
                continue
            request, received, _, _ = socket.recv_fds(control, LIMIT, 4)
            if not request:
                sys.exit()
            *streams, tells = received
            pid = os.fork()
            if not pid:
                control.close()
                others = (one for _, one in running.values())
                for other in (tells, *running, *others):
                    os.close(other)
                return _begin(json.loads(request), streams)
            os.write(tells, b"%d\n" % pid)
            running[os.pidfd_open(pid)] = pid, tells
            for stream in streams:
                os.close(stream)


def _begin(request: tuple[list[str], dict[str, str], str], streams: list[int]) -> None:
    """Make of this process what the console script finds itself in."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    command, environment, directory = request
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command


def _import_everything() -> None:
    import lvsnet

    for one in pkgutil.walk_packages(lvsnet.__path__, "lvsnet."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    # What is there now stays: to look through it would copy its pages in every fork.
    gc.collect()
    gc.freeze()


def _run() -> int:
    """The command's exit code. Its process ends without taking Python apart, which takes longer
    than most commands; but what runs at an end by itself has run."""
    from lvsnet.cli import main

    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    # A Ctrl-C is for commands, and for whoever began this, who ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_everything()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(_run())
