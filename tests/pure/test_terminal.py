"""What is told of a terminal, and what is undone on it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet import terminal
from lvsnet.terminal import Screen

ESC = b"\x1b"
SET = b"text\x1b[?1049h\x1b[?1;2004h\x1b[?25l\x1b=\x1b[>4;2mmore\n"
RESET = b"\x1b[?1l\x1b[?1049l\x1b[?2004l\x1b[?25h\x1b>\x1b[>4m"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TERM": "xterm", "LANG": "de_DE.UTF-8"}, {"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}),
        ({"TERM": "linux", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE"}, {"TERM": "linux"}),
        ({"LC_CTYPE": "en_US.ISO-8859-1", "LANG": "en_US.utf8"}, {}),
        ({"LC_ALL": "", "LANG": "C"}, {"LC_CTYPE": "C.UTF-8"}),
        ({"COLORTERM": "truecolor", "TERM": ""}, {"COLORTERM": "truecolor", "LC_CTYPE": "C.UTF-8"}),
    ],
)
def test_a_program_is_told_type_and_encoding(
    variables: dict[str, str], told: dict[str, str]
) -> None:
    assert terminal.environment(variables) == told


@given(st.lists(st.integers(0, len(SET))))
def test_what_was_switched_is_switched_back_however_it_came(cuts: list[int]) -> None:
    screen = Screen()
    edges = sorted({0, *cuts, len(SET)})
    for start, end in pairwise(edges):
        screen.shown(SET[start:end])
    assert screen.undo() == RESET
    assert screen.at_line_start
    screen.shown(RESET)
    assert screen.undo() == b""


@given(st.binary())
def test_any_bytes_will_do(content: bytes) -> None:
    screen = Screen()
    screen.shown(content)
    screen.undo()
    assert screen.at_line_start == (not content or content.endswith(b"\n"))


def test_a_screen_that_was_left_as_it_was_needs_nothing() -> None:
    screen = Screen()
    for content in (b"\x1b[?2004h# ls\x1b[?2004l\r\n", b"\x1b[1;31mred\x1b[m", ESC):
        screen.shown(content)
    assert screen.undo() == b""
    assert not screen.at_line_start
