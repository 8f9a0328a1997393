"""A topology's text before it is YAML: variables, escapes, and the places of what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.export.containerlab_text import written
from lvsnet.lab.document import Document, Mark, Table, place, plain
from lvsnet.lab.topology.text import is_topology, read

ENVIRONMENT = {"SET": "value", "EMPTY": "", "LONG": "a much longer value", "_A1": "a1", "ä": "ae"}


def values(document: Document) -> object:
    assert document.root is not None, document.faults
    return plain(document.root)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$SET", "value"),
        ("${SET}", "value"),
        ("x$SET.y", "xvalue.y"),
        ("$_A1 $ä", "a1 ae"),
        ("$UNSET", "$UNSET"),
        ("${UNSET}", "$UNSET"),
        ("$EMPTY", "$EMPTY"),
        ("${UNSET:-word}", "word"),
        ("${UNSET:=word}", "word"),
        ("${UNSET-word}", "word"),
        ("${UNSET=word}", "word"),
        ("${UNSET:-$SET}", "value"),
        ("${UNSET:-$OTHER}", "$OTHER"),
        ("${UNSET:-$SET/x}", "$SET/x"),
        ("${UNSET:-}", "$UNSET"),
        ("${EMPTY:-word}", "word"),
        ("${EMPTY-word}", "$EMPTY"),
        ("${SET:-word}", "value"),
        ("${SET:+word}", "word"),
        ("${SET+word}", "word"),
        ("${UNSET:+word}", ""),
        ("${SET/a/b}", "value"),
        ("$$SET", "$SET"),
        ("$$$$", "$$"),
        ("$1 ${1} $ $_ $- ${} ${-}", "$1 ${1} $ $_ $- ${} ${-}"),
        ("100$", "100$"),
    ],
)
def test_variables_are_put_in_as_containerlab_does(written: str, meant: str) -> None:
    assert values(read(f"a: '{written}'\n", ENVIRONMENT)) == {"a": meant}


def test_a_variable_can_be_more_than_text() -> None:
    document = read("a: ${COUNT:=3}\nb: ${LIST}\n", {"LIST": "[1, x]"})
    assert values(document) == {"a": 3, "b": [1, "x"]}


def test_words_for_true_are_what_was_written_where_they_have_capitals() -> None:
    text = "a: True\nb: true\nc: FALSE\nd: [False, ${WORD}]\n"
    assert values(read(text, {"WORD": "TRUE"})) == {
        "a": "True",
        "b": True,
        "c": "FALSE",
        "d": ["False", "TRUE"],
    }


def test_places_are_those_of_what_was_written() -> None:
    text = "a: $LONG # $LONG\nb: {c: '$$ ${EMPTY:-x}', d: e}\nf: [$LONG, $SET, g]\n"
    document = read(text, ENVIRONMENT)
    assert isinstance(document.root, Table)
    lines = text.splitlines()
    assert place(document, ("b", "c")) == (Mark(2, 5), Mark(2, lines[1].index("'$$") + 1))
    assert place(document, ("b", "d"))[0] == Mark(2, lines[1].index("d:") + 1)
    assert place(document, ("f", 1))[1] == Mark(3, lines[2].index("$SET") + 1)
    assert place(document, ("f", 2))[1] == Mark(3, lines[2].index("g]") + 1)


def test_a_variable_with_lines_moves_no_place() -> None:
    document = read("a: $LINES\nb: c\n", {"LINES": "|\n  one\n  two"})
    assert values(document) == {"a": "one\ntwo\n", "b": "c"}
    assert place(document, ("b",)) == (Mark(2, 1), Mark(2, 4))


def test_what_a_variable_holds_has_the_variables_place() -> None:
    document = read("a: [$LIST, e]\n", {"LIST": "[b, c], d"})
    assert values(document) == {"a": [["b", "c"], "d", "e"]}
    assert [place(document, ("a", *at))[1] for at in [(0,), (0, 1), (1,), (2,)]] == [
        Mark(1, 5),
        Mark(1, 5),
        Mark(1, 5),
        Mark(1, 12),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_in_yaml(end: str) -> None:
    document = read(end.join(["a: $SET", "b: [$LONG, c]", ""]), ENVIRONMENT)
    assert place(document, ("b", 1))[1] == Mark(2, 12)


def test_faults_of_yaml_have_the_place_of_what_was_written() -> None:
    document = read("a: $LONG\nb: [$LONG, 'c\n", ENVIRONMENT)
    assert document.root is None
    assert [fault.mark for fault in document.faults] == [Mark(2, 12)]


def test_what_aliases_share_stays_shared() -> None:
    document = read("a: &x {b: $SET}\nc: [*x, *x]\n", ENVIRONMENT)
    assert values(document) == {"a": {"b": "value"}, "c": [{"b": "value"}, {"b": "value"}]}
    assert isinstance(document.root, Table)
    first = document.root.entries["a"].node
    assert isinstance(first, Table)
    assert place(document, ("c", 1, "b"))[0] == Mark(1, 8)


@pytest.mark.parametrize("text", ["a: '{{ .x }}'", "{{- if .x }}\na: b\n{{ end }}", "a: b # {{x}}"])
def test_templates_are_refused_once_and_at_their_line(text: str) -> None:
    document = read(f"top: 1\n{text}\n", {})
    assert document.root is None
    assert len(document.faults) == 1
    assert document.faults[0].mark == Mark(2, text.index("{{") + 1)
    assert "Go templates" in document.faults[0].message


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("name: x\ntopology:\n", True),
        ("'topology' : {}\n", True),
        ('"topology":\n', True),
        ("name: x\nnodes:\n  topology:\n", False),
        ("# topology:\n", False),
        ("topology_x: 1\n", False),
    ],
)
def test_a_topology_is_known_by_its_top_key(text: str, answer: bool) -> None:
    assert is_topology(text) is answer


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=9)
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
    st.text("${}\"'\\ #:{}aA_1", max_size=12),
    st.sampled_from(["{{", "$$", '{{"{{"}}', "${A:-b}", "no", "True", "~", "012", "1:2"]),
)


@given(st.dictionaries(KEYS, st.lists(TEXTS, max_size=3), max_size=3))
def test_what_lvsnet_writes_is_read_as_it_was_meant(lists: dict[str, list[str]]) -> None:
    document = read(written(lists), {"A": "never put in", "a": "neither"})
    found = values(document) if lists else {}
    assert found == lists
