"""A command in a terminal of a node's own that is joined with this process's: `lvsnet shell`."""

from __future__ import annotations

import errno
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from lvsnet import terminal
from lvsnet.docker import api, http, processes, streams
from lvsnet.docker.joint import Joint
from lvsnet.engine.runtimes import docker_config
from lvsnet.errors import LvsnetError
from lvsnet.host import guard
from lvsnet.signals import waking
from lvsnet.streams import STANDARD
from lvsnet.terminal import EndedError, Screen, Size

SIZED = 'stty rows "$0" cols "$1" 2>/dev/null; shift; exec "$@"'
"""Engines before API 1.42 give a terminal its size only when its program runs already."""
HANG_UP_S = 1.0
"""Seconds that what runs in a terminal has to end once that has hung up."""
HANG_UP_INTERVAL = 0.02


def run(container: api.State, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in a terminal; its exit code.

    When this process is ended, or its terminal closed, the node's terminal hangs up, and the code
    is 128 and the signal's number.

    Raises:
        LvsnetError: the command cannot be started, the node lost its power, or the engine went
            away.
    """
    now = terminal.size(STANDARD.stdin)
    process = streams.prepare(
        container, sized(container.init, now, argv), environment, stdin=True, terminal=True
    )
    with ExitStack() as undo:
        resizing = _Resizing(process, now)
        wake = undo.enter_context(waking())
        # It is wanted at once; the guard is a fork that has no terminal of its own to restore.
        end, first = processes.start_exec(process.identity, terminal=True)
        undo.enter_context(end)
        let_go = undo.enter_context(guard.guarded(partial(hang_up, process)))
        try:
            with terminal.joined(resizing.resized) as screen:
                _Terminal(end, first, screen, wake, resizing.deliver).run()
                code = streams.exit_code(process)
        except EndedError as ended:
            return 128 + ended.number
        except BrokenPipeError:
            return 128 + signal.SIGPIPE
        let_go()
        return code


def sized(init: str, size: Size, argv: Sequence[str]) -> list[str]:
    """The command that becomes ``argv`` in a terminal of that size."""
    if not (size.rows and size.columns):
        return list(argv)
    rows, columns = str(size.rows), str(size.columns)
    return [*docker_config.shell(init), "-c", SIZED, rows, columns, *docker_config.env(init), *argv]


def hang_up(process: streams.Process) -> None:
    """End what runs in a terminal, as the kernel does when one is closed; what stays is killed."""
    with suppress(LvsnetError):  # it is gone already
        streams.send(process, signal.SIGHUP, group=True)
        until = time.monotonic() + HANG_UP_S
        while time.monotonic() < until:
            if not processes.inspect_exec(process.identity).running:
                return
            time.sleep(HANG_UP_INTERVAL)
        streams.kill(process)


class _Resizing:
    """Gives the node's terminal the size that this process's has.

    It is kept until `deliver`, since that takes a request to the engine, which refuses it as long
    as the process is only being started.
    """

    def __init__(self, process: streams.Process, size: Size) -> None:
        self.process = process
        self.wanted: Size | None = size

    def resized(self, size: Size) -> None:
        self.wanted = size

    def deliver(self) -> None:
        if (size := self.wanted) is None:
            return
        if size.rows and size.columns:
            try:
                processes.resize_exec(self.process.identity, size.rows, size.columns)
            except api.RefusedError:
                return
        if self.wanted is size:
            self.wanted = None


class _Terminal(Joint):
    """A command in a terminal: what ends its input is the end of this process's terminal."""

    def __init__(
        self,
        end: socket.socket,
        first: bytes,
        screen: Screen,
        wake: int,
        between: Callable[[], None],
    ) -> None:
        outputs = {http.STDOUT: STANDARD.stdout}
        super().__init__(end, first, http.Unframed(), STANDARD.stdin, outputs, between)
        self.screen = screen
        self.wake = wake

    def wrote(self, content: bytes) -> None:
        self.screen.shown(content)

    def hung_up(self) -> None:
        raise EndedError(signal.SIGHUP)

    def _write(self, channel: int) -> None:
        try:
            super()._write(channel)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raise EndedError(signal.SIGHUP) from error
