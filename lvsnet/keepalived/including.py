"""Which files an ``include`` brings, among those of a disk or of a mapping.

As ``open_and_check_glob()`` and ``check_glob_file()`` of keepalived 2.3's ``lib/parser.c``: a path
is a pattern of glob(7) with braces, relative to the directory of the file that includes it.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from lvsnet.keepalived.lexing import LARGEST_FILE

MOST_LOOKED_AT = 5_000
"""Names that one pattern may be compared with; what lies further is not found."""
MOST_PATTERNS = 200
"""That the braces of one pattern may make."""

Kind: TypeAlias = Literal["file", "executable", "directory", "other"]

_WILD = re.compile(r"[*?[]")
_INNER_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Files:
    """Files as keepalived would find them."""

    kind: Callable[[str], Kind | None]
    """Of what a path leads to; None when there is nothing."""
    names: Callable[[str], Sequence[str] | None]
    """In a directory; None when there is no such."""
    read: Callable[[str], bytes]
    """A file, at most one byte more than LARGEST_FILE. Raises OSError."""
    root: str = ""
    """What stands before an absolute path of a configuration."""

    def path(self, written: str, directory: str) -> str:
        """Where a path of a configuration in ``directory`` leads."""
        if written.startswith("/"):
            return self.root + written
        return posixpath.join(directory, written)


@dataclass(frozen=True)
class Found:
    paths: tuple[str, ...]
    """In the order in which keepalived reads them; a directory ends in a slash."""
    missing: bool
    """Whether something that is named without a wildcard is not there."""
    wild: bool
    """Whether a wildcard was looked for."""
    looked_at: int
    """How many names that took."""


def on_disk(root: str = "") -> Files:
    """Those of this machine; ``root`` is where a machine's own root directory lies here."""

    def kind(path: str) -> Kind | None:
        try:
            mode = Path(path).stat().st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISDIR(mode):
            return "directory"
        if not stat.S_ISREG(mode):
            return "other"
        return "executable" if mode & 0o111 else "file"

    def names(path: str) -> Sequence[str] | None:
        try:
            return [one.name for one in islice(Path(path or ".").iterdir(), MOST_LOOKED_AT)]
        except (OSError, ValueError):
            return None

    def read(path: str) -> bytes:
        with Path(path).open("rb") as file:
            return file.read(LARGEST_FILE + 1)

    return Files(kind, names, read, root.rstrip("/"))


def in_mapping(contents: Mapping[str, bytes | str], executable: Collection[str] = ()) -> Files:
    """Those of a mapping of paths, absolute or relative to one directory, to contents."""
    by_path = {posixpath.normpath(path): content for path, content in contents.items()}
    scripts = {posixpath.normpath(path) for path in executable}
    directories: dict[str, list[str]] = {}
    for path in by_path:
        while path not in ("/", ".", ""):
            parent = posixpath.dirname(path) or "."
            found = directories.setdefault(parent, [])
            name = posixpath.basename(path)
            if name in found:
                break
            found.append(name)
            path = parent

    def kind(path: str) -> Kind | None:
        path = posixpath.normpath(path)
        if path in by_path:
            return "executable" if path in scripts else "file"
        return "directory" if path in directories else None

    def read(path: str) -> bytes:
        try:
            content = by_path[posixpath.normpath(path)]
        except KeyError as error:
            raise FileNotFoundError(path) from error
        return content if isinstance(content, bytes) else content.encode(errors="surrogateescape")

    return Files(kind, lambda path: directories.get(posixpath.normpath(path or ".")), read)


def find(written: str, directory: str, files: Files) -> Found:
    """What the path behind an include leads to, in a file of ``directory``."""
    paths: list[str] = []
    missing = wild = False
    looked_at = 0
    for pattern in braces(written):
        looked_at += 1
        whole = files.path(pattern, directory)
        if not _WILD.search(pattern):
            plain = re.sub(r"\\(.)", r"\1", whole)
            kind = files.kind(plain)
            if kind is None:
                missing = True
            else:
                paths.append(plain + "/" * (kind == "directory"))
            continue
        wild = True
        fixed = len(whole) - len(pattern)
        found, count = _matches(whole[:fixed], pattern, files)
        looked_at += count
        missing = missing or (not found and files.names(_fixed(whole)) is None)
        paths += found
    return Found(tuple(paths), missing, wild, looked_at)


def braces(pattern: str) -> list[str]:
    """The patterns that ``{a,b}`` makes, at most MOST_PATTERNS."""
    waiting = [pattern]
    done: list[str] = []
    while waiting and len(waiting) + len(done) < MOST_PATTERNS:
        one = waiting.pop(0)
        inner = _INNER_BRACES.search(one)
        if inner is None or "\\" in one:
            done.append(one)
            continue
        made = [one[: inner.start()] + part + one[inner.end() :] for part in inner[1].split(",")]
        waiting[:0] = made
    return done + waiting


def _fixed(pattern: str) -> str:
    """The directory before the first wildcard."""
    wild = _WILD.search(pattern)
    return posixpath.dirname(pattern[: wild.start()]) if wild else posixpath.dirname(pattern)


def _matches(before: str, pattern: str, files: Files) -> tuple[list[str], int]:
    """Paths that a pattern with wildcards matches below ``before``; how many were looked at."""
    looked_at = 0
    places = [before + "/" * pattern.startswith("/")]
    found: list[str] = []
    for part in filter(None, pattern.split("/")):
        found = []
        for place in places:
            for name in _names(part, place, files):
                looked_at += 1
                path = posixpath.join(place, name)
                kind = files.kind(path) if looked_at <= MOST_LOOKED_AT else None
                if kind is not None:
                    found.append(path + "/" * (kind == "directory"))
        places = [path for path in found if path.endswith("/")]
    return sorted(found), looked_at


def _names(part: str, place: str, files: Files) -> list[str]:
    """Of what is in a directory, the names that a part of a pattern matches."""
    if not _WILD.search(part):
        return [part]
    names = (files.names(place) or ())[:MOST_LOOKED_AT]
    hidden = part.startswith(".")
    pattern = part.replace("[^", "[!")
    return sorted(
        name
        for name in names
        if (hidden or not name.startswith(".")) and fnmatch.fnmatchcase(name, pattern)
    )
