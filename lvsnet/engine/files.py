"""Writing into a node's file system from outside, without leaving it through a symbolic link."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lvsnet.plan.model import File

MOST_LINKS = 40
"""As the kernel's own path lookup (MAXSYMLINKS, include/linux/namei.h)."""


def write(root: Path, files: Iterable[File]) -> None:
    """Write files below ``root``, making the directories that are missing.

    Raises:
        OSError: a path that leads through a file or a loop of links, or no room.
    """
    for file in files:
        target = inside(root, file.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, file.mode)
        with os.fdopen(fd, "wb") as stream:
            stream.write(file.content.encode())
            os.fchmod(fd, file.mode)


def inside(root: Path, path: str) -> Path:
    """Where ``path`` leads for somebody whose root directory is ``root``.

    Raises:
        OSError: more than 40 symbolic links.
    """
    todo = list(reversed(PurePosixPath(path).parts))
    here: list[str] = []
    links = 0
    while todo:
        part = todo.pop()
        if part in ("/", "."):
            continue
        if part == "..":
            here = here[:-1]
            continue
        candidate = root.joinpath(*here, part)
        if candidate.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise OSError(f"{path}: too many levels of symbolic links")
            target = candidate.readlink()
            if target.is_absolute():
                here = []
            todo += reversed(target.parts)
        else:
            here.append(part)
    return root.joinpath(*here)
