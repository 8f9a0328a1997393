"""``lvsnet inspect``."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, RunningLabArgument
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock
    from lvsnet.engine.runtime import About
    from lvsnet.faults.model import Fault
    from lvsnet.observe.model import Node, Site


WIDE = 200


def inspect(lab: RunningLabArgument = "", form: FormatOption = Format.table) -> None:
    """Show running labs: nodes, addresses, who holds each VIP, runtime and kernel and why.

    And the faults that are on (`lvsnet fault`). Of a lab with a virtual clock also its time and its
    seed. Without a name, all labs.
    """
    from lvsnet.cli.files import lab_name
    from lvsnet.control import faults, labs
    from lvsnet.control.clock import REAL

    found = [labs.the_lab(lab_name(lab))] if lab else list(labs.running())
    seen = []
    for name, place in found:
        try:
            about = place.about(name)
            site = place.look(name)
            clock = place.clock(name) if about.clock == "virtual" else REAL
            seen.append(_Seen(name, about, site, clock, faults.standing(place, name)))
        except LvsnetError as error:
            if lab:
                raise
            # One that is just being deployed or destroyed must not hide the others.
            typer.echo(f"{name}: {error}", err=True)
    if form is Format.json:
        formats.document({"labs": [_plain(one) for one in seen]})
    else:
        for one in seen:
            _print(one)
    if not found:
        typer.echo("no lab runs", err=True)
    for words in labs.ended():
        typer.echo(words, err=True)


@dataclass(frozen=True)
class _Seen:
    """All that is shown of a lab."""

    name: str
    about: About
    site: Site
    clock: Clock
    faults: list[Fault]


def _plain(seen: _Seen) -> dict[str, object]:
    from lvsnet.control.clock import plain
    from lvsnet.faults import text

    facts = asdict(seen.about)
    del facts["seed"]  # it is the clock's
    return {
        "lab": seen.name,
        **facts,
        "clock": plain(seen.clock),
        "vips": {vip: seen.site.holders(vip) for vip in seen.site.vips},
        "faults": [text.plain(fault) for fault in seen.faults],
        "nodes": asdict(seen.site)["nodes"],
    }


def _print(seen: _Seen) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from lvsnet.control.clock import elapsed, mode_in_words
    from lvsnet.faults.model import Frozen

    about, site, clock = seen.about, seen.site, seen.clock
    typer.echo(f"lab {seen.name}: {about.runtime}, kernel {about.kernel}: {about.reason}")
    if clock.kind == "virtual":
        typer.echo(f"clock {mode_in_words(clock)}; {elapsed(clock)} since boot; seed {clock.seed}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("node", "role", "state", "addresses", "daemons"):
        table.add_column(title)
    for node in site.nodes:
        table.add_row(
            node.name,
            node.role,
            _state(node, frozen=Frozen(node.name) in seen.faults),
            Text("\n".join(f"{one.interface} {one.address}" for one in node.addresses)),
            Text("\n".join(_daemon(name, alive) for name, alive in node.daemons if node.running)),
        )
    # A program that reads the table is to find whole words in it.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
    for vip in site.vips:
        typer.echo(f"VIP {vip} is on {' and '.join(site.holders(vip)) or 'no node'}")
    for fault in seen.faults:
        typer.echo(f"fault {fault}")


def _state(node: Node, *, frozen: bool) -> str:
    if not node.running:
        return "stopped"
    return "frozen" if frozen else "running"


def _daemon(name: str, alive: bool) -> str:
    return name if alive else f"{name} (dead)"
