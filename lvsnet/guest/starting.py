"""A guest that starts, and the lab that is deployed in it."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from lvsnet.engine.runtime import Record
from lvsnet.guest import agent_code, boot, client, ending, launch, wire
from lvsnet.guest import memory as memories
from lvsnet.guest.kernels.model import Kernel
from lvsnet.guest.modules import load_order
from lvsnet.image.nodefs import Image
from lvsnet.progress import Report, silent


def machine(
    kernel: Kernel, image: Image, memory: str, virtual: boot.VirtualTime | None
) -> boot.Machine:
    """What a guest is made of. Once for this version of lvsnet, its agent is compiled: in a second.

    Raises:
        LvsnetError: that cannot be done, or kept.
    """
    plain = _plain(kernel, image, memory)
    code = agent_code.ensure(image.key, lambda: _compiled(plain), silent)
    return replace(plain, virtual=virtual, code=str(code))


def compile_agent(kernel: Kernel, image: Image, report: Report, place: Path | None = None) -> None:
    """Have the agent compiled before a lab needs it, in a cache as `lvsnet.cache.ensure` has it.

    Raises:
        LvsnetError: that cannot be done, or kept.
    """
    plain = _plain(kernel, image, memories.DEFAULT)
    agent_code.ensure(image.key, lambda: _compiled(plain), report, place)


def _plain(kernel: Kernel, image: Image, memory: str) -> boot.Machine:
    """A machine with the host's clock, whose agent is not compiled."""
    return boot.Machine(
        kernel=str(kernel.binary),
        parameters=kernel.command_line,
        busybox=str(kernel.busybox),
        image=str(image.path),
        release=kernel.version,
        module_tree=str(kernel.modules),
        early_modules=modules(kernel, boot.EARLY),
        memory=memory,
        window=wire.WIDE_WINDOW if kernel.virtual_time else wire.LINE_WINDOW,
    )


def _compiled(machine: boot.Machine) -> bytes:
    """The agent's modules, by a guest that is there for this only."""
    with starting(f"agent-{os.getpid()}", machine) as connection:
        return b64decode(str(client.call(connection, {"op": "compile"}, silent)))


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
    """A guest that starts; unless it was kept (`keep`), it is gone when the ``with`` ends."""
    launched = launch.launch(lab, machine)
    connection = client.Connection(lab, launched.owner)
    try:
        yield connection
    finally:
        patience = 0.0 if connection.kept else ending.ask(connection)
        connection.close()
        if not connection.kept:
            ending.see(lab, os.pidfd_open(launched.process.pid), patience)
            launched.process.wait()


def deploy(
    connection: client.Connection,
    record: Record,
    modules: Sequence[str],
    settle: float,
    report: Report,
) -> None:
    """Run a plan in the guest that `starting` gave, with which it ends unless it is kept.

    With ``settle``, wait as many seconds until the site is up.

    Raises:
        LvsnetError: what failed where.
    """
    request = {"op": "deploy", "modules": modules}
    text = json.dumps(asdict(record), ensure_ascii=False)
    client.call(connection, request, report, text.encode())
    if settle:
        wait = {"op": "wait", "deadline": settle}
        client.call(connection, wait, report, silence=settle + client.SILENCE)


def keep(connection: client.Connection) -> None:
    """Have a lab that was deployed outlive this connection, and so this process.

    Raises:
        LvsnetError: it has ended.
    """
    client.call(connection, {"op": "keep"}, silent)
    connection.kept = True
