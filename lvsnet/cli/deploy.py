"""``lvsnet deploy``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Runtime(StrEnum):
    auto = "auto"
    docker = "docker"
    crun = "crun"
    containerlab = "containerlab"


class Kernel(StrEnum):
    auto = "auto"
    host = "host"
    guest = "guest"


RuntimeOption = Annotated[
    Runtime,
    typer.Option("--runtime", envvar="LVSNET_RUNTIME", help="What makes the nodes' containers."),
]
KernelOption = Annotated[
    Kernel,
    typer.Option(
        "--kernel", envvar="LVSNET_KERNEL", help="This machine's, or one of the lab's own."
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", envvar="LVSNET_STRICT", help="Take warnings for errors.")
]
LabArgument = Annotated[str, typer.Argument(help="A lab file, or the name of an example lab.")]


def deploy(
    lab: LabArgument,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            help="Wait until each VIP has a holder and the real servers are in the tables.",
        ),
    ] = True,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for that.", min=1, max=86400)
    ] = 60,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
    privileged: Annotated[
        bool, typer.Option("--privileged", help="Make every node privileged.")
    ] = False,
    strict: StrictOption = False,
) -> None:
    """Start a lab from its file: a lab file of lvsnet's, or a containerlab topology.

    By itself it takes Docker on this machine's kernel when a Docker engine answers and the kernel
    has IPVS, and otherwise a kernel of the lab's own, for which nothing is needed.

    If anything fails, or Ctrl-C is pressed, nothing of the lab is left behind.
    """
    from lvsnet import deployment
    from lvsnet.cli import progress
    from lvsnet.cli.files import lab_file
    from lvsnet.control.choice import Wish

    report = progress.timed()
    try:
        wish = Wish(runtime.value, kernel.value, privileged, strict)
        deployment.deploy(lab_file(lab), wish, timeout if wait else 0.0, report)
    except KeyboardInterrupt:
        report("interrupted; nothing of the lab is left")
        raise typer.Exit(130) from None
