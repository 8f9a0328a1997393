"""Command lines are split as containerlab splits them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.lab.topology.shell import split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ip addr add 10.0.0.1/24 dev eth1", ("ip", "addr", "add", "10.0.0.1/24", "dev", "eth1")),
        ("", ()),
        (" \t\r\n", ()),
        ("sh -c 'a && b > c'", ("sh", "-c", "a && b > c")),
        ("a'b'\"c\"d", ("abcd",)),
        ("'' \"\"", ("", "")),
        (r"a\ b \\ \"", ("a b", "\\", '"')),
        (r'"a\"b\nc\\"', ('a"bnc\\',)),
        (r"'a\b'", (r"a\b",)),
        ("a # comment\nb", ("a", "b")),
        ("# comment", ()),
        ("a#b '#' \\#", ("a#b", "#", "#")),
        ("ä 'ß ü'", ("ä", "ß ü")),
        ("a\n  b\n", ("a", "b")),
    ],
)
def test_words(line: str, words: tuple[str, ...]) -> None:
    assert split(line) == words


@pytest.mark.parametrize("line", ["'a", '"a', '"a\\"', "a\\", "'", "a 'b\" c"])
def test_what_is_not_finished_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"is not closed|follows the backslash"):
        split(line)


@given(st.lists(st.text(max_size=10), max_size=5))
def test_what_python_joins_is_split_again(words: list[str]) -> None:
    assert list(split(shlex.join(words))) == words
