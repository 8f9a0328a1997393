"""``lvsnet kernel``: the kernels that labs in a guest run on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.command import CommandWithVariables
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption

if TYPE_CHECKING:
    from lvsnet.guest.kernels.listing import Listed

WIDE = 200
NAMES = ("auto", "wheel", "built", "debian")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _names(incomplete: str) -> list[str]:
    return [name for name in NAMES if name.startswith(incomplete)]


@app.command(cls=CommandWithVariables, short_help="Build lvsnet's own guest kernel.")
def build(
    system: Annotated[
        bool, typer.Option("--system", help="For all users of this machine: in /var/cache/lvsnet.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Build lvsnet's own guest kernel from Debian's source, unless it is there.

    It has all of IPVS, its clock can be held (`lvsnet deploy --clock virtual`), and labs start
    sooner on it. That takes some minutes, 160 MB of download, 1 GB of room meanwhile, and a
    compiler; no root.
    """
    from lvsnet.cli.progress import timed
    from lvsnet.cli.setup import place_of
    from lvsnet.guest.kernels import building, built, choice

    place = place_of(system, "sudo lvsnet kernel build --system")
    there = built.is_there(place)
    kernel = building.ensure(timed(), place)
    if form is Format.json:
        facts = {"version": kernel.version, "package": kernel.package, "note": kernel.note}
        formats.document({**facts, "binary": str(kernel.binary), "built": not there})
    else:
        already = " is there already" if there else ""
        typer.echo(f"guest kernel: Linux {kernel.version} ({kernel.package}){already}")
    if kernel.note:
        typer.echo(kernel.note, err=True)
    used = choice.find()
    if used is not None and used.source != "built":
        typer.echo(
            f"labs run on another one, {used.source}; `lvsnet kernel use built` changes that",
            err=True,
        )


@app.command("list", cls=CommandWithVariables)
def list_(form: FormatOption = Format.table) -> None:
    """List the guest kernels that are there, and which of them labs get."""
    from lvsnet.guest.kernels import choice, listing

    found = listing.listed()
    if form is Format.json:
        source, by = choice.chosen()
        facts = {"chosen": source or choice.AUTO, "by": by.strip("`") if source else ""}
        formats.document({**facts, "kernels": [_plain(one) for one in found]})
    elif found:
        _print(found)
    else:
        typer.echo(
            "no kernels; `lvsnet kernel build` makes one, `lvsnet setup` fetches Debian's", err=True
        )


@app.command(cls=CommandWithVariables, short_help="Say on which guest kernel labs run.")
def use(
    name: Annotated[
        str,
        typer.Argument(
            help="wheel, built, debian; or auto: the first of these that is there.",
            metavar="NAME",
            autocompletion=_names,
        ),
    ],
    form: FormatOption = Format.table,
) -> None:
    """Say on which guest kernel labs run that start from now on.

    LVSNET_GUEST_KERNEL says it for one command, and comes first.
    """
    from lvsnet.guest.kernels import choice

    if name not in NAMES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(NAMES)}", param_hint="NAME")
    choice.use(choice.source(name, "NAME"))
    kernel = choice.find()
    if form is Format.json:
        version = kernel.version if kernel is not None else None
        formats.document({"chosen": name, "version": version})
    elif kernel is not None:
        typer.echo(f"labs get Linux {kernel.version} ({kernel.package})")
    else:
        typer.echo("labs get Debian's guest kernel, which the first one fetches")
    if os.environ.get(choice.VARIABLE):
        typer.echo(f"{choice.VARIABLE} is set, and comes first", err=True)


@app.command(cls=CommandWithVariables, short_help="Remove the guest kernels that were built.")
def rm(
    outdated: Annotated[
        bool, typer.Option("--outdated", help="Only those that other versions of lvsnet built.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Remove the guest kernels that were built. Labs that run keep theirs until they end."""
    from lvsnet.guest.kernels import built, choice

    chosen = built.outdated() if outdated else built.entries()
    gone = [directory for directory in chosen if built.may_remove(directory)]
    for directory in gone:
        built.remove(directory)
    for directory in chosen:
        if directory not in gone:
            typer.echo(f"{directory} stays: it is root's", err=True)
    if choice.forget("built"):
        typer.echo("the next lab gets the first kernel that is there (`kernel use auto`)", err=True)
    if form is Format.json:
        formats.document({"removed": [str(directory) for directory in gone]})
        return
    for directory in gone:
        typer.echo(str(directory))
    if not chosen:
        typer.echo("nothing to remove", err=True)


def _plain(one: Listed) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "package": one.package,
        "directory": str(one.directory),
        "virtual_time": one.virtual_time,
        "state": one.state,
        "in_use": one.in_use,
        "problem": one.problem,
    }


def _print(found: list[Listed]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("kernel", "Linux", "package", "virtual time", "state", "directory"):
        table.add_column(title, overflow="fold")
    for one in found:
        state = "in use" if one.in_use else one.state
        virtual = "yes" if one.virtual_time else "no"
        table.add_row(one.name, one.version, one.package, virtual, state, str(one.directory))
    # A program that reads the table is to find whole words in it.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
    for one in found:
        if one.problem:
            typer.echo(one.problem, err=True)
