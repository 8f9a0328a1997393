"""``lvsnet graph``: a lab's picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete

if TYPE_CHECKING:
    from lvsnet.faults.model import Fault
    from lvsnet.observe.model import Site
    from lvsnet.plan.model import Plan


class Form(StrEnum):
    SVG = "svg"
    HTML = "html"
    MERMAID = "mermaid"
    DOT = "dot"


class Way(StrEnum):
    REQUEST = "request"
    NONE = "none"


STDOUT = Path("-")
ENDINGS = {
    ".svg": Form.SVG,
    ".html": Form.HTML,
    ".htm": Form.HTML,
    ".mmd": Form.MERMAID,
    ".mermaid": Form.MERMAID,
    ".dot": Form.DOT,
    ".gv": Form.DOT,
}


def graph(
    lab: Annotated[
        str,
        typer.Argument(
            help="The name of a lab that runs, a lab file, or the name of an example lab.",
            metavar="LAB",
            envvar="LVSNET_LAB",
            autocompletion=complete.labs_files_and_examples,
        ),
    ] = "",
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            "-f",
            help="Without it, what the ending of FILE says, or svg.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write there, and not to standard output.",
            show_default=False,
            autocompletion=complete.files,
        ),
    ] = None,
    service: Annotated[
        str,
        typer.Option(
            "--service",
            metavar="NAME",
            help="Whose path is shown; without it the first one's.",
            show_default=False,
            autocompletion=complete.services,
        ),
    ] = "",
    way: Annotated[
        Way, typer.Option("--path", help="What is shown besides machines and networks.")
    ] = Way.REQUEST,
) -> None:
    """Draw a lab: segments as bars, nodes with addresses, VIPs and daemons, a request's way.

    Of a lab that runs, by its name, the picture shows what is so now: who holds each VIP, which
    nodes are off, which faults are on, which real servers get no requests. Of a file it shows
    what is so while all is well. Without LAB, the only lab that runs.

    html has a chooser for services, and details of whatever the pointer is on; mermaid can be put
    into a page of Markdown, and dot is for Graphviz.
    """
    chosen = form or _of_ending(output)
    from lvsnet.outputs import put

    shown = _shown(lab)
    asked = _service(shown.plan, service, way)
    put(output or STDOUT, _drawn(shown, chosen, asked))


@dataclass(frozen=True)
class _Shown:
    """A lab, and how it is where it runs."""

    plan: Plan
    site: Site | None
    faults: tuple[Fault, ...]


def _drawn(shown: _Shown, form: Form, service: str) -> str:
    from lvsnet.observe import graph

    draw = {
        Form.SVG: graph.svg,
        Form.HTML: graph.html,
        Form.MERMAID: graph.mermaid,
        Form.DOT: graph.dot,
    }[form]
    return draw(shown.plan, shown.site, service, shown.faults)


def _shown(lab: str) -> _Shown:
    from lvsnet.control import faults, labs

    running = dict(labs.running())
    if lab in running or not lab:
        name, place = labs.the_lab(lab)
        plan = place.record(name).plan
        return _Shown(plan, place.look(name), tuple(faults.standing(place, name)))
    from lvsnet.cli.files import compiled

    return _Shown(compiled(lab), None, ())


def _of_ending(output: Path | None) -> Form:
    if output in (None, STDOUT):
        return Form.SVG
    if output.suffix not in ENDINGS:
        raise typer.BadParameter(
            f"{output}: its ending says no format; --format does, or one of {', '.join(ENDINGS)}",
            param_hint="--output",
        )
    return ENDINGS[output.suffix]


def _service(plan: Plan, asked: str, way: Way) -> str:
    """The name of the service whose path is shown; empty for none."""
    from lvsnet.observe import graph

    names = graph.services(plan)
    if asked and asked not in names:
        there = f"there is {', '.join(names)}" if names else "it has none"
        raise typer.BadParameter(
            f"lab {plan.lab} has no service {asked}; {there}", param_hint="--service"
        )
    if way is Way.NONE or not names:
        return ""
    return asked or names[0]
