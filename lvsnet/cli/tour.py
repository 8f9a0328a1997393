"""``lvsnet tour``."""

from __future__ import annotations

from typing import Annotated

import typer

from lvsnet.cli.deploy import Kernel, KernelOption, LabArgument, Runtime, RuntimeOption

SETTLE = 60.0


def tour(
    lab: LabArgument = "dr",
    afresh: Annotated[
        bool, typer.Option("--afresh", help="End the lab first, if it runs already.")
    ] = False,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
) -> None:
    """Deploy a lab, send it requests, cut its active director's power, and bring it back.

    The lab goes on running.
    """
    from lvsnet import deployment
    from lvsnet import tour as steps
    from lvsnet.cli import progress
    from lvsnet.cli.files import lab_file
    from lvsnet.control import labs
    from lvsnet.control.choice import Wish
    from lvsnet.lab.load import load

    path = lab_file(lab)
    loaded = load(path)
    stage = steps.stage(loaded)
    if afresh:
        for name, place in labs.running():
            if name == loaded.name:
                place.destroy(name)
    report = progress.timed()
    try:
        deployment.deploy(path, Wish(runtime.value, kernel.value), SETTLE, report)
        steps.walk(stage, labs.place_of(loaded.name), typer.echo, report)
    except KeyboardInterrupt:
        report("interrupted; `lvsnet inspect` shows what runs")
        raise typer.Exit(130) from None
