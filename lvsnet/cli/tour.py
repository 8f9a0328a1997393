"""``lvsnet tour``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.deploy import Kernel, KernelOption, Runtime, RuntimeOption
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabFileArgument

SETTLE = 60.0


def tour(
    lab: LabFileArgument = "dr",
    afresh: Annotated[
        bool, typer.Option("--afresh", help="End the lab first, if it runs already.")
    ] = False,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
    form: FormatOption = Format.table,
) -> None:
    """Deploy a lab, send it requests, cut its active director's power, and bring it back.

    The lab goes on running. For programs, each step is a JSON object on a line.
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
        show = _for_programs if form is Format.json else _for_people
        steps.walk(stage, labs.place_of(loaded.name), show, report)
    except KeyboardInterrupt:
        report("interrupted; `lvsnet inspect` shows what runs")
        raise typer.Exit(130) from None


def _for_people(text: str, _facts: Mapping[str, object]) -> None:
    typer.echo(text)


def _for_programs(_text: str, facts: Mapping[str, object]) -> None:
    if facts:
        formats.line(facts)
