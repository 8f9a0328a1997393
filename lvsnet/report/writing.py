"""A report's directory: a page for each run, a page that leads to all, and the results."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.outputs import write
from lvsnet.report import reading
from lvsnet.report.model import Run

RESULTS, INDEX = "results.json", "index.html"


def check(directory: Path) -> None:
    """Make a report's directory, and see that files can be made in it.

    Raises:
        LvsnetError: they cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except FileExistsError as error:
        raise LvsnetError(f"--report {directory}: it is no directory") from error
    except OSError as error:
        raise LvsnetError(f"--report {directory}: {error.strerror}") from error


def write_all(directory: Path, results: str) -> Path:
    """Write a page for each run, a page with all of them, and the results; the page with all.

    ``results`` is what `lvsnet.testing.table.document` gave, as text.

    Raises:
        LvsnetError: a file cannot be written.
    """
    from lvsnet.report import html

    write(directory / RESULTS, results)
    runs = reading.runs(results, RESULTS)
    links = names(runs)
    for run, name in zip(runs, links, strict=True):
        write(directory / name, html.page([run]))
    # Last: it leads to what is there.
    write(directory / INDEX, html.index(runs, links))
    return directory / INDEX


def names(runs: Sequence[Run]) -> list[str]:
    """A file name for each run: ``dr-director-dies.html``.

    Each run has a lab of its own, and a lab's name is a word with a hyphen (`testing.naming`).
    """
    return [f"{run.lab}.html" for run in runs]
