"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lvsnet.cli import complete
from lvsnet.cli.formats import Format

NodeArgument = Annotated[
    str, typer.Argument(help="NODE, or LAB/NODE.", autocompletion=complete.nodes)
]
NodesArgument = Annotated[
    list[str],
    typer.Argument(
        help="NODE, or LAB/NODE; several, too.",
        metavar="NODE...",
        show_default=False,
        autocompletion=complete.nodes,
    ),
]
LabOption = Annotated[
    str,
    typer.Option(
        "--lab",
        envvar="LVSNET_LAB",
        help="The lab, when several run.",
        autocompletion=complete.labs,
    ),
]
RunningLabArgument = Annotated[
    str,
    typer.Argument(
        help="The lab's name, or its file.",
        metavar="LAB",
        envvar="LVSNET_LAB",
        autocompletion=complete.labs_and_files,
    ),
]
LabBesideFileArgument = Annotated[
    str,
    typer.Argument(
        help="The lab's name, for the file that it was started from; or another file of it.",
        metavar="LAB",
        envvar="LVSNET_LAB",
        show_default=False,
        autocompletion=complete.labs_and_files,
    ),
]
LabFileArgument = Annotated[
    str,
    typer.Argument(
        help="A lab file, or the name of an example lab.",
        metavar="LAB",
        autocompletion=complete.lab_files,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", "-f", envvar="LVSNET_FORMAT", help="For people or for programs."),
]
LongFormatOption = Annotated[
    Format, typer.Option("--format", envvar="LVSNET_FORMAT", help="For people or for programs.")
]
"""Where ``-f`` is another option's."""
OutputOption = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="Directory to write into.",
        metavar="DIR",
        show_default=False,
        autocompletion=complete.directories,
    ),
]
