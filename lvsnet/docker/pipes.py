"""A command in a node with two file descriptors, for bulk data; from any thread."""

from __future__ import annotations

import select
from collections.abc import Sequence

from lvsnet.docker import api, http, processes, streams
from lvsnet.docker.joint import READ_SIZE, Joint


def run(container: api.State, argv: Sequence[str], stdin: int, stdout: int) -> tuple[int, str]:
    """Run a command to its end; exit code, and the beginning of its errors.

    Raises:
        BrokenPipeError: nobody reads its output any more; it was killed.
        LvsnetError: it cannot be started, the node lost its power, or the engine went away.
    """
    process = streams.prepare(container, argv, {}, stdin=True)
    end, first = processes.start_exec(process.identity)
    with end, streams.ended(process):
        joint = Joint(end, first, http.Frames(), stdin, {http.STDOUT: stdout})
        # Whoever reads it does nothing else meanwhile, so a write may block.
        joint.piece = max(READ_SIZE, select.PIPE_BUF)
        joint.run()
        return streams.exit_code(process), joint.kept.decode(errors="replace")
