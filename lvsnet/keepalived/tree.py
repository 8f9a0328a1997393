"""keepalived.conf as data: statements with their words, blocks and comments.

A file is a tuple of items. The tree keeps all that a reader of the file would miss: comments,
blank lines, and how a word was spelt. Generating and reading go through the same tree, so what
was read can be written again unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Word:
    text: str
    """What keepalived has after quotes are taken off. The words of a script keep the escapes of
    their command line, as keepalived reads that one again (``lib/notify.c``)."""
    spelling: str | None = None
    """How a file spelt it, with its quotes and definitions (``"$SG web"``); None leaves that to
    the writer."""


@dataclass(frozen=True)
class Comment:
    text: str
    """All after the marker, its leading space too."""
    marker: str = "#"
    """``#`` or ``!``"""


@dataclass(frozen=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True)
class Statement:
    words: tuple[Word, ...]
    """The keyword and its arguments; in a value block such as ``virtual_ipaddress`` an entry."""
    block: tuple[Item, ...] | None = None
    """What stands between its braces; None where there are none."""
    comment: Comment | None = None
    """At the end of its line."""

    @property
    def keyword(self) -> str:
        return self.words[0].text

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[1:])


Item: TypeAlias = Statement | Comment | Blank


def statement(*words: str | int, block: tuple[Item, ...] | None = None) -> Statement:
    """A statement of plain words: ``statement("priority", 150)``."""
    return Statement(tuple(Word(str(word)) for word in words), block)


def comment(text: str) -> Comment:
    """A comment line: ``# text``."""
    return Comment(f" {text}")
