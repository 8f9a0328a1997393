"""A command in a node with this process's own standard streams, as `lvsnet exec` runs it."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from lvsnet.docker import api, http, processes, streams
from lvsnet.docker.joint import Joint
from lvsnet.errors import LvsnetError
from lvsnet.host import guard
from lvsnet.signals import KEYS, handed_on
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
    kept: list[int] = []  # to send one takes requests to the engine
    deliver = partial(_deliver, process, kept)
    with handed_on(kept.append):
        end, first = processes.start_exec(process.identity)
        # The engine would let the command go on when its client goes away. The guard shares the
        # connection: once that has ended, the engine tells nothing of the command any more.
        with end, guard.guarded(partial(_kill, process)) as let_go:
            try:
                joint = Joint(end, first, http.Frames(), STANDARD.stdin, OUTPUTS, deliver)
                joint.run()
            except BrokenPipeError:
                return 128 + signal.SIGPIPE
            code = streams.exit_code(process)
            let_go()
            return code


def _kill(process: streams.Process) -> None:
    with suppress(LvsnetError):  # it is gone already
        streams.kill(process)


def _deliver(process: streams.Process, kept: list[int]) -> None:
    """Send the signals that were kept, until one cannot be sent yet; those that were are gone."""
    while kept and streams.send(process, kept[0], group=kept[0] in KEYS):
        del kept[0]
