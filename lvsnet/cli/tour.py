"""``lvsnet tour``."""

from __future__ import annotations

from typing import Annotated

import typer

from lvsnet.cli.deploy import LabArgument

SETTLE = 60.0


def tour(
    lab: LabArgument = "dr",
    afresh: Annotated[
        bool, typer.Option("--afresh", help="End the lab first, if it runs already.")
    ] = False,
) -> None:
    """Deploy a lab, send it requests, cut its active director's power, and bring it back.

    The lab goes on running.
    """
    from lvsnet.cli import progress
    from lvsnet.cli.files import lab_file
    from lvsnet.guest import labs, launch, places

    report = progress.on_stderr()
    path = lab_file(lab)
    with launch.standby() as standby:
        from lvsnet import deployment
        from lvsnet import tour as steps
        from lvsnet.lab.load import load
        from lvsnet.plan.compile import compile_lab

        loaded = load(path)
        stage = steps.stage(loaded)
        plan = compile_lab(loaded)
        if afresh and loaded.name in [place.lab for place in places.running()]:
            labs.destroy(loaded.name)
        deployment.deploy(standby, plan, path, SETTLE, report)
    steps.walk(stage, typer.echo, report)
