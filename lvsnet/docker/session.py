"""A command in a node with this process's own standard streams, as `lvsnet exec` runs it."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from types import FrameType

from lvsnet.docker import api, http, processes, streams
from lvsnet.docker.joint import Joint
from lvsnet.errors import LvsnetError
from lvsnet.host import guard
from lvsnet.signals import FORWARDED, KEYS, PATIENCE
from lvsnet.streams import STANDARD

OUTPUTS = {http.STDOUT: STANDARD.stdout, http.STDERR: STANDARD.stderr}


def run(container: api.State, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command with this process's standard streams; its exit code.

    When nobody reads the output any more, the command ends and the code is 141 (128 + SIGPIPE).
    It ends with this process, too, however that ends.

    Raises:
        LvsnetError: the command cannot be started, or the node or the engine ended under it.
    """
    process = streams.prepare(container, argv, environment, stdin=True)
    with _Signals(process) as signals:
        end, first = processes.start_exec(process.identity)
        # The engine would let the command go on when its client goes away. The guard shares the
        # connection: once that has ended, the engine tells nothing of the command any more.
        with end, guard.guarded(partial(_kill, process)) as let_go:
            try:
                joint = Joint(end, first, http.Frames(), STANDARD.stdin, OUTPUTS, signals.deliver)
                joint.run()
            except BrokenPipeError:
                return 128 + signal.SIGPIPE
            code = streams.exit_code(process)
            let_go()
            return code


def _kill(process: streams.Process) -> None:
    with suppress(LvsnetError):  # it is gone already
        streams.kill(process)


class _Signals:
    """Passes signals on to a process instead of dying of them.

    They are kept until `deliver`, since to send one takes requests to the engine.
    """

    def __init__(self, process: streams.Process) -> None:
        self.process = process
        self.kept: list[int] = []
        self.interrupts = 0
        self.undo = ExitStack()

    def __enter__(self) -> _Signals:
        for number in FORWARDED:
            self.undo.callback(signal.signal, number, signal.signal(number, self._keep))
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    def _keep(self, number: int, _stack: FrameType | None) -> None:
        """The third Ctrl-C gives up on a command that does not end."""
        self.interrupts += number == signal.SIGINT
        if self.interrupts > PATIENCE:
            raise KeyboardInterrupt
        self.kept.append(number)

    def deliver(self) -> None:
        while self.kept and self._send(self.kept[0]):
            del self.kept[0]

    def _send(self, number: int) -> bool:
        return streams.send(self.process, number, group=number in KEYS)
