"""What one machine's keepalived makes of its configuration: the statements that are left.

Included files are read, ``@`` conditions decided by the machine's config id, ``$`` names replaced
by their values, ``~SEQ`` and ``~LST`` run through: what ``read_line()`` of keepalived 2.3's
``lib/parser.c`` does. Files come from a disk or from a mapping (`including`), and all of it has
bounds.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lvsnet.keepalived.definitions import (
    Definition,
    DefinitionError,
    Rounds,
    listed,
    replace,
    sequence,
)
from lvsnet.keepalived.including import Files, braces, find
from lvsnet.keepalived.lexing import Bare, UnreadableError, bare, brace, lines
from lvsnet.keepalived.reading import (
    CONDITION,
    DEFINITION,
    INCLUDE,
    Builder,
    statement,
    statements,
)
from lvsnet.keepalived.tree import Statement

MOST_FILES = 2_000
DEEPEST_INCLUDE = 32
MOST_STEPS = 1_000_000
"""Lines, statements, braces, replaced names and names of files, all together: some seconds."""
_FREE = 10_000
"""Steps that a configuration may take beyond its size, whatever others have taken."""

_READ, _MATCH, _WILDCARD, _BRACES = "read", "match", "wildcard_match", "brace_match"
_ALL = frozenset({_READ, _MATCH, _WILDCARD, _BRACES})
_CHECKS: Mapping[str, frozenset[str]] = {
    "include": frozenset(),
    "includer": frozenset({_READ}),
    "includem": frozenset({_READ, _MATCH}),
    "includew": frozenset({_READ, _MATCH, _WILDCARD}),
    "includeb": frozenset({_READ, _BRACES}),
    "includea": _ALL,
}
"""What each kind of include does not pardon."""
_SIMPLE = re.compile(r"[^\"\\{}!#$@~]*")
_KINDS: Mapping[str | None, str] = {
    None: "not there",
    "directory": "a directory",
    "executable": "executable",
    "other": "no regular file",
}


@dataclass(frozen=True)
class Remark:
    """Something that keepalived says of an include."""

    file: str
    line: int
    message: str
    fatal: bool
    """Whether keepalived does not run; else it goes on without."""


@dataclass(frozen=True)
class Expanded:
    statements: tuple[Statement, ...]
    """With the file and line that each comes from, without comments."""
    remarks: tuple[Remark, ...]
    files: tuple[str, ...]
    """That were read, in their order."""
    includes: tuple[str, ...]
    """What was to be included, whether it is there or not; may have wildcards."""


@dataclass
class Allowance:
    """How many steps beyond their sizes configurations may take that are read together.

    A configuration has about as many steps as characters, unless ~SEQ, ~LST, definitions or
    includes multiply it; so many hostile ones take no longer than one.
    """

    steps: int = MOST_STEPS


@dataclass
class _File:
    """A file that is open."""

    path: str
    lines: Iterator[tuple[int, str]]
    number: int
    check: frozenset[str]
    """include_check, as it was when this was opened."""
    following: list[str]
    """Files of the same include that are still to be read."""
    kind: frozenset[str]
    """What that include does not pardon."""


@dataclass
class _Reader:
    files: Files
    config_id: str
    builder: Builder
    open: list[_File] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    waiting: list[Rounds | list[str]] = field(default_factory=list)
    """Where lines come from before the file's: rounds, or lines of a definition; last first."""
    check: frozenset[str] = frozenset()
    remarks: list[Remark] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    count: int = 0
    known: set[str] = field(default_factory=set)
    size: int = 0
    """Characters of the files that were read, each counted once."""
    further: int = MOST_STEPS
    """How many steps there may be beyond that."""


def expand(
    main: str, files: Files, config_id: str = "", allowance: Allowance | None = None
) -> Expanded:
    """What keepalived on a machine reads from ``main``.

    ``config_id`` is what ``@`` conditions are compared with: the host's name unless keepalived was
    started with ``--config-id``. ``_RANDOM`` becomes the least value that it may have. What it
    takes of ``allowance`` others that are read with the same one have no more.

    Raises:
        UnreadableError: what `reading.read` refuses, in any file; a file that includes itself, a
            definition of itself, ``~SEQ`` and ``~LST`` that are none, a main file that is missing,
            and more files or lines than the bounds above.
    """
    reader = _Reader(files, config_id, Builder(main))
    reader.definitions = _own_definitions(reader)
    allowance = allowance or Allowance()
    reader.further = _FREE + allowance.steps
    try:
        _open(reader, main, [], frozenset())
        while (text := _next(reader)) is not None:
            _take(reader, text)
    finally:
        allowance.steps -= min(max(reader.count - reader.size - _FREE, 0), allowance.steps)
    return Expanded(
        tuple(statements(reader.builder.tree())),
        tuple(reader.remarks),
        tuple(reader.read),
        tuple(reader.includes),
    )


def _own_definitions(reader: _Reader) -> dict[str, Definition]:
    """``set_std_definitions()``"""
    return {
        "_PWD": Definition((), made=lambda _: posixpath.dirname(reader.open[-1].path) or "."),
        "_INSTANCE": Definition((reader.config_id,)),
        "_RANDOM": Definition((), made=lambda parameters: (parameters.split() or ["0"])[0]),
        "_HASH": Definition(("#",)),
        "_BANG": Definition(("!",)),
    }


def _refused(reader: _Reader, message: str, column: int = 1) -> UnreadableError:
    here = reader.open[-1]
    return UnreadableError(here.path, here.number, message, column)


def _open(reader: _Reader, path: str, following: list[str], check: frozenset[str]) -> bool:
    """Begin with a file, unless it cannot be read."""
    try:
        content = reader.files.read(path)
    except OSError as error:
        if not reader.open:
            why = error.strerror or "there is no such file"
            raise UnreadableError(path, 1, f"cannot be read: {why}") from error
        _remark(reader, _READ, check, f"{path!r} cannot be read: {error.strerror or error}")
        return False
    if path not in reader.known:
        reader.known.add(path)
        reader.size += len(content)
    reader.read.append(path)
    if len(reader.read) > MOST_FILES:
        raise _refused(reader, f"with this the configuration has more than {MOST_FILES} files")
    reader.open.append(_File(path, lines(content, path), 0, reader.check, following, check))
    return True


def _next(reader: _Reader) -> Bare | None:
    """The next line to look at; None at the end of all."""
    while reader.waiting:
        source = reader.waiting[-1]
        if isinstance(source, list):
            if source:
                _counted(reader)
                return Bare(source.pop(), None)
        else:
            values = next(source.values, None)
            if values is not None:
                _counted(reader)
                for name, value in values.items():
                    reader.definitions[name] = Definition((value,))
                return Bare(source.text, None)
        reader.waiting.pop()
    while reader.open:
        line = _line(reader)
        if line is not None:
            return line
        file = reader.open.pop()
        reader.check = file.check
        _open_first(reader, file.following, file.kind)
    return None


def _line(reader: _Reader) -> Bare | None:
    """The next line of the file that is open, without its comment; None at its end."""
    file = reader.open[-1]
    found = next(file.lines, None)
    if found is None:
        return None
    _counted(reader)
    file.number, text = found
    if _SIMPLE.fullmatch(text):
        stripped = text.lstrip(" \t")
        return Bare(stripped.rstrip(" \t"), None, offset=len(text) - len(stripped))
    return bare(text, file.path, file.number)


def _counted(reader: _Reader, steps: int = 1) -> None:
    reader.count += steps
    most = min(MOST_STEPS, reader.size + reader.further)
    if reader.count > most:
        raise _refused(
            reader, f"here the configuration has become too large: more than {most} steps"
        )


def _take(reader: _Reader, line: Bare) -> None:
    """Read a line to its end."""
    rest: Bare | None = line
    while rest is not None and (resolved := _resolved(reader, rest)) is not None:
        if INCLUDE.match(resolved.text):
            _include(reader, resolved)
            return
        rest = _piece(reader, resolved)


def _resolved(reader: _Reader, line: Bare) -> Bare | None:
    """A line with conditions decided and names replaced; None when nothing is left to read."""
    while line.text:
        if line.text[0] == "@":
            condition = CONDITION.match(line.text)
            if condition is None or (condition[2] == reader.config_id) == bool(condition[1]):
                return None
            line = _behind(line, condition.end())
        definition = DEFINITION.match(line.text)
        if definition is not None:
            reader.definitions[definition[1]] = _definition(reader, definition[2])
            return None
        try:
            if line.text.startswith("~SEQ"):
                reader.waiting.append(sequence(line.text, reader.definitions))
                return None
            if line.text.startswith("~LST"):
                reader.waiting.append(listed(line.text))
                return None
            if line.text[0] == "~" or "$" not in line.text:
                return line
            replaced = replace(line.text, reader.definitions)
        except DefinitionError as error:
            raise _refused(reader, str(error), line.offset + 1) from error
        if not replaced.count:
            return line
        _counted(reader, replaced.count)
        if replaced.rest:
            reader.waiting.append(list(reversed(replaced.rest)))
        here = reader.open[-1]
        line = bare(replaced.text, here.path, here.number)
        if not line.text.startswith("@") and "$" not in line.text:
            break
    return line if line.text else None


def _definition(reader: _Reader, value: str) -> Definition:
    """A definition whose first line has ``value``, with the lines that it goes on with."""
    if not value.endswith("\\"):
        return Definition((value,))
    found = [value[:-1].rstrip(" \t")]
    goes_on = True
    # A comment ends it, too: it is an empty line of the copy that keepalived's processes read.
    while goes_on and (line := _next(reader)) is not None and line.text:
        goes_on = line.text.endswith("\\")
        found.append(line.text[:-1].rstrip(" \t") if goes_on else line.text)
    kept = tuple(filter(None, found))
    return Definition(kept, multiline=True) if kept else Definition(("",))


def _piece(reader: _Reader, line: Bare) -> Bare | None:
    """Read a statement or a brace; what stands behind it on the line, None when nothing does."""
    here = reader.open[-1]
    _counted(reader)
    end = brace(line.text)
    if end == 0:
        act = reader.builder.start if line.text[0] == "{" else reader.builder.end
        act(here.number, line.offset + 1, here.path)
        end = 1
    else:
        end = len(line.text) if end < 0 else end
        last = len(line.text[:end].rstrip(" \t"))
        found = statement(line, 0, last, here.path, here.number)
        if found.words:
            reader.builder.add(found)
            if found.keyword == "include_check" and reader.builder.path == ("global_defs",):
                reader.check = _checked(reader.check, found.arguments)
    if end == len(line.text):
        return None
    blanks = len(line.text[end:]) - len(line.text[end:].lstrip(" \t"))
    return _behind(line, end + blanks)


def _behind(line: Bare, at: int) -> Bare:
    return Bare(line.text[at:], None, line.offset + at, line.continued)


def _checked(check: frozenset[str], words: tuple[str, ...]) -> frozenset[str]:
    """What include_check makes of ``check`` (``include_check_set()``)."""
    if not words:
        return _ALL
    for number, word in enumerate(words):
        name = word.lstrip("+-")
        if word.startswith("+"):
            check = check | ({name} & _ALL)
        elif word.startswith("-"):
            check = check - {name}
        elif number == 0:
            check = frozenset({_READ, name}) if name in _ALL else frozenset()
    return check


def _include(reader: _Reader, line: Bare) -> None:
    found = INCLUDE.match(line.text)
    if found is None:
        return
    here = reader.open[-1]
    check = reader.check | _CHECKS[found[1]]
    written = found[2]
    directory = posixpath.dirname(here.path)
    patterns = braces(written)
    _counted(reader, len(patterns))
    reader.includes += [reader.files.path(one, directory) for one in patterns]
    looked_up = find(written, directory, reader.files)
    _counted(reader, looked_up.looked_at)
    if not looked_up.paths:
        if looked_up.missing:
            kind = _BRACES if "{" in written else _MATCH
            _remark(reader, kind, check, f"{found[1]} {written!r}: there is no such file")
        elif looked_up.wild and _WILDCARD in check:
            _remark(reader, _WILDCARD, check, f"{found[1]} {written!r}: no file matches")
        return
    if looked_up.missing:
        _remark(reader, _BRACES, check, f"{found[1]} {written!r}: some of the files are missing")
        if _BRACES in check:
            return
    _open_first(reader, list(looked_up.paths), check)


def _open_first(reader: _Reader, paths: list[str], check: frozenset[str]) -> None:
    """Open the first of ``paths`` that can be read; the others follow it."""
    while paths:
        path = paths.pop(0)
        kind = None if path.endswith("/") else reader.files.kind(path)
        if kind != "file":
            what = "a directory" if path.endswith("/") else f"{_KINDS[kind]}"
            _remark(reader, _READ, check, f"include: {path!r} is {what}, which keepalived skips")
            continue
        if posixpath.normpath(path) in {posixpath.normpath(one.path) for one in reader.open}:
            raise _refused(reader, f"include: {path!r} includes itself, without an end")
        if len(reader.open) >= DEEPEST_INCLUDE:
            message = f"include: files include files, more than {DEEPEST_INCLUDE} deep"
            raise _refused(reader, message)
        if _open(reader, path, paths, check):
            return


def _remark(reader: _Reader, kind: str, check: frozenset[str], message: str) -> None:
    here = reader.open[-1]
    reader.remarks.append(Remark(here.path, here.number, message, kind in check))
