"""What the writer writes, keepalived reads as the same words: checked with a reader of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.keepalived.lexing import LONGEST_LINE
from lvsnet.keepalived.tree import Blank, Comment, Item, Statement, Word, comment, statement
from lvsnet.keepalived.writer import write

nasty = st.text(st.sampled_from("ab0 \t{}!#\"'\\$@~_\u00e9n"), max_size=12)
writable = nasty.map(lambda text: text.replace('"', "'").rstrip("\\"))
words = st.lists(writable, min_size=1, max_size=4)


def as_keepalived(text: str) -> list[str]:
    """Words of a file as lib/parser.c has them: decomment, braces, alloc_strvec."""
    found: list[str] = []
    for line in text.split("\n"):
        found += [*_split(_decommented(line)), "\n"]
    return found


def _decommented(line: str) -> str:
    kept, quoted, at = "", False, 0
    while at < len(line):
        pair = line[at : at + 2]
        if pair[0] == "\\" and len(pair) == 2:
            kept += pair[1] if not quoted and pair[1] in "#!" else pair
            at += 2
            continue
        assert pair != "\\", f"continued on the next line: {line}"
        if pair[0] == '"':
            quoted = not quoted
        elif pair[0] in "!#" and not quoted:
            break
        kept += pair[0]
        at += 1
    assert not quoted, f"unterminated quote: {line}"
    return kept


def _split(line: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(line):
        if line[at] in " \t\f\r\v":
            at += 1
        elif line[at] == '"':
            end = line.index('"', at + 1)
            found.append("=" + line[at + 1 : end])
            at = end + 1
        elif line[at] in "{}":
            found.append(line[at])
            at += 1
        else:
            end = at
            while end < len(line) and line[end] not in ' \t\f\r\v"{}':
                end += 1
            found.append("=" + line[at:end])
            at = end
    return found


def expected(*lines: list[str]) -> list[str]:
    return [word for line in lines for word in (*line, "\n")] + ["\n"]


def plain(texts: list[str]) -> list[str]:
    return [f"={text}" for text in texts]


@given(words)
def test_words_survive(texts: list[str]) -> None:
    written = write([statement("keyword", *texts)])
    assert as_keepalived(written) == expected(plain(["keyword", *texts]))


@given(words, words, words)
def test_blocks_and_comments_survive(outer: list[str], inner: list[str], note: list[str]) -> None:
    remark = Comment(" " + " ".join(note).rstrip("\\ \t"))
    items: list[Item] = [
        remark,
        Statement(
            tuple(map(Word, outer)),
            (statement(*inner), Blank(), statement("empty", block=())),
            remark,
        ),
    ]
    assert as_keepalived(write(items)) == expected(
        [], [*plain(outer), "{"], plain(inner), [], ["=empty", "{"], ["}"], ["}"]
    )


@given(nasty)
def test_every_regular_expression_survives(text: str) -> None:
    read = as_keepalived(write([statement("regex", text)]))
    assert [*map(_unescaped, read)] == expected(plain(["regex", text]))


def _unescaped(word: str) -> str:
    """Escapes of alloc_strvec_quoted_escaped() that the writer uses."""
    found, at = "", 0
    while at < len(word):
        if word[at] != "\\":
            found += word[at]
            at += 1
        elif word[at + 1] == "x":
            found += chr(int(word[at + 2 : at + 4], 16))
            at += 4
        else:
            found += word[at + 1]
            at += 2
    return found


@given(nasty)
def test_a_word_is_written_whole_or_refused(text: str) -> None:
    try:
        written = write([statement("keyword", text)])
    except LvsnetError:
        assert '"' in text or text.endswith("\\")
    else:
        assert as_keepalived(written) == expected(plain(["keyword", text]))


@pytest.mark.parametrize(
    "text", ['say "a"', "two\nlines", "ends in \\", "a ${_HASH} b", "$_PWD", "zero\0"]
)
def test_what_keepalived_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(LvsnetError, match=r"keepalived\.conf, path:"):
        write([statement("path", text)])


def test_a_regular_expression_has_no_zero_byte() -> None:
    with pytest.raises(LvsnetError, match="zero bytes"):
        write([statement("regex", "a\0")])


@pytest.mark.parametrize("text", ["continued \\", "two\nlines"])
def test_a_comment_stays_in_its_line(text: str) -> None:
    with pytest.raises(LvsnetError, match="next line"):
        write([comment(text)])


def test_a_line_that_keepalived_would_cut_is_refused() -> None:
    longest = "x" * (LONGEST_LINE - len("path "))
    assert write([statement("path", longest)]) == f"path {longest}\n"
    with pytest.raises(LvsnetError, match="at most 1022"):
        write([statement("path", longest + "x")])
    with pytest.raises(LvsnetError, match="at most 1022"):
        write([comment(longest * 2)])


def test_layout() -> None:
    items: list[Item] = [
        comment("the pair"),
        Statement(
            (Word("vrrp_instance"), Word("VI 1")),
            (
                statement("priority", 150),
                statement("virtual_ipaddress", block=(statement("192.0.2.1/32", "dev", "eth1"),)),
            ),
            Comment(" first", marker="!"),
        ),
        Blank(),
        statement("notify_up", "/usr/bin/logger 'it is up'"),
    ]
    assert write(items) == (
        "# the pair\n"
        'vrrp_instance "VI 1" { ! first\n'
        "    priority 150\n"
        "    virtual_ipaddress {\n"
        "        192.0.2.1/32 dev eth1\n"
        "    }\n"
        "}\n"
        "\n"
        "notify_up \"/usr/bin/logger 'it is up'\"\n"
    )


def test_what_was_read_is_spelt_as_it_was() -> None:
    read = Statement((Word("router_id"), Word("lb01", '"lb01"'), Word("SG1", "${SG}")))
    assert write([read]) == 'router_id "lb01" ${SG}\n'
    assert (read.keyword, read.arguments) == ("router_id", ("lb01", "SG1"))
