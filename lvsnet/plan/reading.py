"""Which files a configuration includes: they are what `Daemon.reads` says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_INCLUDE = re.compile(r"^[ \t]*include[ \t]+[\"']?([^\s;\"'#]+)", re.MULTILINE)
_WILD = frozenset("*?[")


def included(configuration: str, directory: str) -> tuple[str, ...]:
    """What a configuration of nginx includes from elsewhere than below ``directory``, its own."""
    paths = (match[1] for match in _INCLUDE.finditer(configuration))
    return elsewhere((one if one.startswith("/") else directory + one for one in paths), directory)


def elsewhere(patterns: Iterable[str], directory: str) -> tuple[str, ...]:
    """Of absolute paths, which may have wildcards, those that are not below ``directory``.

    As ``Daemon.reads`` has it: of a pattern, the directory before its first wildcard.
    """
    places = dict.fromkeys(map(_place, patterns))
    return tuple(place for place in places if not place.startswith(directory))


def _place(path: str) -> str:
    parts = PurePosixPath(path).parts
    fixed = next((n for n, part in enumerate(parts) if _WILD & set(part)), len(parts))
    place = str(PurePosixPath(*parts[:fixed]))
    return place if fixed == len(parts) else place.rstrip("/") + "/"
