"""YAML 1.2 text to a tree with places.

The tree is made from the parser's events, not by a YAML library's own composer, so that depth
and expansion are bounded, duplicate keys are told, and scalars follow the core schema.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from lvsnet.lab.document import Document, Entry, Fault, Item, Leaf, Listing, Mark, Node, Table
from lvsnet.lab.scalars import Float, Integer, Scalar, resolve
from lvsnet.lab.syntax import in_plain_words, where_to_look
from lvsnet.lab.values import shown

DEEPEST = 50
"""Collections within collections."""
MOST_VALUES = 100_000
"""Values in the document once aliases stand for what they name."""


class _RefusedError(Exception):
    def __init__(self, mark: Mark | None, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(mark, message)


@dataclass
class _Open:
    """A collection whose end has not been read."""

    node: Listing | Table
    at: Mark
    key: tuple[str, Mark] | None = None
    """The key of a mapping whose value comes next."""
    merged: list[tuple[Mark, Node]] = field(default_factory=list)
    """Values of ``<<`` keys."""


@dataclass
class _Builder:
    """What is known while the events of one document are read."""

    text: str
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    root: Node | None = None
    start: Mark = field(default=Mark(1, 1))
    documents: int = 0
    values: int = 0
    faults: list[Fault] = field(default_factory=list)


def parse(text: str) -> Document:
    """Read one YAML document; every error that is found is in the result, none is raised."""
    builder = _Builder(text)
    try:
        _require_printable(text)
        for event in _events(text):
            _take(builder, event)
        if builder.documents == 0 or builder.root == Leaf(None):
            comments = any(line.strip().startswith("#") for line in text.splitlines())
            what = "holds only comments" if comments else "is empty"
            raise _RefusedError(None, f"{what}; a lab has at least name, segments and nodes")
    except _RefusedError as refused:
        return Document(None, builder.start, (*builder.faults, refused.fault))
    return Document(builder.root, builder.start, tuple(builder.faults))


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2.2 forbids everywhere (5.1, c-printable)."""
_FORBIDDEN_VALUE = re.compile("[\0\ud800-\udfff]")
"""What no file, argument or environment variable can hold, though an escape can write it."""


def _require_printable(text: str) -> None:
    bad = _UNPRINTABLE.search(text)
    if bad is None:
        return
    message = f"the character U+{ord(bad[0]):04X} cannot be in a YAML file"
    raise _RefusedError(_mark_at(text, bad.start()), message)


def _lines(text: str) -> list[str]:
    """Split at what ends a line in YAML 1.2 (5.4): not at all that Python's splitlines() does."""
    return re.split(r"\r\n|\r|\n", text)


def _mark_at(text: str, offset: int) -> Mark:
    lines = _lines(text[:offset])
    return Mark(len(lines), len(lines[-1]) + 1)


def _events(text: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = where_to_look(error)
        where = None if mark is None else _within(text, mark.line, mark.column)
        raise _RefusedError(where, in_plain_words(error)) from None
    except YAMLError as error:
        raise _RefusedError(None, f"is not YAML: {error}") from None
    except (ValueError, OverflowError):
        # From chr(), of an escape such as "\\UFFFFFFFF".
        raise _RefusedError(
            _bad_escape(text), "an escape stands for no Unicode character"
        ) from None


def _bad_escape(text: str) -> Mark | None:
    for escape in re.finditer(r"\\U([0-9A-Fa-f]{8})", text):
        if int(escape[1], 16) > sys.maxunicode:
            return _mark_at(text, escape.start())
    return None


def _within(text: str, line: int, column: int) -> Mark:
    """Turn the parser's place into one that the file has; it may point behind the last line."""
    lines = _lines(text)
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    if line < len(lines):
        return Mark(line + 1, min(column, len(lines[line])) + 1)
    return Mark(len(lines), len(lines[-1]) + 1)


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _take(builder: _Builder, event: Event) -> None:
    match event:
        case DocumentStartEvent():
            _start(builder, event)
        case ScalarEvent():
            _scalar(builder, event)
        case SequenceStartEvent() | MappingStartEvent():
            _open(builder, event)
        case CollectionEndEvent():
            _close(builder)
        case AliasEvent():
            _alias(builder, event)


def _start(builder: _Builder, event: DocumentStartEvent) -> None:
    builder.documents += 1
    if builder.documents > 1:
        raise _RefusedError(_mark(event), "a second YAML document starts here; a lab file has one")
    if event.version is not None and tuple(event.version) != (1, 2):
        written = ".".join(map(str, event.version))
        directive = re.search("^%YAML", builder.text, re.MULTILINE)
        where = _mark_at(builder.text, directive.start()) if directive else _mark(event)
        raise _RefusedError(where, f"%YAML {written}: a lab file is YAML 1.2")


def _scalar(builder: _Builder, event: ScalarEvent) -> None:
    mark = _mark(event)
    text = str(event.value)
    if _FORBIDDEN_VALUE.search(text):
        raise _RefusedError(mark, "a NUL or half of a surrogate pair cannot be in text")
    top = builder.stack[-1] if builder.stack else None
    if top is not None and isinstance(top.node, Table) and top.key is None:
        if text == "" and event.style is None:
            raise _RefusedError(mark, "a key is missing before ':'")
        merge = text == "<<" and event.style is None
        top.key = ("" if merge else text, mark)
        if not merge and text == "":
            raise _RefusedError(mark, "a key cannot be empty")
        _remember(builder, event.anchor, Leaf(text))
        return
    leaf = Leaf(_value(event, text, mark))
    _remember(builder, event.anchor, leaf)
    _attach(builder, leaf, mark)


def _value(event: ScalarEvent, text: str, mark: Mark) -> Scalar:
    tag = event.tag
    if tag is None:
        return resolve(text) if event.style is None else text
    name = tag.removeprefix("tag:yaml.org,2002:")
    if tag == "!" or name == "str":
        return text
    value = resolve(text)
    if name not in _TAGGED:
        raise _RefusedError(mark, f"a lab file has no use for the tag {_shown_tag(tag)}")
    if not isinstance(value, _TAGGED[name]):
        raise _RefusedError(mark, f"the tag !!{name} does not fit what it stands before")
    return value


_TAGGED: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (Integer,),
    "float": (Integer, Float),
}


def _open(builder: _Builder, event: SequenceStartEvent | MappingStartEvent) -> None:
    mark = _mark(event)
    if len(builder.stack) >= DEEPEST:
        raise _RefusedError(mark, f"too deep: more than {DEEPEST} levels within each other")
    node = Table() if isinstance(event, MappingStartEvent) else Listing()
    kind = "map" if isinstance(node, Table) else "seq"
    if event.tag not in (None, "!", f"tag:yaml.org,2002:{kind}"):
        raise _RefusedError(mark, f"a lab file has no use for the tag {_shown_tag(str(event.tag))}")
    if not builder.stack:
        builder.start = mark
    _remember(builder, event.anchor, node)
    _require_place(builder, mark)
    _count(builder, 1, mark)
    builder.stack.append(_Open(node, mark))


def _close(builder: _Builder) -> None:
    closed = builder.stack.pop()
    node = closed.node
    if isinstance(node, Table):
        for mark, source in closed.merged:
            _merge(node, mark, source)
        children: list[Node] = [entry.node for entry in node.entries.values()]
    else:
        children = [item.node for item in node.items]
    node.size = 1 + sum(inner.size for inner in children)
    node.height = 1 + max((inner.height for inner in children), default=0)
    # Counted as it was opened, and its children as they were attached.
    _put(builder, node, closed.at)


def _alias(builder: _Builder, event: AliasEvent) -> None:
    mark = _mark(event)
    node = builder.anchors.get(event.anchor)
    if node is None:
        raise _RefusedError(
            mark, f"no anchor &{event.anchor} stands before the alias *{event.anchor}"
        )
    if node.size == 0:
        raise _RefusedError(mark, f"the alias *{event.anchor} is inside of what it names")
    if len(builder.stack) + node.height > DEEPEST:
        raise _RefusedError(mark, f"too deep: more than {DEEPEST} levels within each other")
    _require_place(builder, mark)
    _count(builder, node.size, mark)
    _put(builder, node, mark)


def _attach(builder: _Builder, leaf: Leaf, mark: Mark) -> None:
    if not builder.stack:
        builder.start = mark
    _count(builder, 1, mark)
    _put(builder, leaf, mark)


def _put(builder: _Builder, node: Node, mark: Mark) -> None:
    """Put a complete value where the innermost open collection waits for one."""
    if not builder.stack:
        builder.root = node
        return
    top = builder.stack[-1]
    if isinstance(top.node, Listing):
        top.node.items.append(Item(mark, node))
        return
    assert top.key is not None  # noqa: S101 - _require_place has seen to it
    (key, key_mark), top.key = top.key, None
    if key == "":
        top.merged.append((mark, node))
    elif key in top.node.entries:
        first = top.node.entries[key].key
        builder.faults.append(
            Fault(key_mark, f"duplicate key {shown(key)}; it is already on line {first.line}")
        )
    else:
        # The parser places a value that is not there at whatever comes next.
        absent = isinstance(node, Leaf) and node.value is None
        top.node.entries[key] = Entry(key_mark, key_mark if absent else mark, node)


def _merge(table: Table, mark: Mark, source: Node) -> None:
    """Take over the entries of a merge key (``<<``) that the mapping does not have itself."""
    tables = [item.node for item in source.items] if isinstance(source, Listing) else [source]
    for merged in tables:
        if not isinstance(merged, Table):
            raise _RefusedError(mark, "'<<' merges a mapping, or a list of mappings")
        for key, entry in merged.entries.items():
            table.entries.setdefault(key, entry)


def _require_place(builder: _Builder, mark: Mark) -> None:
    top = builder.stack[-1] if builder.stack else None
    if top is not None and isinstance(top.node, Table) and top.key is None:
        raise _RefusedError(mark, "a key has to be plain text")


def _remember(builder: _Builder, anchor: str | None, node: Node) -> None:
    if anchor is not None:
        builder.anchors[anchor] = node


def _count(builder: _Builder, values: int, mark: Mark) -> None:
    builder.values += values
    if builder.values > MOST_VALUES:
        raise _RefusedError(
            mark, f"too large: more than {MOST_VALUES} values, with aliases expanded"
        )


def _shown_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
