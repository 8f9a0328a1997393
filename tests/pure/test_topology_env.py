"""Files of environment variables are read as containerlab reads them."""

from __future__ import annotations

import pytest

from lvsnet.errors import LabFileError
from lvsnet.lab.topology.env import parse_env


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("# nothing\n\n  \n", {}),
        ("A=1\nB = 2\n export C=3 \n", {"A": "1", "B": "2", "C": "3"}),
        ("D: 4\nE.x-y=5", {"D": "4", "E.x-y": "5"}),
        ("A=\nB=''\nC=\"\"\n", {"A": "", "B": "", "C": ""}),
        ("A=a b # c\nB=a#b\nC='a # b' # c\n", {"A": "a b", "B": "a#b", "C": "a # b"}),
        ('A="a\\nb\\\\ \\"c\\" \\t"\n', {"A": 'a\nb\\ "c" t'}),
        ("A='$B\\n'\n", {"A": "$B\\n"}),
        ("A='two\nlines'\nB=1\n", {"A": "two\nlines", "B": "1"}),
        ('A=1\nB=$A${A}\nC="$A$NONE"\n', {"A": "1", "B": "11", "C": "1"}),
        ("A=\\$A\nB=$(A)\nC=$x\n", {"A": "$A", "B": "(A)", "C": "$x"}),
        ("A=$OUTSIDE\nOUTSIDE=in\nB=$OUTSIDE\n", {"A": "out", "OUTSIDE": "in", "B": "in"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ],
)
def test_variables(text: str, found: dict[str, str]) -> None:
    assert parse_env(text, "x.env", {"OUTSIDE": "out"}) == found


@pytest.mark.parametrize("line", ["no variable", "A", "=1", "A='x", 'A="x', "A='x' y"])
def test_a_line_that_sets_nothing_is_told(line: str) -> None:
    with pytest.raises(LabFileError) as raised:
        parse_env(f"GOOD=1\n\n{line}\n", "x.env", {})
    assert str(raised.value) == "x.env:3:1: expected NAME=value"
