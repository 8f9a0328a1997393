"""``lvsnet report``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete

if TYPE_CHECKING:
    from lvsnet.report.model import Run

STANDARD, PICTURE = "-", ".svg"


def report(
    results: Annotated[
        list[str],
        typer.Argument(
            help="Files that `lvsnet test --report` or `lvsnet test --format json --requests` has"
            " written; - for standard input.",
            metavar="RESULTS...",
            show_default=False,
            autocompletion=complete.files,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="File to write; one that ends with .svg gets ActiveConn's and InActConn's curves"
            " alone; - is standard output.",
            metavar="FILE",
            show_default=False,
            autocompletion=complete.files,
        ),
    ],
) -> None:
    """Make a page for a browser of what came of scenarios: one file, that needs no network.

    It shows the runs in RESULTS on a time line each: VRRP states, requests, outages, connections,
    faults; and what was sent, what happened and the files of each node.
    """
    from lvsnet.outputs import put

    put(Path(output), _drawn(_runs(results), output))


def _drawn(runs: Sequence[Run], output: str) -> str:
    if output.endswith(PICTURE):
        from lvsnet.report import curves

        return curves.svg(runs)
    from lvsnet.report import html

    return html.page(runs)


def _runs(results: Sequence[str]) -> list[Run]:
    from lvsnet.errors import LvsnetError
    from lvsnet.report import reading

    found: list[Run] = []
    for name in results:
        if name == STANDARD:
            found += reading.runs(sys.stdin.buffer.read(), "standard input")
            continue
        try:
            content = Path(name).read_bytes()
        except OSError as error:
            raise LvsnetError(f"{name}: {error.strerror}") from error
        found += reading.runs(content, name)
    return found
