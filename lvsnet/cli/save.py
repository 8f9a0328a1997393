"""``lvsnet save``: the files that changed inside nodes, back to disk."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete, formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, OutputOption

if TYPE_CHECKING:
    from lvsnet.saving import Report


def save(
    output: OutputOption,
    lab: Annotated[
        str,
        typer.Argument(
            help="The lab's name, or its file; without it, the only lab that runs.",
            metavar="LAB",
            show_default=False,
            envvar="LVSNET_LAB",
            autocompletion=complete.labs_and_files,
        ),
    ] = "",
    node: Annotated[
        list[str] | None,
        typer.Option(
            "--node",
            help="Only this node; may be repeated.",
            show_default=False,
            autocompletion=complete.nodes,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Logs, state, caches and pid files of programs, too."),
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Write the files that changed inside the nodes to DIR/NODE/path, as `lvsnet render` lays out.

    Those that are neither as the lab's file has them nor as the image does: edited, added, or
    written by the lab file's own commands. What programs write by themselves is left out without
    --all, and so is what is in a node's memory only: /run and /tmp. Permission bits are kept, the
    owner is not. What is in DIR already stays, but for files of the same names.

    Exit code 1 when a node is stopped, whose disk cannot be read; the others are saved all the
    same.
    """
    from lvsnet import preview, saving
    from lvsnet.cli.files import lab_name
    from lvsnet.control.labs import the_lab

    name, place = the_lab(lab_name(lab) if lab else "")
    wanted = saving.any_file if everything else saving.asked_for
    record = preview.with_contents(place.record(name))
    report = saving.save(place, record, node or (), output, wanted)
    if form is Format.json:
        formats.document(_plain(name, str(output), report))
    else:
        _print(report)
    for one in report.left:
        typer.echo(f"lvsnet: {_where(one.node, one.path)}: {one.why}", err=True)
    if not report.saved and not report.removed and not report.left:
        typer.echo(f"nothing has changed in the nodes of lab {name}", err=True)
    if any(not one.path for one in report.left):
        raise typer.Exit(1)


def _print(report: Report) -> None:
    from lvsnet.contents import quoted

    for one in report.saved:
        typer.echo(f"{one.kind:<8}{quoted(one.file)}")
    for node, path in report.removed:
        typer.echo(f"{'removed':<8}{_where(node, path)}")


def _plain(lab: str, directory: str, report: Report) -> dict[str, object]:
    return {
        "lab": lab,
        "directory": directory,
        "saved": [{**asdict(one), "mode": f"{one.mode:04o}"} for one in report.saved],
        "removed": [{"node": node, "path": path} for node, path in report.removed],
        "left": [asdict(one) for one in report.left],
    }


def _where(node: str, path: str) -> str:
    from lvsnet.contents import quoted

    return quoted(f"{node}{path}")
