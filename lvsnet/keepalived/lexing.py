"""Lines and words of keepalived.conf as keepalived 2.3's ``lib/parser.c`` has them.

A line goes through three readings, each with its own idea of a quote: ``decomment()`` takes off
comments, ``read_line()`` splits at braces, and ``alloc_strvec()`` makes words, or
``alloc_strvec_quoted()`` where a command is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lvsnet.errors import LabFileError, Problem

LONGEST_LINE = 1022
"""Bytes without the newline (``MAXBUF``); keepalived reads the rest as another line."""
LARGEST_FILE = 4 * 1024 * 1024
"""Bytes: some 100,000 lines, which are read in a few seconds."""
COMMANDS = frozenset({
    "script", "misc_path", "notify", "notify_master", "notify_backup", "notify_fault",
    "notify_stop", "notify_deleted", "notify_master_rx_lower_pri", "notify_up", "notify_down",
    "quorum_up", "quorum_down", "startup_script", "shutdown_script", "notify_fifo_script",
    "vrrp_notify_fifo_script", "lvs_notify_fifo_script",
})  # fmt: skip
"""Keywords whose line is read again as a command's (``install_keyword_quoted()``)."""
ESCAPED = frozenset({"regex"})
"""Keywords whose line is read again with escapes (``alloc_strvec_quoted_escaped()``)."""

_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_SPECIAL = re.compile(r'[!#"\\]')
_WORD = re.compile(r'"[^"]*"|[^ \t\f\r\v"]+|"')
_BLANKS = " \t"
_SPACES = re.compile(r"[ \t\f\r\v]*")
_BRACE = re.compile(r'[{}"]')
_BRACE_OR_NAME = re.compile(r'\$\{[A-Za-z_][A-Za-z0-9_]*[ 0-9]*\}|[{}"]')
_IN_QUOTES = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}
_PLAIN = re.compile(r"""[ \t\f\r\v'"\\]""")
_LETTERS = {
    "a": "\a",
    "b": "\b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


class UnreadableError(LabFileError):
    """A configuration that keepalived cannot read as it is meant: ``file:line:column: message``."""

    def __init__(self, file: str, line: int, message: str, column: int = 1) -> None:
        super().__init__([Problem(file, line, column, message)])


@dataclass(frozen=True, slots=True)
class Bare:
    """A line without its comment."""

    text: str
    """Without the space around it; a backslash at its end is the line's, see ``continued``."""
    comment: str | None
    """With its marker, which may have a backslash before it; None when there is none."""
    offset: int = 0
    """Of ``text`` in the line."""
    continued: bool = False
    """Whether the line ends in a backslash, in its comment or before."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word: its text, its place in what it was split from."""

    text: str
    start: int
    end: int


def lines(content: bytes | str, name: str) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without their ends.

    Bytes that are no UTF-8 become surrogates (``surrogateescape``), so they can be written again.

    Raises:
        UnreadableError: a line is longer than keepalived reads, or has bytes that are no text.
    """
    if len(content) > LARGEST_FILE:
        mega = 1024 * 1024
        raise UnreadableError(
            name,
            1,
            f"has {len(content) / mega:.0f} MB; lvsnet reads at most {LARGEST_FILE // mega} MB "
            "of a keepalived.conf",
        )
    if isinstance(content, bytes):
        content = content.decode(errors="surrogateescape")
    if found := _CONTROL.search(content):
        at = content.rfind("\n", 0, found.start()) + 1
        raise UnreadableError(
            name,
            content.count("\n", 0, at) + 1,
            f"has a byte {ord(found[0]):#04x}, so it is no text; a keepalived.conf has no such",
            found.start() - at + 1,
        )
    every = content.split("\n")
    if not every[-1]:
        every.pop()
    for number, line in enumerate(every, 1):
        length = len(line)
        if length > LONGEST_LINE or (length * 3 > LONGEST_LINE and octets(line) > LONGEST_LINE):
            raise UnreadableError(
                name,
                number,
                f"the line has {octets(line)} bytes; keepalived reads {LONGEST_LINE} of a line, "
                "and the rest as another line: split it",
            )
        yield number, line.rstrip("\r") if line.endswith("\r") else line


def octets(text: str) -> int:
    """How many bytes a text has in its file; those that are no UTF-8 are surrogates in it."""
    return len(text.encode(errors="surrogateescape"))


def bare(line: str, name: str, number: int) -> Bare:
    """``decomment()``. Raises UnreadableError when a quote is not closed."""
    text = line.lstrip(_BLANKS)
    offset = len(line) - len(text)
    quote = 0
    skip = -1
    column = 0
    continued = False
    at = 0
    while found := _SPECIAL.search(text, at):
        at = found.start()
        match found[0]:
            case '"':
                if skip < 0:
                    quote ^= 1
                    column = at
                at += 1
            case "\\" if at + 1 == len(text):
                text = text[:at]
                continued = True
                break
            case "\\":
                # The backslash is taken off, and what is left begins a comment in the copy of the
                # configuration that the parent writes and its processes read.
                if not quote and skip < 0 and text[at + 1] in "#!":
                    skip = at
                at += 2
            case _:
                if not quote and skip < 0:
                    skip = at
                at += 1
    if quote:
        raise UnreadableError(
            name, number, "a double quote is not closed on its line", offset + column + 1
        )
    comment = None
    if skip >= 0:
        comment = line[offset + skip :]
        text = text[:skip]
    text = text.rstrip(_BLANKS)
    if continued:
        text += "\\"
    return Bare(text, comment, offset, continued)


def brace(text: str, names: bool = False) -> int:
    """Where ``text`` has its first brace outside of quotes, -1 when it has none.

    With ``names`` those of ``${NAME}`` are no braces: it will be replaced before.
    """
    if text[:1] in ("{", "}"):
        return 0
    pattern = _BRACE_OR_NAME if names else _BRACE
    at = 0
    while found := pattern.search(text, at):
        if found[0] in "{}":
            return found.start()
        at = found.end()
        if found[0] == '"':
            at = text.find('"', at) + 1
            if not at:
                return -1
    return -1


def words(text: str) -> list[Piece] | None:
    """``alloc_strvec()``; None when a quote is not closed."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word[0] == '"':
            if len(word) == 1:
                return None
            word = word[1:-1]
        found.append(Piece(word, match.start(), match.end()))
    return found


def command_words(text: str, escapes: bool) -> list[Piece] | None:
    """``alloc_strvec_quoted()``, with escapes ``alloc_strvec_quoted_escaped()``.

    Either kind of quote holds a word together, anywhere in it. None when one is not closed, or the
    text ends in a backslash.
    """
    found: list[Piece] = []
    at = 0
    while True:
        match = _SPACES.match(text, at)
        at = match.end() if match else at
        if at == len(text):
            return found
        start = at
        word: list[str] = []
        quote = ""
        while at < len(text):
            special = (_IN_QUOTES[quote] if quote else _PLAIN).search(text, at)
            if special is None:
                if quote:
                    return None
                word.append(text[at:])
                at = len(text)
                break
            word.append(text[at : special.start()])
            at = special.start()
            sign = special[0]
            if sign == "\\":
                if at + 1 == len(text):
                    return None
                character, at = _escaped(text, at + 1) if escapes else (text[at : at + 2], at + 2)
                word.append(character)
            elif quote:
                quote = ""
                at += 1
            elif sign in "'\"":
                quote = sign
                at += 1
            else:
                break
        else:
            if quote:
                return None
        found.append(Piece("".join(word), start, at))


def _escaped(text: str, at: int) -> tuple[str, int]:
    """The character of an escape whose backslash stands before ``at``, and where it ends."""
    sign = text[at]
    if sign == "x" and (found := re.compile("[0-9A-Fa-f]{1,2}").match(text, at + 1)):
        return _byte(int(found[0], 16)), found.end()
    if sign == "c" and at + 1 < len(text):
        return _byte(ord(text[at + 1]) & 0x1F), at + 2
    if found := re.compile("[0-7]{1,3}").match(text, at):
        return _byte(int(found[0], 8) & 0xFF), found.end()
    return _LETTERS.get(sign, sign), at + 1


def _byte(value: int) -> str:
    return chr(value) if value < 0x80 else bytes([value]).decode(errors="surrogateescape")
