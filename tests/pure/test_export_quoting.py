"""Any text comes out of Ruby and systemd as it went in.

The readers here are written from the manuals; real ones read in tests/containers.
"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.export.vagrant_text import ruby, systemd

_RUBY = re.compile(r'\\u\{([0-9a-f]+)\}|\\(["\\#])|([^"\\#])')
_SYSTEMD = re.compile(r'\\x([0-9a-f]{2})|\\(["\\])|(%%)|([^"\\%])', re.DOTALL)

written = st.text(st.characters(exclude_categories=["Cs"]))


@given(written)
def test_ruby_reads_a_literal_as_it_was_meant(text: str) -> None:
    literal = ruby(text)
    assert re.fullmatch(r'"[ -~]*"', literal)
    found = list(_RUBY.finditer(literal[1:-1]))
    assert "".join(match[0] for match in found) == literal[1:-1]
    read = (chr(int(match[1], 16)) if match[1] else match[2] or match[3] for match in found)
    assert "".join(read) == text


@given(written.filter(lambda text: "\0" not in text))
def test_systemd_reads_a_word_as_it_was_meant(text: str) -> None:
    word = systemd(text)
    assert "\n" not in word
    found = list(_SYSTEMD.finditer(word[1:-1]))
    assert "".join(match[0] for match in found) == word[1:-1]
    read = (
        chr(int(match[1], 16))
        if match[1]
        else match[2] or match[3][:1]
        if not match[4]
        else match[4]
        for match in found
    )
    assert "".join(read) == text


def test_what_is_no_text_is_ruby_s_own() -> None:
    assert ruby({"a": [1, True, "x"], "b-c": {}}) == '{ a: [1, true, "x"], "b-c": {  } }'
