"""The agent's modules as the guest's Python has compiled them, kept in the cache.

Only that Python can do it. A guest is started for it in which nothing else runs, and no lab ever
does: what is kept is run by the guests of all labs of a user, and nodes have no hand in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from lvsnet import cache
from lvsnet.guest import boot
from lvsnet.guest.carried import CODE
from lvsnet.progress import Report

KIND = "agent"
MOST = 8
"""Entries that are kept, of 1 MB each: there is a new one for every change of a module."""


def ensure(
    image: str, compiled: Callable[[], bytes], report: Report, place: Path | None = None
) -> Path:
    """The file of the modules for the image of this key; ``compiled`` makes it, in a second.

    ``place`` is as in `lvsnet.cache.ensure`. Raises:
        LvsnetError: the cache cannot be written to; and whatever ``compiled`` raises.
    """

    def build(directory: Path, final: Path) -> None:
        report("compile the agent, once for this version of lvsnet")
        content = compiled()
        _remove_oldest(final.parent)
        (directory / CODE).write_bytes(content)

    return cache.ensure(KIND, _key(image), build, report, place) / CODE


def _key(image: str) -> str:
    """Of the sources' content: what an installer says of their age is no proof."""
    digest = sha256(image.encode())
    for name, path in boot.sources():
        content = path.read_bytes()
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _remove_oldest(directory: Path) -> None:
    """Leave room for one more; the caller is the sole builder."""
    kept = [path for path in directory.iterdir() if (path / CODE).exists()]
    kept.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in kept[MOST - 1 :]:
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
