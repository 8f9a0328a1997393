"""Which files a configuration includes: they are what `Daemon.reads` says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_INCLUDE = re.compile(r"^[ \t]*include[a-z]?[ \t]+[\"']?([^\s;\"'#]+)", re.MULTILINE)
_WILD = frozenset("*?[")


def included(configuration: str, directory: str) -> tuple[str, ...]:
    """What a configuration includes from elsewhere than below ``directory``, its own.

    As ``Daemon.reads`` has it: of a pattern, the directory before its first wildcard. keepalived
    has several words for it (keepalived.conf(5), include, includer and so on), nginx one.
    """
    paths = dict.fromkeys(_places(configuration, directory))
    return tuple(path for path in paths if not path.startswith(directory))


def _places(configuration: str, directory: str) -> Iterator[str]:
    for match in _INCLUDE.finditer(configuration):
        path = match[1] if match[1].startswith("/") else directory + match[1]
        parts = PurePosixPath(path).parts
        fixed = next((n for n, part in enumerate(parts) if _WILD & set(part)), len(parts))
        place = str(PurePosixPath(*parts[:fixed]))
        yield place if fixed == len(parts) else place.rstrip("/") + "/"
