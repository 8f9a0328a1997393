"""Read keepalived.conf as a tree, as it is written: with comments, definitions and conditions.

Lines are split as keepalived 2.3 does it (``lexing``); nothing is looked up, so what keepalived
does not know is kept as well. What only keepalived's own run can decide stays as it stands:
``@`` conditions and ``$`` names are words of their statements, and a definition, ``~SEQ``, ``~LST``
and a whole block on a conditional line are a ``Line``. `expanding` says what becomes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lvsnet.errors import LvsnetError
from lvsnet.keepalived.lexing import (
    COMMANDS,
    ESCAPED,
    Bare,
    Piece,
    UnreadableError,
    bare,
    brace,
    command_words,
    lines,
    words,
)
from lvsnet.keepalived.tree import Blank, Comment, Item, Line, Statement, Word
from lvsnet.keepalived.writer import spelt

DEEPEST = 32
"""Blocks within blocks; keepalived's own have four."""

INCLUDE = re.compile(r"(include[rmwba]?)[ \t\f\r\v]+(?=\S)(.*)")
"""A line that brings other files; the path goes to the end of the line (``check_include()``)."""
DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*(.*)")
CONDITION = re.compile(r"@(\^?)([^ \t]*)[ \t]+(?=[^ \t])")
_DEFINES = re.compile(r"(@[^ \t]*[ \t]+)?\$[A-Za-z_][A-Za-z0-9_]*=")
_DECIDED_LATER = re.compile(r"^[@~]|\$|[{}][ \t]*[@~]")
"""Of what only conditions, names and sequences say what it becomes."""
SEQUENCE = re.compile(r"~(SEQ|LST)")

_SIMPLE = re.compile(r"[^\"'\\{}!#$@~]*")
_COMMENT = re.compile(r"[ \t]*([#!])([^\\]*)")
_BLANK = Blank()
_SIMPLE_WORD = re.compile(r"[^ \t\f\r\v]+")
_BARE = re.compile(r"[^\s\"'\\{}!#$@~]+")
_DYNAMIC = re.compile(r"^[ \t]*[@~$]|\$\{?[A-Za-z_]|\\\r?$", re.MULTILINE)


class Builder:
    """Makes a tree of statements and braces as they come."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._heads: list[Statement] = []
        self._open: list[list[Item]] = [[]]

    @property
    def path(self) -> tuple[str, ...]:
        """The keywords of the blocks that are open."""
        return tuple(head.keyword for head in self._heads)

    def is_decided_later(self) -> bool:
        """Whether a condition or a definition says if the last statement is there."""
        last = next((one for one in reversed(self._open[-1]) if isinstance(one, Statement)), None)
        return last is not None and any(
            (word.spelling or word.text).startswith("@") or "$" in (word.spelling or word.text)
            for word in last.words
        )

    def add(self, item: Item) -> None:
        self._open[-1].append(item)

    def start(self, line: int, column: int, file: str = "") -> None:
        """A ``{``: the block of the last statement."""
        items = self._open[-1]
        between: list[Item] = []
        while items and isinstance(items[-1], Comment | Blank):
            between.append(items.pop())
        last = items[-1] if items else None
        if not isinstance(last, Statement) or last.block is not None:
            raise UnreadableError(
                file or self._name, line, "this '{' has no keyword before it", column
            )
        if len(self._heads) == DEEPEST:
            message = f"blocks are nested deeper than {DEEPEST}; keepalived's own are not"
            raise UnreadableError(file or self._name, line, message, column)
        items.pop()
        self._heads.append(last)
        self._open.append([one for one in reversed(between) if isinstance(one, Comment)])

    def note(self, comment: Comment, statement: Statement | None) -> None:
        """A comment at the end of a line, behind ``statement``, or behind a brace."""
        items = self._open[-1]
        if statement is not None and items and items[-1] is statement:
            items[-1] = _commented(statement, comment)
        elif statement is None and not items and self._heads and not self._heads[-1].comment:
            self._heads[-1] = _commented(self._heads[-1], comment)
        else:
            items.append(comment)

    def end(self, line: int, column: int, file: str = "") -> None:
        """A ``}``."""
        if not self._heads:
            raise UnreadableError(
                file or self._name, line, "this '}' closes nothing: one too many", column
            )
        head = self._heads.pop()
        items = self._open.pop()
        self._open[-1].append(
            Statement(head.words, tuple(items), head.comment, head.line, head.file)
        )

    def tree(self) -> tuple[Item, ...]:
        """All that was added. Raises UnreadableError when a block is open."""
        if self._heads:
            head = self._heads[-1]
            message = f"the block of {head.keyword!r} that begins here is never closed: '}}' lacks"
            raise UnreadableError(head.file or self._name, head.line, message)
        return tuple(self._open[0])


def read(text: bytes | str, name: str) -> tuple[Item, ...]:
    """The tree of a file; ``name`` is what messages call it.

    ``write()`` makes a file of it that means the same to keepalived. Where braces only match in
    what conditions and definitions leave, there are no blocks: each line is a ``Line``.

    Raises:
        UnreadableError: braces or quotes that do not match, a line that is too long, bytes that are
            no text, with file, line and column.
    """
    builder = Builder(name)
    defining = False
    try:
        for number, line in lines(text, name):
            defining = _read_line(builder, line, number, name, defining)
        return builder.tree()
    except _UnstructuredError:
        return _flat(text, name)
    except UnreadableError:
        whole = text if isinstance(text, str) else text.decode(errors="surrogateescape")
        if not _DYNAMIC.search(whole):
            raise
        return _flat(text, name)


def statement(
    text: Bare, start: int, end: int, name: str, line: int, condition: Word | None = None
) -> Statement:
    """The statement that ``text[start:end]`` is."""
    part = text.text[start:end]
    pieces = words(part)
    keyword = pieces[0].text if pieces else ""
    if keyword in COMMANDS or keyword in ESCAPED:
        pieces = command_words(part, keyword in ESCAPED)
    if pieces is None:
        raise UnreadableError(name, line, "a quote is not closed", text.offset + start + 1)
    found = tuple(_word(text, start, piece, keyword) for piece in pieces)
    if pieces and not condition and (pieces[0].start or keyword.startswith("@")):
        # Behind a form feed, or a condition that was met, it is no condition and no include.
        found = (_quoted(found[0]), *found[1:])
    return Statement((condition, *found) if condition else found, None, None, line, name)


def include(text: Bare, start: int, name: str, line: int, condition: Word | None = None) -> Item:
    """The statement of an include, whose path is the rest of the line. It must be one."""
    found = INCLUDE.match(text.text, start)
    assert found is not None  # noqa: S101
    pieces = [Piece(found[at], found.start(at), found.end(at)) for at in (1, 2)]
    both = tuple(_word(text, 0, piece, found[1]) for piece in pieces)
    return Statement((condition, *both) if condition else both, None, None, line, name)


class _UnstructuredError(Exception):
    """Something that cannot be a tree before it is expanded."""


def _read_line(builder: Builder, line: str, number: int, name: str, defining: bool) -> bool:
    """Read a line of a file; returns whether the next one goes on with a definition."""
    if not defining and _SIMPLE.fullmatch(line):
        _read_simple(builder, line, number, name)
        return False
    if not defining and (found := _COMMENT.fullmatch(line)):
        builder.add(Comment(found[2].rstrip(), found[1], number))
        return False
    text = bare(line, name, number)
    if defining:
        builder.add(Line(_as_it_stands(line), number) if line.strip(" \t") else _BLANK)
        return text.text.endswith("\\")
    if not text.text and not _hides_backslash(line, text):
        builder.add(Comment(*_comment(text), number) if text.comment is not None else _BLANK)
        return False
    if _hides_backslash(line, text):
        defines = _DEFINES.match(text.text) is not None
        if not defines and brace(text.text) >= 0:
            raise _UnstructuredError
        builder.add(Line(_as_it_stands(line), number))
        return defines and text.text.endswith("\\")
    return _read_parts(builder, text, line, number, name)


def _read_simple(builder: Builder, line: str, number: int, name: str) -> None:
    """A line without any sign that means something."""
    found = tuple(Word(one[0], None, one.start() + 1) for one in _SIMPLE_WORD.finditer(line))
    if not found:
        builder.add(_BLANK)
    elif found[0].text.startswith("include") and INCLUDE.match(line.strip(" \t")):
        builder.add(include(bare(line, name, number), 0, name, number))
    else:
        builder.add(Statement(found, None, None, number, name))


def _read_parts(builder: Builder, text: Bare, line: str, number: int, name: str) -> bool:
    whole = text.text
    condition = None
    at = 0
    if _DECIDED_LATER.search(whole):
        found = CONDITION.match(whole)
        at = found.end() if found else 0
        rest = whole[at:]
        if DEFINITION.match(rest) or (whole[0] == "@" and not found):
            # Behind a condition with nothing after it keepalived goes on with the next line.
            builder.add(Line(_as_it_stands(line), number))
            return whole.endswith("\\") and bool(DEFINITION.match(rest))
        if SEQUENCE.match(rest) or not _is_one_line(rest):
            if not _is_balanced(rest):
                raise _UnstructuredError
            builder.add(Line(_as_it_stands(line), number))
            return False
        if found:
            end = len(whole[: found.end()].rstrip(" \t"))
            condition = Word(whole[:end], whole[:end], text.offset + 1)
    last: Statement | None = None
    while at < len(whole):
        if INCLUDE.match(whole, at):
            builder.add(include(text, at, name, number, condition))
            break
        if whole[at] in "{}":
            if whole[at] == "{" and last is None and builder.is_decided_later():
                raise _UnstructuredError
            last = None
            act = builder.start if whole[at] == "{" else builder.end
            act(number, text.offset + at + 1)
            at += 1
        else:
            end = brace(whole[at:], names=True)
            end = len(whole) if end < 0 else at + end
            last = statement(text, at, len(whole[:end].rstrip(" \t")), name, number, condition)
            if last.words:
                builder.add(last)
            at = end
        while at < len(whole) and whole[at] in " \t":
            at += 1
    if text.comment is not None:
        builder.note(Comment(*_comment(text), number), last)
    return False


def _is_one_line(text: str) -> bool:
    """Whether a conditional line is a statement, with no more of a block than its ``{``."""
    if DEFINITION.match(text) or INCLUDE.match(text) or SEQUENCE.match(text):
        return True
    at = brace(text, names=True)
    return at < 0 or (at > 0 and text[at:] == "{")


def _is_balanced(text: str) -> bool:
    depth = 0
    while (at := brace(text, names=True)) >= 0:
        depth += 1 if text[at] == "{" else -1
        if depth < 0:
            return False
        text = text[at + 1 :].lstrip(" \t")
    return depth == 0


def _flat(text: bytes | str, name: str) -> tuple[Item, ...]:
    """Each line as it stands."""
    found: list[Item] = []
    for number, line in lines(text, name):
        found.append(Line(_as_it_stands(line), number) if line.strip(" \t") else _BLANK)
    return tuple(found)


def _hides_backslash(line: str, text: Bare) -> bool:
    """Whether a backslash ends the line behind a comment, or only space follows it.

    The one joins what is before the comment, and the other does not join anything.
    """
    stripped = line.rstrip(" \t")
    if (len(stripped) - len(stripped.rstrip("\\"))) % 2 == 0:
        return False
    return text.comment is not None or not text.continued


def _as_it_stands(line: str) -> str:
    """Without the space around it, which behind a backslash says something."""
    stripped = line.strip(" \t")
    return line.lstrip(" \t") if stripped.endswith("\\") else stripped


def _comment(text: Bare) -> tuple[str, str]:
    comment = text.comment or "#"
    marker = comment[:2] if comment[0] == "\\" else comment[0]
    return comment[len(marker) :].rstrip(), marker


def _commented(one: Statement, comment: Comment) -> Statement:
    return Statement(one.words, one.block, comment, one.line, one.file)


def _word(text: Bare, start: int, piece: Piece, keyword: str) -> Word:
    """A word with its spelling, unless it is the one that the writer would choose."""
    source = text.text[start + piece.start : start + piece.end]
    column = text.offset + start + piece.start + 1
    if source == piece.text and _BARE.fullmatch(source):
        return Word(piece.text, None, column)
    try:
        usual = spelt(Word(piece.text), keyword)
    except LvsnetError:
        usual = ""
    return Word(piece.text, None if source == usual else source, column)


def _quoted(word: Word) -> Word:
    """In quotes, where it can be."""
    spelling = f'"{word.text}"'
    if words(spelling) != [Piece(word.text, 0, len(spelling))] or word.text.endswith("\\"):
        return word
    try:
        usual = spelt(Word(word.text), word.text)
    except LvsnetError:
        usual = ""
    return Word(word.text, None if usual == spelling else spelling, word.column)


def statements(items: Iterable[Item]) -> list[Statement]:
    """The statements among ``items``."""
    return [item for item in items if isinstance(item, Statement)]
