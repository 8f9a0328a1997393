"""``lvsnet plan``: arithmetic before a site is built."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.command import CommandWithVariables
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.spread.choosing import Answer, Planner
    from lvsnet.spread.question import Question

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Method(StrEnum):
    """How the directors forward: it decides what passes their links."""

    dr = "dr"
    nat = "nat"


@app.callback()
def _plan() -> None:
    """Plan a site before it is built: arithmetic alone, nothing is run."""


@app.command(cls=CommandWithVariables, short_help="How many VIPs, with which priorities.")
def vips(
    capacity: Annotated[
        str,
        typer.Option(
            metavar="RATE|NAME=RATE,...",
            help="Of each director's link: 1Gbit, or lb01=10Gbit,lb02=1Gbit.",
            show_default=False,
        ),
    ],
    directors: Annotated[
        str,
        typer.Option(
            metavar="NUMBER|NAME,...",
            help="How many, or their names; not needed when --capacity names them.",
            show_default=False,
        ),
    ] = "",
    traffic: Annotated[
        str, typer.Option(metavar="RATE", help="All that comes for the VIPs, such as 1.5Gbit.")
    ] = "",
    load: Annotated[
        str,
        typer.Option(
            metavar="VIP=RATE,...",
            help="The VIPs that there are, in place of --traffic: web=800Mbit,api=700Mbit.",
        ),
    ] = "",
    losses: Annotated[
        int, typer.Option(metavar="NUMBER", help="How many directors may be lost at a time.")
    ] = 1,
    utilisation: Annotated[
        str, typer.Option(metavar="PERCENT", help="How much of a link may be used.")
    ] = "100%",
    method: Annotated[
        Method, typer.Option(help="With nat the answers pass the directors, too (one-armed).")
    ] = Method.dr,
    answers: Annotated[
        str, typer.Option(metavar="RATE", help="What the real servers send back.")
    ] = "",
    count: Annotated[
        int | None,
        typer.Option("--vips", metavar="NUMBER", help="Plan this number of VIPs alone."),
    ] = None,
    all_active: Annotated[
        bool,
        typer.Option(
            "--all-active", help="Only plans in which every director holds a VIP with all up."
        ),
    ] = False,
    svg: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a picture, too.", show_default=False),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Say how many VIPs to spread over the directors, so that no loss overloads one.

    For each number of VIPs: how many each director holds, the busiest link with all up and after
    the worst loss, and which loss that is. Recommended are the fewest VIPs with all directors
    active and every link below its limit; each director's priority for each of them is shown.

    Rates are bits a second, with kbit, Mbit, Gbit or Tbit. Traffic that no plan can carry is
    refused with exit code 2 and the bound that is broken.
    """
    from lvsnet.spread import planning
    from lvsnet.spread.question import QuestionError, Words, asked

    plan: Planner = planning.all_active if all_active else planning.preferred
    words = Words(directors, capacity, traffic, load, answers, losses, utilisation, method.value)
    try:
        question = asked(words)
        answer = _answer(question, count, plan)
    except QuestionError as error:
        raise typer.BadParameter(str(error), param_hint=error.option) from error
    if svg is not None:
        from lvsnet.outputs import write
        from lvsnet.spread.picture import picture

        write(svg, picture(question, answer))
    _print(question, answer, form)


def _answer(question: Question, count: int | None, plan: Planner) -> Answer:
    """The answer to a question.

    Raises:
        QuestionError: there are no such plans, or no such site.
    """
    from lvsnet.spread import choosing, planning
    from lvsnet.spread.question import QuestionError

    number = len(question.vips) if question.vips else count
    if question.vips and count is not None:
        raise QuestionError("--vips", "--load says which VIPs there are: leave one away")
    if number is not None and not 1 <= number <= planning.MOST_VIPS:
        raise QuestionError(
            "--vips",
            f"{number}: it is 1 to {planning.MOST_VIPS}, for each has a virtual_router_id",
        )
    try:
        planning.check(question.site(number or 1))
    except LvsnetError as error:
        raise QuestionError("--losses", str(error)) from error
    if number is None:
        return choosing.answered(question, plan)
    candidate = plan(question.site(number))
    if candidate is None:
        raise QuestionError(
            "--all-active",
            f"{number} VIPs leave {len(question.directors) - number} of "
            f"{len(question.directors)} directors idle; plan as many VIPs as directors at least",
        )
    return choosing.told({number: candidate}, number)


def _print(question: Question, answer: Answer, form: Format) -> None:
    if form is Format.json:
        from lvsnet.spread.document import document

        formats.document(document(question, answer))
        return
    from lvsnet.spread import report

    for line in report.lines(question, answer, formats.bar(report.BLOCK)):
        typer.echo(line)
