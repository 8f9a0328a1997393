"""What the arguments of `lvsnet cp` name, and where copies come to lie."""

from __future__ import annotations

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.transfer.operands import (
    Destination,
    InNode,
    Kind,
    Local,
    Operand,
    Source,
    Stream,
    landing,
    operand,
    shown,
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("web:/etc/hosts", InNode("", "web", "/etc/hosts")),
        ("dr/web:/etc/", InNode("dr", "web", "/etc/")),
        ("web:etc/hosts", InNode("", "web", "/etc/hosts")),
        ("web:/a:b\nc", InNode("", "web", "/a:b\nc")),
        ("-", Stream()),
        ("file", Local("file")),
        ("a/b/c:d", Local("a/b/c:d")),
        ("./a:b", Local("./a:b")),
        ("../web:/b", Local("../web:/b")),
        ("/a:b", Local("/a:b")),
    ],
)
def test_what_an_argument_names(text: str, named: Operand) -> None:
    assert operand(text) == named


def test_a_node_without_a_path_is_refused() -> None:
    with pytest.raises(LvsnetError, match="web:/ is the node's root"):
        operand("web:")


FILE = Source("x/one", Kind.FILE)
DIRECTORY = Source("x/dir/", Kind.DIRECTORY)
CONTENTS = Source("x/dir/.", Kind.DIRECTORY)
LINK = Source("link", Kind.LINK)


@pytest.mark.parametrize(
    ("sources", "path", "kind", "finals"),
    [
        ([FILE], "/to", Kind.DIRECTORY, ["/to/one"]),
        ([FILE], "/to", Kind.FILE, ["/to"]),
        ([FILE], "/to", Kind.MISSING, ["/to"]),
        ([DIRECTORY], "/to", Kind.DIRECTORY, ["/to/dir"]),
        ([DIRECTORY], "/to/", Kind.MISSING, ["/to"]),
        ([CONTENTS], "/to", Kind.DIRECTORY, ["/to"]),
        ([CONTENTS], "/to", Kind.MISSING, ["/to"]),
        ([FILE, DIRECTORY, CONTENTS], "/to/", Kind.DIRECTORY, ["/to/one", "/to/dir", "/to/"]),
        ([LINK], "/to", Kind.FILE, ["/to"]),
        ([DIRECTORY], "/", Kind.DIRECTORY, ["/dir"]),
    ],
)
def test_where_copies_come_to_lie(
    sources: list[Source], path: str, kind: Kind, finals: list[str]
) -> None:
    assert landing(sources, Destination(path, kind, Kind.DIRECTORY)) == finals


@pytest.mark.parametrize(
    ("sources", "path", "kind", "parent", "words"),
    [
        ([FILE], "/to/", Kind.MISSING, Kind.DIRECTORY, "there is no such directory"),
        ([FILE], "/no/to", Kind.MISSING, Kind.MISSING, "there is no directory /no"),
        ([FILE], "a/to", Kind.MISSING, Kind.FILE, "there is no directory a"),
        ([FILE], "/to/", Kind.FILE, Kind.DIRECTORY, "/to/ is no directory"),
        ([DIRECTORY], "/to", Kind.FILE, Kind.DIRECTORY, "/to is no directory"),
        ([FILE], "/to", Kind.LINK, Kind.DIRECTORY, "a link that leads nowhere"),
        ([FILE, LINK], "/to", Kind.MISSING, Kind.DIRECTORY, "takes one source only"),
        ([FILE, FILE], "/to", Kind.DIRECTORY, Kind.DIRECTORY, "/to/one would be written twice"),
    ],
)
def test_what_cannot_be_copied_there(
    sources: list[Source], path: str, kind: Kind, parent: Kind, words: str
) -> None:
    with pytest.raises(LvsnetError, match=words):
        landing(sources, Destination(path, kind, parent))


def test_any_name_is_shown_on_one_line() -> None:
    assert shown("plain ü") == "plain ü"
    assert shown("a\nb\udcff\x1b[0m") == "a\\nb\\xff\\x1b[0m"
