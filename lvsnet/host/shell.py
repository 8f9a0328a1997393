"""A terminal in a node on this machine's own kernel.

A process of its own serves it as the agent does in a guest: it reads the node's terminal to the
end, hangs up when this process is gone, however that ended, and sees to the end of what ran.
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from lvsnet.guest import agent, console, session
from lvsnet.guest.client import Connection
from lvsnet.guest.wire import Line


def run(
    lab: str,
    command: Callable[[Path], list[str]],
    ended: Callable[[int], dict[str, object]],
) -> int:
    """Run crun with this command line at a terminal, joined with this process's; the exit code.

    ``ended`` says what is to be told of a program that ended with a status of waitpid(2), as
    `lvsnet.guest.children.ended` does. Call this before any thread is started: it forks.

    Raises:
        LvsnetError: the command cannot be started, or what ``ended`` says.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = os.fork()
        if child == 0:
            ours.close()
            _serve(theirs, command, ended)
        theirs.close()
        try:
            return session.terminal(Connection(lab, ours), {})
        finally:
            ours.close()
            os.waitpid(child, 0)


def _serve(
    end: socket.socket,
    command: Callable[[Path], list[str]],
    ended: Callable[[int], dict[str, object]],
) -> None:
    """The child's whole life."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(nothing, number)
        end.setblocking(False)
        agent.Agent(
            end.fileno(),
            Line(),
            lambda request: console.spawn(command, *console.size_of(request)),
            ended,
        ).run()
        code = 0
    except BaseException:  # noqa: BLE001
        # Whatever it was, this process must end here and not run on as a second parent.
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
