"""``lvsnet events``."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete, formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import LongFormatOption, RunningLabArgument
from lvsnet.observe.event import KINDS, OFTEN

if TYPE_CHECKING:
    from lvsnet.control.happening import History
    from lvsnet.control.place import Place
    from lvsnet.observe.event import Event

SECOND = 1_000_000_000
WIDTH = 14
"""Of a time: ``0:01:23.456789``."""
SHOWN = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)")
"""A time as it is shown."""


def events(
    lab: RunningLabArgument = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help=f"Only events of this kind; may be repeated: {', '.join(KINDS)}.",
            autocompletion=complete.of(*KINDS),
        ),
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODE",
            help="Only events at this node; may be repeated.",
            autocompletion=complete.nodes_of_lab,
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="Only events of the last 30s, or since a time as it is shown: 0:01:23.",
        ),
    ] = "",
    form: LongFormatOption = Format.table,
) -> None:
    """Show what has happened in a lab: faults, VRRP, real servers in and out, traffic, steps.

    Each line has the lab's time (`lvsnet clock`), the node and what happened there; on this
    machine's own kernel, the time of day. What was not followed is known from keepalived's log,
    to the second, and from what lvsnet itself did. Following moves no held clock. For programs,
    each event is a JSON object on a line, with its time in nanoseconds.

    \b
    lvsnet events
    lvsnet events -f --kind vrrp --kind vip
    lvsnet events dr --node lb02 --since 30s
    """
    from lvsnet.cli.files import lab_name
    from lvsnet.control import clock, happening, labs

    _check_kinds(kind or ())
    back = _when(since) if since else None
    name, place = labs.the_lab(lab_name(lab) if lab else "")
    shown = Shown(name, frozenset(kind or ()), frozenset(_nodes(place, name, node or ())), form)
    shown.width = max(map(len, place.nodes(name)), default=0)
    shown.booted = clock.booted(place, name)

    def recall(found: History) -> None:
        oldest = _oldest(back, found.now, shown.booted)
        for one in found.events:
            if one.latest >= oldest:
                shown.show(one.event, one.within)

    if not follow:
        recall(happening.history(place, name))
        return
    from lvsnet.cli import reader

    try:
        with reader.awaited():
            happening.follow(place, name, recall, shown.show)
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error


@dataclass
class Shown:
    """How events are printed, and which."""

    lab: str
    kinds: frozenset[str]
    """All, where it is empty."""
    nodes: frozenset[str]
    """As `kinds`."""
    form: Format
    width: int = 0
    """Of the longest name of a node."""
    said: dict[tuple[str, str], int] = field(default_factory=dict)
    """Node and text of what is often said several times at once -> when it was last."""
    booted: int | None = None
    """As `lvsnet.control.clock.booted` gives it."""

    def show(self, event: Event, within: int = 0) -> None:
        """Print one; ``within``: as `lvsnet.observe.past.Past` has it."""
        if (self.kinds and event.kind not in self.kinds) or (
            self.nodes and event.node not in self.nodes
        ):
            return
        if self.form is Format.table and event.kind in OFTEN and self._was_just_said(event):
            return
        from lvsnet.control.clock import stamp

        when = stamp(event.at, self.booted)
        if within:
            when = when.partition(".")[0]
        if self.form is Format.json:
            facts = {"lab": self.lab, "time": when, **asdict(event), "within": within}
            formats.line(facts)
            return
        words = f"{when:<{WIDTH}}  {event.node:<{self.width}}  {event.text}"
        print(words, flush=True)  # noqa: T201

    def _was_just_said(self, event: Event) -> bool:
        """Whether people have read it."""
        key = event.node, event.text
        before = self.said.get(key)
        self.said[key] = event.at
        return before is not None and event.at - before < SECOND


def _check_kinds(kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise typer.BadParameter(f"{kind} is none of {', '.join(KINDS)}", param_hint="--kind")


def _nodes(place: Place, lab: str, nodes: Sequence[str]) -> Sequence[str]:
    from lvsnet.cli.nodes import known

    for node in nodes:
        known(node, lab, place.nodes(lab))
    return nodes


@dataclass(frozen=True)
class _When:
    """Nanoseconds: before now, or of a time as it is shown."""

    ago: int | None
    shown: int = 0


def _when(text: str) -> _When:
    if found := SHOWN.fullmatch(text):
        hours, minutes, seconds = found.groups()
        whole, _, rest = seconds.partition(".")
        return _When(
            None,
            ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * SECOND + int(rest.ljust(9, "0")),
        )
    from lvsnet.lab.units import Duration

    try:
        return _When(Duration(text).microseconds * 1000)
    except ValueError as error:
        raise typer.BadParameter(
            f"{error}; or write a time as it is shown, such as 0:01:23", param_hint="--since"
        ) from error


def _oldest(when: _When | None, now: int, booted: int | None) -> int:
    """The time of the first event that is wanted."""
    if when is None:
        return -(2**63)
    if when.ago is not None:
        return now - when.ago
    if booted is None:
        return when.shown
    # The last time at which it was that late, here.
    offset = (time.localtime().tm_gmtoff or 0) * SECOND
    today = (booted + now + offset) % (86400 * SECOND)
    return now - (today - when.shown) % (86400 * SECOND)
