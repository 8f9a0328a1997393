"""keepalived.conf as data: statements with their words, blocks and comments.

A file is a tuple of items. The tree keeps all that a reader of the file would miss: comments,
blank lines, and how a word was spelt. Generating and reading go through the same tree, so what
was read can be written again unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """What keepalived has after quotes are taken off. The words of a script keep the escapes of
    their command line, as keepalived reads that one again (``lib/notify.c``)."""
    spelling: str | None = None
    """How a file spelt it, with its quotes and definitions (``"$SG web"``); None leaves that to
    the writer."""
    column: int = field(default=0, compare=False, repr=False)
    """Of the line that it was read from, from 1; 0 when it comes from nowhere."""


@dataclass(frozen=True, slots=True)
class Comment:
    text: str
    """All after the marker, its leading space too."""
    marker: str = "#"
    """``#`` or ``!``; a backslash before it does not keep keepalived's processes from ending the
    line there."""
    line: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is no statement by itself, as it stands: of a definition, of ``~SEQ``."""

    text: str
    """Without the space before it."""
    line: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    words: tuple[Word, ...]
    """The keyword and its arguments; in a value block such as ``virtual_ipaddress`` an entry."""
    block: tuple[Item, ...] | None = None
    """What stands between its braces; None where there are none."""
    comment: Comment | None = None
    """At the end of its line."""
    line: int = field(default=0, compare=False, repr=False)
    """From 1; 0 when it comes from no file. The same goes for the lines of other items."""
    file: str = field(default="", compare=False, repr=False)

    @property
    def condition(self) -> str:
        """``@lb01`` or ``@^lb01`` where only some machines read it, else empty."""
        spelling = self.words[0].spelling
        return spelling if spelling is not None and spelling.startswith("@") else ""

    @property
    def keyword(self) -> str:
        """The first word that is no condition."""
        return self.words[1 if self.condition else 0].text

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[2 if self.condition else 1 :])


Item: TypeAlias = Statement | Comment | Blank | Line


def statement(*words: str | int, block: tuple[Item, ...] | None = None) -> Statement:
    """A statement of plain words: ``statement("priority", 150)``."""
    return Statement(tuple(Word(str(word)) for word in words), block)


def comment(text: str) -> Comment:
    """A comment line: ``# text``."""
    return Comment(f" {text}")
