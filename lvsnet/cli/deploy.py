"""``lvsnet deploy``."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabFileArgument

if TYPE_CHECKING:
    from lvsnet.engine.runtime import Record


class Runtime(StrEnum):
    auto = "auto"
    docker = "docker"
    crun = "crun"
    containerlab = "containerlab"


class Kernel(StrEnum):
    auto = "auto"
    host = "host"
    guest = "guest"


class Clock(StrEnum):
    real = "real"
    virtual = "virtual"


WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help="Wait until each VIP has a holder and the real servers are in the tables.",
    ),
]
TimeoutOption = Annotated[float, typer.Option(help="Seconds to wait for that.", min=1, max=86400)]
PrivilegedOption = Annotated[bool, typer.Option("--privileged", help="Make every node privileged.")]
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


def deploy(
    lab: LabFileArgument,
    wait: WaitOption = True,
    timeout: TimeoutOption = 60,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
    privileged: PrivilegedOption = False,
    strict: StrictOption = False,
    clock: Annotated[
        Clock | None,
        typer.Option(
            "--clock",
            envvar="LVSNET_CLOCK",
            help="Virtual time stands still between commands and can be wound forward.",
            show_default="real",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Of a lab in virtual time: the same one repeats a run packet for packet.",
            min=0,
            max=2**63 - 1,
            show_default="any",
        ),
    ] = None,
    reconfigure: Annotated[
        bool, typer.Option("--reconfigure", help="As redeploy, if the lab runs.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would happen; start, make and fetch nothing."),
    ] = False,
    form: FormatOption = Format.table,
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

    wish = Wish(runtime.value, kernel.value, privileged, strict, clock.value if clock else "", seed)
    if reconfigure:
        from lvsnet.cli import redeploy

        redeploy.run(lab, wish, timeout if wait else 0.0, form, dry_run=dry_run)
        return
    begun = time.monotonic()
    report = progress.timed()
    path = lab_file(lab)
    if dry_run:
        from lvsnet.cli import dry_run as preview

        preview.show(path, wish, form, report)
        return
    try:
        record = deployment.deploy(path, wish, timeout if wait else 0.0, report)
    except KeyboardInterrupt:
        report("interrupted; nothing of the lab is left")
        raise typer.Exit(130) from None
    if form is Format.json:
        seconds = round(time.monotonic() - begun, 2)
        formats.document({**described(record), "seconds": seconds})


def described(record: Record) -> dict[str, object]:
    """What programs are told of a lab that runs now."""
    from dataclasses import asdict

    plan = record.plan
    nodes = [node.name for node in plan.nodes]
    return {"lab": plan.lab, **asdict(record.about), "nodes": nodes}
