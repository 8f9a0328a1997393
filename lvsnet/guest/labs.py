"""Labs in guests, from outside: deploy, end, look at, and switch their nodes off and on."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.guest import boot, client, launch, places
from lvsnet.guest.kernel import Kernel
from lvsnet.guest.modules import load_order
from lvsnet.image.nodefs import Image
from lvsnet.observe.model import Site
from lvsnet.plan import codec
from lvsnet.plan.model import Plan
from lvsnet.progress import Report, silent

END_DEADLINE = 5.0
"""Seconds that a supervisor may take to end its lab; it takes 0.1 s."""


def machine(kernel: Kernel, image: Image, memory: str) -> boot.Machine:
    """What a guest is made of."""
    return boot.Machine(
        kernel=str(kernel.binary),
        parameters=kernel.command_line,
        busybox=str(kernel.busybox),
        image=str(image.path),
        release=kernel.version,
        module_tree=str(kernel.modules),
        early_modules=modules(kernel, boot.EARLY),
        memory=memory,
    )


def modules(kernel: Kernel, names: Sequence[str]) -> tuple[str, ...]:
    """The modules of those names and what they need, as paths in the order to load them.

    Raises:
        LvsnetError: the kernel lacks some; all of them are named.
    """
    dependencies = (kernel.modules / "modules.dep").read_text()
    builtin = (kernel.modules / "modules.builtin").read_text()
    return load_order(dependencies, builtin, names)


@contextmanager
def starting(lab: str, machine: boot.Machine) -> Iterator[client.Connection]:
    """A guest that starts; unless `deploy` gave it a plan, it is gone when the ``with`` ends."""
    ours, theirs = socket.socketpair()
    connection = client.Connection(lab, ours)
    supervisor = None
    try:
        supervisor = launch.launch(lab, machine, theirs)
        yield connection
    finally:
        patience = 0.0 if connection.kept else _end(connection)
        connection.close()
        if supervisor is not None and not connection.kept:
            _see_end(lab, os.pidfd_open(supervisor.pid), patience)
            supervisor.wait()


def deploy(
    connection: client.Connection,
    plan: Plan,
    modules: Sequence[str],
    description: Mapping[str, object],
    settle: float,
    report: Report,
) -> None:
    """Run a plan in the guest that `starting` gave.

    With ``settle``, wait as many seconds until the site is up.

    Raises:
        LvsnetError: what failed where.
    """
    client.call(connection, {"op": "describe", "description": description}, silent)
    request = {"op": "deploy", "modules": modules}
    client.call(connection, request, report, codec.to_json(plan).encode())
    if settle:
        wait = {"op": "wait", "deadline": settle}
        client.call(connection, wait, report, silence=settle + client.SILENCE)
    client.call(connection, {"op": "keep"}, silent)
    connection.kept = True


def destroy(lab: str) -> None:
    """End a lab and wait until nothing of it is left.

    A supervisor that does not answer is killed; the kernel ends its guest with it.

    Raises:
        LvsnetError: there is no such lab.
    """
    with client.connected(lab) as connection:
        supervisor = os.pidfd_open(_peer(connection.socket))
        patience = _end(connection)
    _see_end(lab, supervisor, patience)
    place = places.of(lab)
    lock = places.take(place)
    if lock is not None:  # else somebody deploys it anew already
        places.clear(place, lock)


def description(lab: str) -> dict[str, object]:
    """What was said of a lab when it was deployed, and of its guest since."""
    with client.connected(lab) as connection:
        status = client.call(connection, {"op": "status"}, silent)
    if not isinstance(status, dict):
        raise LvsnetError(f"lab {lab}: its supervisor is of another version of lvsnet")
    return status


def look(lab: str) -> Site:
    with client.connected(lab) as connection:
        return codec.decode(Site, client.call(connection, {"op": "look"}, silent), "site")


def run(lab: str, node: str, *argv: str) -> tuple[int, str, str]:
    """Run a command in a node to its end; exit code, output and errors."""
    request = {"op": "exec", "lab": lab, "node": node, "argv": list(argv)}
    with client.connected(lab) as connection:
        return client.capture(connection, request)


def stop(lab: str, node: str) -> None:
    """Power loss of a node."""
    with client.connected(lab) as connection:
        client.call(connection, {"op": "stop", "node": node}, silent)


def start(lab: str, node: str, report: Report) -> None:
    """Boot a node that was stopped."""
    with client.connected(lab) as connection:
        client.call(connection, {"op": "start", "node": node}, report)


def _end(connection: client.Connection) -> float:
    """Ask the supervisor to end its lab; how many seconds to wait for its process after that."""
    try:
        client.call(connection, {"op": "end"}, silent, silence=END_DEADLINE)
    except SilenceError:
        return 0.0
    except LvsnetError:
        return END_DEADLINE  # it is ending by itself
    return END_DEADLINE


def _see_end(lab: str, supervisor: int, patience: float) -> None:
    """Return when the process of this pidfd has ended; after ``patience`` seconds it is killed."""
    gone = select.poll()
    gone.register(supervisor, select.POLLIN)
    try:
        if not gone.poll(patience * 1000):
            signal.pidfd_send_signal(supervisor, signal.SIGKILL)
            if not gone.poll(END_DEADLINE * 1000):
                raise LvsnetError(f"lab {lab}: its supervisor does not end")
    finally:
        os.close(supervisor)


def _peer(end: socket.socket) -> int:
    """Process id of the other end of a unix socket (SO_PEERCRED, unix(7))."""
    credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", credentials)[0]
    return pid
