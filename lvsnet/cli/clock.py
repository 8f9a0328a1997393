"""``lvsnet clock``: a lab's clock, shown, held, paused, run and wound forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from lvsnet.cli import formats
from lvsnet.cli.command import CommandWithVariables
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from typer._click import Context

    from lvsnet.control.clock import Clock

HELP = ("-h", "--help")


class ShowsByItself(TyperGroup):
    """A group that without a command, with options alone, is its command ``show``."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        alone = args[0].startswith("-") and args[0] not in HELP if args else True
        # On a line that is being completed, a command may still come.
        if alone and not (ctx.resilient_parsing and not args):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=ShowsByItself, rich_markup_mode=None)


@app.callback()
def _clock() -> None:
    """Show a lab's clock, hold it, pause it, wind it forward, or let it run.

    It is for labs with a virtual clock (`lvsnet deploy --clock virtual`). That is held between
    commands: it moves only while one needs it, as fast as it can.
    """


@app.command(cls=CommandWithVariables, short_help="Show a lab's clock.")
def show(lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Show a lab's clock: its mode, its time, and the seed of the lab's run."""
    from lvsnet.control import labs

    name, place = labs.the_lab(lab)
    state = place.clock(name)
    if form is Format.json:
        _document(name, state)
    else:
        for title, words in _block(name, state):
            typer.echo(f"{title:8}  {words}")


@app.command(cls=CommandWithVariables, short_help="Let a clock run beside real time.")
def run(
    speed: Annotated[
        float, typer.Option(metavar="NUMBER", help="So many times as fast as real time.")
    ] = 1.0,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Let a lab's clock run beside real time, or faster, or slower."""
    from lvsnet.control.clock import bad_speed

    if why := bad_speed(speed):
        raise typer.BadParameter(why, param_hint="--speed")
    _set(lab, "running", speed, form)


@app.command(cls=CommandWithVariables, short_help="Hold a clock, but for what needs it.")
def hold(lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Hold a lab's clock: it moves only while a command needs it. So it is after a deploy."""
    _set(lab, "held", 1.0, form)


@app.command(cls=CommandWithVariables, short_help="Stop a clock altogether.")
def pause(lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Stop a lab's clock: a command that would have to wait in the lab fails.

    `lvsnet clock advance` moves it all the same.
    """
    _set(lab, "paused", 1.0, form)


# What begins with a hyphen may be a duration: it is told what is wrong with it.
@app.command(
    cls=CommandWithVariables,
    short_help="Wind a clock forward.",
    context_settings={"ignore_unknown_options": True},
)
def advance(
    by: Annotated[
        str,
        typer.Argument(metavar="DURATION", help="Such as 500ms, 120s or 1h.", show_default=False),
    ],
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Wind a lab's clock forward, as fast as this machine can, whatever its mode."""
    from lvsnet.control import clock, labs

    nanoseconds = _duration(by, "DURATION")
    name, place = labs.the_lab(lab)
    before, after = clock.advance(place, name, nanoseconds)
    _passed(name, before, after, {}, form)


@app.command(
    "run-until", cls=CommandWithVariables, short_help="Wind a clock forward to what happens."
)
def run_until(
    words: Annotated[
        list[str],
        typer.Argument(metavar="CONDITION", help="In quotes; see above.", show_default=False),
    ],
    limit: Annotated[
        str, typer.Option(metavar="DURATION", help="The most that may pass of the lab's time.")
    ] = "1h",
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Let a lab go on, as fast as this machine can, until a condition is met.

    It is looked at every 0.1 s of the lab's time. Exit code 1 says that it was not met within the
    limit.

    \b
    vip 192.168.10.100 on lb02          a node holds a VIP; also: on nobody, on one
                                        node, on 2 nodes
    real_server nginx01:80 in lb01      it is in the director's table, with a weight
                                        above 0; the port may be left out
    real_server nginx01 out of lb01     it is not
    active >= 25 on lb01                ActiveConn of all its services; inactive is
                                        InActConn, connections are both; == != >= <= > <
    inactive == 0 to nginx01 on lb01    of a real server
    exec lb01: pgrep keepalived         a shell command in a node ends with code 0

    A service is named behind the director: for 192.168.10.100:80, for udp 192.168.10.100:53.
    Several are joined by `and`; a shell command comes last.
    """
    from lvsnet.control import clock, labs
    from lvsnet.observe import grammar
    from lvsnet.observe.conditions import ConditionError

    if len(words) > 1:
        quoted = " ".join(words).replace("'", "'\\''")
        raise typer.BadParameter(f"write it in quotes: '{quoted}'", param_hint="CONDITION")
    nanoseconds = _duration(limit, "--limit")
    try:
        condition = grammar.parse(words[0])
        name, place = labs.the_lab(lab)
        before = clock.virtual(place, name)
        report = _reporter(form)
        reached = clock.run_until(place, name, condition, nanoseconds / clock.SECOND, report)
    except ConditionError as error:
        raise typer.BadParameter(str(error), param_hint="CONDITION") from error
    after = place.clock(name)
    facts: dict[str, object] = {
        "condition": str(condition),
        "met": reached.met,
        "waited": reached.waited,
        "seen": reached.seen,
    }
    if reached.met or form is Format.json:
        _passed(name, before, after, facts, form)
    if not reached.met:
        raise LvsnetError(
            f"lab {name}: not met in {limit} of its time: {condition}\n{reached.seen}, "
            f"at {clock.elapsed(after)}"
        )


def _set(lab: str, mode: str, speed: float, form: Format) -> None:
    from lvsnet.control import clock, labs

    name, place = labs.the_lab(lab)
    state = clock.set_mode(place, name, mode, speed)
    if form is Format.json:
        _document(name, state)
    else:
        typer.echo(f"{clock.elapsed(state)}  {clock.mode_in_words(state)}")


def _duration(text: str, hint: str) -> int:
    from lvsnet.control.clock import duration

    try:
        return duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from error


def _reporter(form: Format) -> Callable[[str], None]:
    from lvsnet.cli.progress import timed
    from lvsnet.progress import silent

    return silent if form is Format.json else timed()


def _passed(lab: str, before: Clock, after: Clock, facts: dict[str, object], form: Format) -> None:
    """Say from where to where a clock has moved."""
    from lvsnet.control.clock import elapsed, plain

    if form is Format.json:
        _document(lab, after, {**facts, "from": plain(before)["now"], "to": plain(after)["now"]})
        return
    what = f"  {facts['condition']}" if "condition" in facts else ""
    typer.echo(f"{elapsed(before)} -> {elapsed(after)}{what}")


def _block(lab: str, state: Clock) -> list[tuple[str, str]]:
    from lvsnet.control.clock import calendar, elapsed, mode_in_words

    day = f"{calendar(state):%Y-%m-%d %H:%M:%S.%f} UTC"
    if state.kind == "real":
        return [("lab", lab), ("clock", "real: this machine's own"), ("calendar", day)]
    return [
        ("lab", lab),
        ("clock", "virtual"),
        ("mode", mode_in_words(state)),
        ("time", f"{elapsed(state)} since boot"),
        ("calendar", day),
        ("seed", str(state.seed)),
    ]


def _document(lab: str, state: Clock, facts: dict[str, object] | None = None) -> None:
    from lvsnet.control.clock import plain

    formats.document({"lab": lab, **(facts or {}), "clock": plain(state)})
