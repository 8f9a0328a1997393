"""What the arguments of ``lvsnet cp`` name, and where copies come to lie.

The rules are those of docker-container-cp(1), which are cp(1)'s with ``SOURCE/.`` for the contents
of a directory; several sources as in cp(1).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lvsnet.errors import LvsnetError

IN_A_NODE = re.compile(r"(?:(?P<lab>[^/:.][^/:]*)/)?(?P<node>[^/:.][^/:]*):(?P<path>.*)", re.DOTALL)
STREAM = "-"


class Kind(Enum):
    """What is at a path."""

    MISSING = "-"
    FILE = "f"
    DIRECTORY = "d"
    LINK = "l"
    OTHER = "o"


@dataclass(frozen=True)
class InNode:
    """A path in a node, absolute, with a final slash where one was given."""

    lab: str
    """Empty when none was given."""
    node: str
    path: str


@dataclass(frozen=True)
class Local:
    """A path on this machine, as it was given."""

    path: str


@dataclass(frozen=True)
class Stream:
    """A tar archive on standard input or output."""


Operand = InNode | Local | Stream


@dataclass(frozen=True)
class Source:
    """Something that exists and is to be copied."""

    path: str
    kind: Kind
    """A link is one when its path has no final slash."""

    @property
    def name(self) -> str:
        """Of the copy in a directory; empty when the contents are to be copied."""
        return name_of(self.path)


@dataclass(frozen=True)
class Destination:
    """Where copies are to go."""

    path: str
    kind: Kind
    """Of what a link leads to; `Kind.LINK` is one that leads nowhere."""
    parent: Kind
    """Of the directory above, also what a link leads to."""


def operand(text: str) -> Operand:
    """What an argument names. ``./a:b`` and ``/a:b`` are on this machine, ``a:b`` is in a node.

    Raises:
        LvsnetError: a node without a path.
    """
    if text == STREAM:
        return Stream()
    found = IN_A_NODE.fullmatch(text)
    if found is None:
        return Local(text)
    path = found["path"]
    if not path:
        raise LvsnetError(f"{text} has no path; {text}/ is the node's root directory")
    return InNode(found["lab"] or "", found["node"], posixpath.join("/", path))


def name_of(path: str) -> str:
    """The last part of a path; empty for one that ends in a directory's own names for itself."""
    name = posixpath.basename(path.rstrip("/"))
    return "" if name in (".", "..") else name


def landing(sources: Sequence[Source], destination: Destination) -> list[str]:
    """The path of each copy; that of an existing directory where contents go into it.

    Raises:
        LvsnetError: these cannot be copied there.
    """
    to = destination.path
    if destination.kind is Kind.DIRECTORY:
        found = [posixpath.join(to, source.name) if source.name else to for source in sources]
        twice = {one for one in found if found.count(one) > 1 and one != to}
        if twice:
            raise LvsnetError(f"{shown(min(twice))} would be written twice")
        return found
    if len(sources) > 1:
        raise LvsnetError(f"{shown(to)} is no directory, so it takes one source only")
    is_directory = sources[0].kind is Kind.DIRECTORY
    if destination.kind is Kind.MISSING:
        if to.endswith("/") and not is_directory:
            raise LvsnetError(f"{shown(to)}: there is no such directory")
        if destination.parent is not Kind.DIRECTORY:
            raise LvsnetError(f"{shown(to)}: there is no directory {shown(parent_of(to))}")
    elif destination.kind is Kind.LINK:
        raise LvsnetError(f"{shown(to)} is a link that leads nowhere")
    elif is_directory or to.endswith("/"):
        raise LvsnetError(f"{shown(to)} is no directory")
    return [to.rstrip("/") or "/"]


def parent_of(path: str) -> str:
    return posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")


def shown(path: str) -> str:
    """A path for a message: on one line, whatever bytes are in it."""
    if path.isprintable():
        return path
    content = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in content
    )
