"""Write a keepalived.conf tree as text.

The quoting follows keepalived 2.3's ``lib/parser.c``, which is stricter than keepalived.conf(5):

- ``decomment()`` ends a line at ``#`` or ``!`` outside double quotes, and takes ``\\"`` for no
  quote. It drops the backslash of ``\\#`` and ``\\!``, and ends the line there all the same: the
  parent writes what it has read into a copy, and its processes read that;
- ``read_line()`` breaks a line at ``{`` and ``}`` outside double quotes;
- ``alloc_strvec()`` splits what is left into words. Double quotes hold a word together and there
  is no escape: a word with a ``"`` in it cannot be written;
- only ``regex`` is read again with escapes (``alloc_strvec_quoted_escaped()``). Scripts are read
  again as a command line, inside which ``\\x22`` stands for a double quote;
- a line has room for 1022 bytes (``MAXBUF``), and the rest of a longer one is read as the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lvsnet.errors import LvsnetError
from lvsnet.keepalived.lexing import ESCAPED, LONGEST_LINE, octets
from lvsnet.keepalived.tree import Blank, Comment, Item, Line, Statement, Word

INCLUDES = frozenset({"include", *(f"include{sign}" for sign in "rmwba")})
"""Words that bring another file (keepalived.conf(5), include; ``is_include()``)."""

_INDENT = "    "
_BARE = re.compile(r"[^\s\0\"'\\{}!#$@~]+")
_OF_PATH = re.compile(r"[\"#!]|\\$")
_EXPANDED = re.compile(r"\$\{?_(PWD|INSTANCE|RANDOM|HASH|BANG)(?![A-Za-z0-9_])")
"""keepalived's own definitions (``set_std_definitions()``), which it replaces in quotes too."""
_ESCAPES = {"\\": "\\\\", '"': "\\x22", "$": "\\x24", "\n": "\\n", "\r": "\\r"}


def write(items: Iterable[Item]) -> str:
    """The text of a whole file, in keepalived's layout, ending in a newline.

    Raises LvsnetError when a word or a line cannot be expressed in keepalived.conf.
    """
    return "".join(f"{line}\n" for line in _lines(items, ""))


def _lines(items: Iterable[Item], indent: str) -> Iterator[str]:
    for item in items:
        match item:
            case Blank():
                yield ""
            case Comment():
                yield _fitting(indent, _comment(item))
            case Line():
                yield _fitting(indent, item.text)
            case Statement():
                yield from _statement_lines(item, indent)


def _statement_lines(statement: Statement, indent: str) -> Iterator[str]:
    line = " ".join(spelt(word, statement.keyword) for word in statement.words)
    if statement.block is not None:
        line += " {"
    if statement.comment is not None:
        line += " " + _comment(statement.comment)
    yield _fitting(indent, line)
    if statement.block is not None:
        yield from _lines(statement.block, indent + _INDENT)
        yield indent + "}"


def spelt(word: Word, keyword: str) -> str:
    """How ``word`` stands in the file, in a statement of ``keyword``.

    Raises LvsnetError when it cannot stand there.
    """
    if word.spelling is not None:
        return word.spelling
    if keyword in INCLUDES and word.text != keyword:
        return _path(word.text)
    if _BARE.fullmatch(word.text):
        return word.text
    if keyword in ESCAPED and "\0" not in word.text:
        return '"' + "".join(_ESCAPES.get(character, character) for character in word.text) + '"'
    if reason := _unwritable(word.text):
        raise LvsnetError(
            f"keepalived.conf, {keyword}: {word.text!r} cannot be written there: {reason}"
        )
    return f'"{word.text}"'


def _path(text: str) -> str:
    """A path behind include goes to the end of its line, and quotes are part of it."""
    if not text.isprintable() or text != text.strip() or _OF_PATH.search(text):
        raise LvsnetError(f"keepalived.conf, include: {text!r} cannot be written there")
    return text


def _unwritable(text: str) -> str | None:
    if '"' in text:
        return (
            "keepalived has no way to put a double quote into a word; in a command write single"
            " quotes or \\x22"
        )
    if "\n" in text or "\0" in text:
        return "a word of keepalived's has neither line breaks nor zero bytes"
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return "a backslash before the closing quote makes keepalived read on behind it"
    if match := _EXPANDED.search(text):
        return f"keepalived replaces {match.group()} by a value of its own, in quotes too"
    return None


def _comment(comment: Comment) -> str:
    text = comment.text.rstrip()
    if "\n" in text or (len(text) - len(text.rstrip("\\"))) % 2:
        raise LvsnetError(
            f"keepalived.conf: the comment {text!r} would reach into the next line; "
            "take out its line break or the backslash at its end"
        )
    return comment.marker + text


def _fitting(indent: str, line: str) -> str:
    length = octets(line)
    if length > LONGEST_LINE:
        raise LvsnetError(
            f"keepalived.conf: the line that begins {line.strip()[:40]!r} has "
            f"{length} bytes; keepalived reads at most {LONGEST_LINE} of a line"
        )
    # What was read from a narrower place must not be refused for its indentation.
    return indent + line if length + len(indent) <= LONGEST_LINE else line
