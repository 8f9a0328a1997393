"""A topology's text as containerlab reads it: templates, then variables, and only then YAML.

containerlab runs the text through Go's text/template, replaces ``$VARIABLE`` (hellt/envsubst), and
gives what comes out to its YAML parser (core/file.go). Of templates lvsnet knows the escape alone
that it writes itself. Places are those in the text as it was written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lvsnet.lab.compose import parse
from lvsnet.lab.document import Document, Entry, Fault, Item, Leaf, Listing, Mark, Node, Table

_TOP_KEY = re.compile(r"^(topology|'topology'|\"topology\")[ \t]*:", re.MULTILINE)

_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    r"(?P<escape>\{\{\"\{\{\"\}\})"
    r"|(?P<template>\{\{)"
    r"|(?P<dollar>\$\$)"
    r"|(?P<digit>\$\{?\d)"
    r"|\$\{(?P<braced>" + _NAME + r")(?P<rest>[^}\r\n]*)(?P<end>\}|)"
    r"|\$(?P<plain>" + _NAME + r")"
)
"""What is not itself. A digit after ``$`` makes no variable there, so ``$1`` stays."""
_DEFAULT = re.compile(r"(?P<operator>:?[-=+])(?P<word>.*)")

_TEMPLATE = (
    "lvsnet does not run Go templates; `containerlab deploy --export-rendered FILE` writes the "
    "topology that comes of this one"
)


@dataclass(frozen=True)
class _Piece:
    """A part of the text that the parser gets, and what it stands for."""

    begin: int
    """Where it begins in what the parser gets."""
    written: int
    """Where what it stands for begins in the text as it was written."""
    copied: bool
    """Whether it is what was written, character by character."""


@dataclass(frozen=True)
class _Expanded:
    text: str
    pieces: tuple[_Piece, ...]
    """In their order; the first begins at 0."""
    faults: tuple[Fault, ...]


def is_topology(text: str) -> bool:
    """Whether a file is a topology, as far as its lines tell: it need not be YAML yet."""
    return _TOP_KEY.search(text) is not None


def read(text: str, environment: Mapping[str, str]) -> Document:
    """The topology whose text is ``text``, with variables of ``environment``.

    As ``lvsnet.lab.compose.parse``: every error that is found is in the result, none is raised.
    Words such as ``True``, which containerlab takes for text where it wants text, are text.
    """
    expanded = _expanded(text, environment)
    if expanded.faults:
        return Document(None, Mark(1, 1), expanded.faults)
    places = _Places(text, expanded)
    document = parse(expanded.text)
    faults = tuple(
        Fault(fault.mark and places.written(fault.mark), fault.message) for fault in document.faults
    )
    root = document.root and _restored(document.root, places, {})
    return Document(root, places.written(document.start), faults)


def _expanded(text: str, environment: Mapping[str, str]) -> _Expanded:
    out: list[str] = []
    pieces: list[_Piece] = []
    faults: list[Fault] = []
    length = done = 0

    def add(part: str, written: int, *, copied: bool) -> None:
        nonlocal length
        pieces.append(_Piece(length, written, copied))
        out.append(part)
        length += len(part)

    for token in _TOKEN.finditer(text):
        add(text[done : token.start()], done, copied=True)
        if wrong := _wrong(token):
            faults.append(Fault(_mark(_line_starts(text), token.start()), wrong))
            if token["template"]:
                break  # what comes of the rest, only Go can tell
        add(_replacement(token, environment), token.start(), copied=False)
        done = token.end()
    add(text[done:], done, copied=True)
    return _Expanded("".join(out), tuple(pieces), tuple(faults))


def _wrong(token: re.Match[str]) -> str:
    if token["template"]:
        return _TEMPLATE
    if token["braced"] and not token["end"]:
        return f"the '}}' of '${{{token['braced']}' is missing on this line"
    if token["braced"] and "${" in token["rest"]:
        return (
            f"'${{{token['braced']}': a default value cannot hold '${{'; '$NAME' alone can be one"
        )
    return ""


def _replacement(token: re.Match[str], environment: Mapping[str, str]) -> str:
    if token["escape"]:
        return "{{"
    if token["dollar"]:
        return "$"
    name = token["braced"] or token["plain"]
    if not name or name == "_":
        return token[0]
    default = _DEFAULT.fullmatch(token["rest"] or "")
    # An empty default is none there (parse/node.go), and what is not set stays as it is.
    if default is None or not default["word"]:
        return _value(name, environment)
    word = default["word"]
    other = _value(word[1:], environment) if re.fullmatch(rf"\${_NAME}", word) else word
    match default["operator"]:
        case "+" | ":+":
            return other if name in environment else ""
        case "-" | "=":
            return _value(name, environment) if name in environment else other
        case _:
            return environment.get(name) or other


def _value(name: str, environment: Mapping[str, str]) -> str:
    return environment.get(name) or f"${name}"


class _Places:
    """From places in what the parser gets to places in the text as it was written."""

    def __init__(self, written: str, expanded: _Expanded) -> None:
        self.text = expanded.text
        self._pieces = expanded.pieces
        self._begins = [piece.begin for piece in expanded.pieces]
        self._starts = _line_starts(expanded.text)
        self._written_starts = _line_starts(written)

    def offset(self, mark: Mark) -> int:
        line = min(mark.line, len(self._starts))
        return self._starts[line - 1] + mark.column - 1

    def written(self, mark: Mark) -> Mark:
        offset = self.offset(mark)
        piece = self._pieces[bisect_right(self._begins, offset) - 1]
        beyond = offset - piece.begin if piece.copied else 0
        return _mark(self._written_starts, piece.written + beyond)


def _line_starts(text: str) -> list[int]:
    """Offsets; YAML 1.2 has three ways to end a line (5.4)."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


def _mark(starts: list[int], offset: int) -> Mark:
    line = bisect_right(starts, offset)
    return Mark(line, offset - starts[line - 1] + 1)


def _restored(node: Node, places: _Places, done: dict[int, Node]) -> Node:
    """The node with the places of what was written; what an alias shares stays shared."""
    if id(node) in done:
        return done[id(node)]
    restored: Node
    match node:
        case Leaf():
            restored = node
        case Listing():
            items = [
                Item(places.written(item.value), _restored(_word(item, places), places, done))
                for item in node.items
            ]
            restored = replace(node, items=items)
        case Table():
            entries = {
                key: Entry(
                    places.written(entry.key),
                    places.written(entry.value),
                    _restored(_word(entry, places), places, done),
                )
                for key, entry in node.entries.items()
            }
            restored = replace(node, entries=entries)
    done[id(node)] = restored
    return restored


def _word(value: Item | Entry, places: _Places) -> Node:
    """A value; one of the words for true and false as it was written, where it has capitals."""
    node = value.node
    if not (isinstance(node, Leaf) and isinstance(node.value, bool)):
        return node
    begin = places.offset(value.value)
    word = places.text[begin : begin + len(str(node.value))]
    small = str(node.value).lower()
    return replace(node, value=word) if word != small == word.lower() else node
