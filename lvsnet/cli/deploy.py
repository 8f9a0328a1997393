"""``lvsnet deploy``."""

from __future__ import annotations

from typing import Annotated

import typer

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
) -> None:
    """Start a lab from its file.

    If anything fails, or Ctrl-C is pressed, nothing of the lab is left behind.
    """
    from lvsnet import deployment
    from lvsnet.cli import progress
    from lvsnet.cli.files import lab_file

    report = progress.timed()
    try:
        deployment.deploy(lab_file(lab), timeout if wait else 0.0, report)
    except KeyboardInterrupt:
        report("interrupted; nothing of the lab is left")
        raise typer.Exit(130) from None
