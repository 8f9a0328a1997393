"""What keepalived makes of a command line that it is to run (lib/notify.c of 2.3)."""

from __future__ import annotations

import re

LINKS = ("/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/")
"""Symbolic links into /usr since Debian 12 (hier(7), file-hierarchy(7)), behind which keepalived
runs nothing as root."""
_SHELLS = re.compile(r"\|\|?|&&?|;|[0-9]?(>>?|>&|<|<<)(&?[0-9])?|[0-9]?>/dev/null|`.*|\$\(.*|<\S+")
_WORDS = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^\s"\']+)')


def words(line: str) -> list[str]:
    """The words of a command line, one at least: quotes, single or double, hold one together."""
    found = [double or single or bare for double, single, bare in _WORDS.findall(line)]
    return found or [line.strip()]


def is_shells(word: str) -> bool:
    """Whether only a shell understands a word, which its program gets as an argument."""
    return _SHELLS.fullmatch(word) is not None
