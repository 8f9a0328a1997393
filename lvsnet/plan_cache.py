"""Compiled lab files, kept in the user's cache: an unchanged one is not compiled again.

To import pydantic and the lab file's models, and to compile, takes 0.3 s, a third of a deploy.

An entry is a file ``plans/KEY.json``. The key is made from all that the plan comes from but the
files that the lab file names; of those an entry has the digests, and it holds as long as they do.
A wrong file has no entry, nor has a containerlab topology, which rests on the environment and on
directories, too.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import lvsnet
from lvsnet import cache as caches
from lvsnet.compiled import Compiled
from lvsnet.errors import LvsnetError
from lvsnet.lab.source import LARGEST, read_text
from lvsnet.plan import codec

if TYPE_CHECKING:
    from lvsnet.lab.document import Node

KIND = "plans"
MOST = 64
"""Entries that are kept: those that were used last."""
LARGEST_ENTRY = 4 << 20
"""Bytes; what is larger is compiled each time."""
LONGEST_NAME = 4096
"""Bytes of a path (PATH_MAX, include/uapi/linux/limits.h)."""


@dataclass(frozen=True)
class Named:
    """A file that a lab file may name."""

    name: str
    """Relative to the lab file."""
    digest: str


@dataclass(frozen=True)
class Entry:
    named: tuple[Named, ...]
    compiled: Compiled


def compiled(path: Path) -> Compiled:
    """As `lvsnet.compiled.compile_file`, from the cache where nothing has changed."""
    text = read_text(path)
    place = _place(path, text)
    if place is not None and (found := _read(place, path.parent)) is not None:
        return found
    from lvsnet import compiled as compiling

    if compiling.is_topology(text):
        return compiling.compile_topology(text, path)
    from lvsnet.lab.compose import parse

    document = parse(text)
    before = _named(document.root, path.parent)
    result = compiling.compile_document(document, path)
    # A file that was changed meanwhile may have been read before or after.
    if place is not None and _named(document.root, path.parent) == before:
        _write(place, Entry(before, result))
    return result


def _place(path: Path, text: str) -> Path | None:
    """The file of an entry, there or not; None where there is no place for a cache."""
    from hashlib import sha256

    # Warnings have the path as it was given.
    parts = (_makers(), str(path), text)
    key = sha256(json.dumps(parts).encode()).hexdigest()
    try:
        return caches.entry(KIND, f"{key}.json")
    except LvsnetError:
        return None  # whoever cannot do without a cache says so


@cache
def _makers() -> str:
    """What makes plans: this package's files, Python, and what is installed beside it.

    To install another version of something changes the directory that it is installed in.
    """
    directories = [path for path in sys.path if path.endswith("-packages")]
    installed = [
        (path, Path(path).stat().st_mtime_ns) for path in directories if Path(path).is_dir()
    ]
    found = sorted(_sources(str(Path(lvsnet.__file__).parent)))
    return json.dumps((sys.version, installed, found))


def _sources(directory: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of the last change of each module in a directory and below it."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sources(entry.path)
            elif entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


def _read(place: Path, folder: Path) -> Compiled | None:
    """What an entry says, if it is there and holds."""
    try:
        entry = codec.decode(Entry, json.loads(place.read_bytes()), "entry")
        if any(_digest(folder / one.name) != one.digest for one in entry.named):
            return None
        os.utime(place)
    except (OSError, ValueError, RecursionError, LvsnetError):
        return (
            None  # none, a broken one, or one of somebody else's: it is compiled and written anew
        )
    return entry.compiled


def _write(place: Path, entry: Entry) -> None:
    """Keep an entry, if it can be kept: the lab runs all the same."""
    content = json.dumps(asdict(entry)).encode()
    if len(content) > LARGEST_ENTRY:
        return
    with suppress(OSError):
        # Plans have the contents of files, which may be nobody else's business.
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=place.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            Path(unfinished).replace(place)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        _remove_oldest(place.parent)


def _remove_oldest(directory: Path) -> None:
    """Unfinished ones of processes that were killed grow old, too."""
    used = []
    with os.scandir(directory) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process removes, too
                used.append((entry.stat().st_mtime_ns, entry.path))
    for _, path in sorted(used, reverse=True)[MOST:]:
        Path(path).unlink(missing_ok=True)


def _named(root: Node | None, folder: Path) -> tuple[Named, ...]:
    """All files that a document may name, and perhaps some that it does not mean.

    Any text in it that is the path of a file, whatever key it stands at.
    """
    names = {text for text in _texts(root) if _may_be_name(text)}
    found = ((name, _digest(folder / name)) for name in sorted(names))
    return tuple(Named(name, digest) for name, digest in found if digest)


def _may_be_name(text: str) -> bool:
    return text.isprintable() and 0 < len(text.encode()) <= LONGEST_NAME


def _texts(node: Node | None) -> Iterator[str]:
    from lvsnet.lab.document import Leaf, Listing, Table

    match node:
        case Leaf(value=str(text)):
            yield text
        case Listing():
            for item in node.items:
                yield from _texts(item.node)
        case Table():
            for entry in node.entries.values():
                yield from _texts(entry.node)


def _digest(path: Path) -> str:
    """Of the content of a file that a lab may name; empty where there is none."""
    from hashlib import sha256

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return ""  # to open some devices does something
        with path.open("rb") as file:
            return sha256(file.read(LARGEST + 1)).hexdigest()
    except OSError:
        return ""
