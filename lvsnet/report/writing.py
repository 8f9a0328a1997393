"""Reports as files: each is there whole, or as it was before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.report import reading
from lvsnet.report.model import Run

RESULTS, INDEX = "results.json", "index.html"
MODE = 0o666
"""As of any new file, before the umask."""


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


def write(file: Path, text: str) -> None:
    """Write a file whole, and its directory if that is missing.

    Raises:
        LvsnetError: that cannot be; what was there before is there still.
    """
    content = text.encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not file.is_file():
            # Such as /dev/stdout, or a pipe.
            file.write_bytes(content)
            return
        fd, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with open(fd, "wb") as new:
                new.write(content)
            mask = os.umask(0)
            os.umask(mask)
            Path(beside).chmod(MODE & ~mask)
            Path(beside).replace(file)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except FileExistsError as error:
        raise LvsnetError(f"{file}: {file.parent} is no directory") from error
    except OSError as error:
        raise LvsnetError(f"{file}: {error.strerror}") from error
