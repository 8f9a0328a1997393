"""``lvsnet image``: the nodes' images for Docker."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.command import CommandWithVariables
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption

if TYPE_CHECKING:
    from lvsnet.docker.images import Built

WIDE = 200

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(cls=CommandWithVariables, short_help="Build the images that nodes run on Docker.")
def build(
    base: Annotated[
        str,
        typer.Option(
            metavar="IMAGE",
            help="Debian, or made from it. By default debian:trixie-slim, or where no registry "
            "answers, the node file system.",
        ),
    ] = "",
    form: FormatOption = Format.table,
) -> None:
    """Build the images that nodes run on Docker, anew where they are there.

    `lvsnet deploy` builds those that it misses; this is for another base, or for newer packages.
    """
    from lvsnet.cli.progress import timed
    from lvsnet.docker import engine, images

    api = engine.connect()
    images.build(api, base, timed())
    if form is Format.json:
        current = [one for one in images.built(api) if not one.outdated]
        formats.document({"images": [_plain(one) for one in current]})


@app.command("list", cls=CommandWithVariables)
def list_(form: FormatOption = Format.table) -> None:
    """List lvsnet's images that the Docker engine has."""
    from lvsnet.docker import engine, images

    found = images.built(engine.connect())
    if form is Format.json:
        formats.document({"images": [_plain(one) for one in found]})
    elif found:
        _print(found)
    else:
        typer.echo("no images; `lvsnet image build` makes them, and so does deploy", err=True)


@app.command(cls=CommandWithVariables, short_help="Remove images of other versions of lvsnet.")
def rm(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that this lvsnet uses.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Remove images that other versions of lvsnet made, but those that containers use."""
    from lvsnet.docker import engine, images

    api = engine.connect()
    chosen = [one for one in images.built(api) if everything or one.outdated]
    stayed = images.remove(api, chosen)
    gone = [one.name for one in chosen if one not in stayed]
    if form is Format.json:
        formats.document({"removed": gone, "in_use": [_plain(one) for one in stayed]})
        return
    for name in gone:
        typer.echo(name)
    for one in stayed:
        users = ", ".join(one.containers) or "another image"
        typer.echo(f"{one.name} stays: in use by {users}", err=True)
    if not chosen:
        typer.echo("nothing to remove", err=True)


def _plain(image: Built) -> dict[str, object]:
    return {
        "name": image.name,
        "id": image.id,
        "base": image.base,
        "size": image.size,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created)),
        "outdated": image.outdated,
        "containers": list(image.containers),
    }


def _print(found: list[Built]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("image", "base", "MB", "created", "state", "containers"):
        table.add_column(title, justify="right" if title == "MB" else "left")
    for one in found:
        table.add_row(
            one.name,
            one.base,
            str(round(one.size / 1e6)),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created)),
            "outdated" if one.outdated else "current",
            ", ".join(one.containers),
        )
    # A program that reads the table is to find whole words in it.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
