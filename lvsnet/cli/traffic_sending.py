"""Loads of ``lvsnet traffic``: sent, waited for, and shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.errors import LvsnetError
from lvsnet.progress import Report, silent

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock
    from lvsnet.control.place import Place
    from lvsnet.traffic.heavy import Heavy
    from lvsnet.traffic.model import Answerer, Load, Request

LATE = 60.0
"""Seconds of the lab's time that a load may be late before it is given up."""
HOUR = 3600.0
"""Seconds of the lab's time after which a load ends that has no end."""


def send(
    place: Place,
    lab: str,
    load: Load,
    answerers: Sequence[Answerer],
    record: Path | None,
    form: Format,
) -> bool:
    """Send a load, and show what became of it; whether Ctrl-C did not end it."""
    with ExitStack() as owned:
        # Before the load begins: a path that cannot be written to does not cost a load.
        file = None if record is None else owned.enter_context(record.open("w", encoding="utf-8"))
        requests, whole, clock = _send(place, lab, load, answerers, form)
        if file is not None:
            _record(requests, file)
    _show(lab, load, requests, clock, whole, form)
    return whole


def _send(
    place: Place,
    lab: str,
    load: Load,
    answerers: Sequence[Answerer],
    form: Format,
) -> tuple[list[Request], bool, Clock]:
    """Requests, whether Ctrl-C did not end it, and the lab's clock."""
    from lvsnet.control import traffic as control

    clock = place.clock(lab)
    _see_that_it_moves(lab, clock, load)
    with ExitStack() as owned:
        for one in answerers:
            begun = control.serve(place, lab, one.node, one.scheme, one.port)
            owned.callback(control.end, place, lab, begun)
        begun = control.begin(place, lab, load)
        try:
            with _live(f"{load.target}: sending", form) as report:
                return control.wait(place, lab, begun, _limit(load), report), True, clock
        except KeyboardInterrupt:
            return control.end(place, lab, begun), False, clock
        except LvsnetError:
            control.end(place, lab, begun)
            raise


def _limit(load: Load) -> float:
    """Seconds of the lab's time until a load is over, and some more."""
    if load.seconds is not None:
        length = load.seconds
    elif load.count is not None and load.rate > 0:
        length = load.count / load.rate
    else:
        length = HOUR
    return length + load.timeout + LATE


def _see_that_it_moves(lab: str, clock: Clock, load: Load) -> None:
    """A load needs time to pass.

    Raises:
        LvsnetError: in this lab it does not, or not for such a load.
    """
    if clock.mode == "paused":
        raise LvsnetError(
            f"the clock of lab {lab} is paused, and a load needs it to go on: `lvsnet clock hold` "
            "or `lvsnet clock run` lets it"
        )
    if clock.kind == "virtual" and load.rate == 0 and load.count is None:
        raise LvsnetError(
            f"lab {lab} is in virtual time, in which an answer takes next to none: without a rate "
            "a load would never end; give it a --rate, or a --count"
        )


def send_heavy(place: Place, lab: str, job: Heavy, form: Format) -> None:
    """Send a heavy load, and show what became of it.

    Raises:
        LvsnetError: the lab is in virtual time; as `lvsnet.traffic.heavy.send`.
    """
    from lvsnet.traffic import heavy, text

    clock = place.clock(lab)
    if clock.kind == "virtual":
        raise LvsnetError(
            f"the clock of lab {lab} is virtual: computing takes no time there, so there is no "
            "rate to measure, and what never sleeps never ends. Deploy it with --clock real, or "
            "take --heavy out"
        )
    with _live(f"{job.target}: {job.seconds} s of heavy load from {job.client}", form):
        found = heavy.send(place, lab, job)
    if form is Format.json:
        facts = {"lab": lab, "client": job.client, "target": str(job.target)}
        formats.document({**facts, **text.plain_heavy(found)})
        return
    for line in text.heavy_lines(found, formats.bar(text.BLOCK)):
        typer.echo(line)


@contextmanager
def _live(title: str, form: Format) -> Iterator[Report]:
    """A line on the terminal that says how far it is, while the ``with`` lasts; else nothing."""
    if form is Format.json or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(escape(title), total=None)

        def report(line: str) -> None:
            if line:
                progress.update(task, description=escape(line))

        yield report


def _show(
    lab: str, load: Load, requests: Sequence[Request], clock: Clock, whole: bool, form: Format
) -> None:
    from lvsnet.traffic import analysis, text

    summary = analysis.summary(requests)
    if form is Format.table:
        for line in text.lines(summary, clock, formats.bar(text.BLOCK)):
            typer.echo(line)
        return
    formats.document(
        {
            "lab": lab,
            "clients": list(load.clients),
            "target": str(load.target),
            "interrupted": not whole,
            "summary": text.plain(summary),
            "requests": [text.plain_request(one) for one in requests],
        }
    )


def _record(requests: Sequence[Request], file: TextIO) -> None:
    from lvsnet.traffic.text import plain_request

    for one in requests:
        file.write(json.dumps(plain_request(one)) + "\n")
