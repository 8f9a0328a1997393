"""Exported files on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lvsnet.errors import LvsnetError
from lvsnet.plan import render
from lvsnet.plan.model import File


def write(files: Iterable[File], directory: Path) -> list[str]:
    """Write files whose paths are relative below ``directory`` and return the paths.

    As `lvsnet.plan.render.write`: the directory is made if it is not there, whatever else is in it
    stays, and each file appears whole or not at all.

    Raises:
        LvsnetError: something cannot be written, or a path would lead out of the directory.
    """
    wanted = {_inside(file.path): (file.content.encode(), file.mode) for file in files}
    render.write_files(wanted, directory)
    return list(wanted)


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise LvsnetError(f"{path!r} is not a relative path without '..'")
    return "/".join(parts)
