"""A Plan as directories: for each machine the files that it gets, to read or to copy there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan


def rendered(plan: Plan) -> dict[str, tuple[bytes, int]]:
    """Relative path (``lb01/etc/hosts``) -> contents and permission bits, in the plan's order.

    Raises LvsnetError for a path that would lead out of its machine's directory.
    """
    return {
        _inside(node.name, file.path): (file.content.encode(), file.mode)
        for node in plan.nodes
        for file in node.files
    }


def write(plan: Plan, directory: Path) -> list[str]:
    """Write what ``rendered`` gives below ``directory`` and return the relative paths.

    The directory is made if it is not there; whatever else is in it stays. Each file appears
    whole or not at all. Raises LvsnetError when something cannot be written.
    """
    files = rendered(plan)
    write_files(files, directory)
    return list(files)


def write_files(files: Mapping[str, tuple[bytes, int]], directory: Path) -> None:
    """Write files below ``directory``: relative path -> contents and permission bits.

    As ``write``.
    """
    make_directory(directory)
    for relative, (content, mode) in files.items():
        try:
            _place(directory, relative, content, mode)
        except OSError as error:
            raise LvsnetError(
                f"cannot write {directory / relative}: {error.strerror or error}; name another "
                "directory, or one that you may write to"
            ) from error


def make_directory(directory: Path) -> None:
    """A directory to write into, which may be there. Raises LvsnetError when it cannot be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise LvsnetError(f"{directory} is a file; name a directory to write into") from None
    except OSError as error:
        raise LvsnetError(
            f"cannot make the directory {directory}: {error.strerror or error}; name another one"
        ) from error


def _inside(node: str, path: str) -> str:
    root, *parts = PurePosixPath(path).parts or ("",)
    if root != "/" or not parts or ".." in parts:
        raise LvsnetError(f"node {node}: {path!r} is not an absolute path without '..'")
    if "/" in node or node in ("", ".", ".."):
        raise LvsnetError(f"{node!r} is not the name of a node")
    return "/".join((node, *parts))


def _place(directory: Path, relative: str, content: bytes, mode: int) -> None:
    target = directory / relative
    # A link that was in the directory before could lead anywhere.
    if not target.parent.resolve().is_relative_to(directory.resolve()):
        raise LvsnetError(
            f"{target.parent} leads out of {directory} by a symbolic link; remove the link or "
            "name another directory"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".lvsnet-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(target)
    except BaseException:
        # An interrupt too leaves no half of a file behind.
        Path(name).unlink(missing_ok=True)
        raise
