"""A guest that starts, and the lab that is deployed in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from lvsnet.engine.runtime import Record
from lvsnet.guest import boot, client, ending, launch, wire
from lvsnet.guest.kernels.model import Kernel
from lvsnet.guest.modules import load_order
from lvsnet.image.nodefs import Image
from lvsnet.progress import Report, silent


def machine(
    kernel: Kernel, image: Image, memory: str, virtual: boot.VirtualTime | None
) -> boot.Machine:
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
        window=wire.WIDE_WINDOW if kernel.virtual_time else wire.LINE_WINDOW,
        virtual=virtual,
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
    """Run a plan in the guest that `starting` gave.

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
    client.call(connection, {"op": "keep"}, silent)
    connection.kept = True
