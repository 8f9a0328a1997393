"""keepalived.conf is read as keepalived reads it, and written again it means the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.model import Block, Keyword
from lvsnet.keepalived.lexing import COMMANDS, ESCAPED, LARGEST_FILE, UnreadableError
from lvsnet.keepalived.reading import read
from lvsnet.keepalived.tree import Blank, Comment, Item, Line, Statement, Word, statement
from lvsnet.keepalived.writer import write


def words(text: str) -> list[list[str]]:
    """The words of the statements, blocks unfolded."""

    def walk(items: tuple[Item, ...]) -> list[list[str]]:
        return [
            line
            for one in items
            if isinstance(one, Statement)
            for line in [[word.text for word in one.words], *walk(one.block or ())]
        ]

    return walk(read(text, "x.conf"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("priority\t100  # high", [["priority", "100"]]),
        ("a ! b", [["a"]]),
        (r"a \# b", [["a"]]),
        (r"a b\!c }", [["a", "b"]]),
        (r'a "\# b" \x', [["a", r"\# b", r"\x"]]),
        (r'a "b # c" d', [["a", "b # c", "d"]]),
        ('a "b c"d', [["a", "b c", "d"]]),
        ("a 'b c'", [["a", "'b", "c'"]]),
        ('a "{" b', [["a", "{", "b"]]),
        ("x { a b } y", [["x"], ["a", "b"], ["y"]]),
        ("x y\n\n# c\n{\na\n}", [["x", "y"], ["a"]]),
        ("a ${B} $C", [["a", "${B}", "$C"]]),
        ("a b \\", [["a", "b\\"]]),
        ("include conf.d/{a,b} c.conf # x", [["include", "conf.d/{a,b} c.conf"]]),
        ("includes x", [["includes", "x"]]),
        ("script '/x y' z", [["script", "/x y", "z"]]),
        (r'script "/x \"y\" z"', [["script", r"/x \"y\" z"]]),
        (r"notify_master /x\ y root", [["notify_master", r"/x\ y", "root"]]),
        (r'regex "a\x22\\.{2}\cA\101"', [["regex", 'a"\\.{2}\x01A']]),
        ("@lb01 priority 100", [["@lb01", "priority", "100"]]),
        ("a\r\nb\r\n", [["a"], ["b"]]),
        ("a\fb\vc", [["a", "b", "c"]]),
        ("a\u00a0b", [["a\u00a0b"]]),
        ("", []),
    ],
)
def test_words_are_keepalived_s(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected
    assert words(write(read(text, "x"))) == expected


def test_what_a_reader_would_miss_is_kept() -> None:
    text = """\
! LVS
vrrp_instance VI_1 { # first
    # inside

    priority 100 # high
}
# last
"""
    assert read(text, "x") == (
        Comment(" LVS", "!"),
        Statement(
            (Word("vrrp_instance"), Word("VI_1")),
            (
                Comment(" inside"),
                Blank(),
                Statement((Word("priority"), Word("100")), None, Comment(" high")),
            ),
            Comment(" first"),
        ),
        Comment(" last"),
    )
    assert write(read(text, "x")) == text


DYNAMIC = """\
$VIP=10.0.0.1
$INSTANCE= \\
vrrp_instance VI_${NUM} { \\
    @high priority 130 \\
}
~SEQ(i, 1, 3) a { b $i }
@low x { y }
@^low vrrp_instance VI_2 {
    virtual_ipaddress {
        $VIP dev eth0
    }
}
@low
$INSTANCE
"""


def test_what_only_keepalived_s_run_decides_stays_as_it_stands() -> None:
    tree = read(DYNAMIC, "x")
    assert write(tree) == DYNAMIC.replace("    @high", "@high")
    kept = [one.text for one in tree if isinstance(one, Line)]
    assert kept[0] == "$VIP=10.0.0.1"
    assert kept[-3:] == ["~SEQ(i, 1, 3) a { b $i }", "@low x { y }", "@low"]
    instance = tree[-3]
    assert isinstance(instance, Statement)
    assert (instance.condition, instance.keyword, instance.arguments) == (
        "@^low",
        "vrrp_instance",
        ("VI_2",),
    )


@pytest.mark.parametrize(
    "text",
    [
        "@a vrrp_instance A {\n@b vrrp_instance B {\npriority 1\n}\n",
        "x {\n@a }\n",
        "$OPEN=vrrp_instance VI {\n$OPEN\n}\n",
        "~SEQ(i, 1, 2) a {\n}\n}\n",
    ],
)
def test_braces_that_only_match_when_expanded_leave_lines(text: str) -> None:
    tree = read(text, "x")
    assert all(isinstance(one, Line) for one in tree)
    assert write(tree) == text


def test_places_are_told() -> None:
    (found,) = read("\nx {\n  priority  100 }", "x.conf")[1:]
    assert isinstance(found, Statement)
    assert (found.file, found.line) == ("x.conf", 2)
    (inner,) = found.block or ()
    assert isinstance(inner, Statement)
    assert (inner.line, [word.column for word in inner.words]) == (3, [3, 13])


WRONG = [
    (b"x {\n  a\n", "c:1:1: the block of 'x' that begins here is never closed"),
    (b"x {\n}\n}\n", "c:3:1: this '}' closes nothing"),
    (b"x {\n}\n  {\n}", "c:3:3: this '{' has no keyword before it"),
    (b'a\nb "c d\n', "c:2:3: a double quote is not closed"),
    (b"a\n" + b"b" * 1023 + b"\n", "c:2:1: the line has 1023 bytes"),
    (b"a\n" + "\u00e9".encode() * 512 + b"\n", "c:2:1: the line has 1024 bytes"),
    (b"a\nbc\0d\n", "c:2:3: has a byte 0x00"),
    (b"\x7fELF\x02", "c:1:1: has a byte 0x7f"),
    (b"a {\n" * 40, "c:33:3: blocks are nested deeper than 32"),
    (b"# x\n" * 2_500_000, "c:1:1: has 10 MB; lvsnet reads at most 4 MB"),
    (b"script 'a\n", "c:1:1: a quote is not closed"),
]


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_no_configuration_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read(content, "c")
    assert str(raised.value).startswith(message)


def test_bytes_of_another_encoding_come_back() -> None:
    content = b"# Jos\xe9\nrouter_id Andr\xe9\n"
    assert write(read(content, "x")).encode(errors="surrogateescape") == content


@pytest.mark.parametrize(
    "line", ["x { a 'b' } \\# c\n", "vrrp_instance VI_1 # c\n{ b }\n", "a {}" * 9]
)
def test_time_grows_with_the_length_alone(line: str) -> None:
    """Twice as much, not much more than twice the time."""

    def took(count: int) -> float:
        begun = time.process_time()
        read((line + "\n") * count, "x")
        return time.process_time() - begun

    once = max(min(took(100) for _ in range(3)), 0.001)
    assert min(took(400) for _ in range(2)) < 4 * once * 3
    assert LARGEST_FILE < 10_000_000


def _commands(block: Block) -> set[str]:
    found: set[str] = set()
    for one in block.keywords.values():
        if one.command:
            found.add(one.name)
        if isinstance(one.block, Block):
            found |= _commands(one.block)
    return found


def test_commands_are_those_of_the_table() -> None:
    assert _commands(FILE) == COMMANDS
    assert {"regex"} == ESCAPED
    assert isinstance(FILE.keywords["vrrp_script"], Keyword)


texts = st.text(st.sampled_from("ab0 \t{}!#'\\$@~_\u00e9n./"), min_size=1, max_size=10)
word_texts = texts.filter(lambda text: not text.endswith("\\"))
keywords = st.one_of(word_texts, st.sampled_from(["regex", "script", "priority", "notify"]))
notes = texts.map(lambda text: Comment(" " + text.rstrip("\\ \t")))
flat = st.builds(
    lambda keyword, rest, note: Statement(
        (Word(keyword), *(Word(one) for one in rest)), None, note
    ),
    keywords,
    st.lists(word_texts, max_size=3),
    st.none() | notes.map(lambda note: Comment(note.text.rstrip())),
)
trees = st.recursive(
    st.lists(
        flat | notes.map(lambda note: Comment(note.text.rstrip())) | st.just(Blank()), max_size=4
    ),
    lambda inner: st.lists(
        st.builds(lambda one, block: Statement(one.words, tuple(block), one.comment), flat, inner),
        max_size=3,
    ),
    max_leaves=8,
)


@given(trees)
def test_a_tree_comes_back(items: list[Item]) -> None:
    written = write(items)
    assert read(written, "x") == tuple(items)


@given(st.text(st.sampled_from("ab {}\"'#!\\$@~\n=()_"), max_size=60))
def test_what_can_be_read_is_written_and_read_as_the_same(text: str) -> None:
    try:
        tree = read(text, "x")
    except UnreadableError:
        return
    assert read(write(tree), "x") == tree


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        tree = read(content, "x")
    except UnreadableError:
        return
    assert read(write(tree).encode(errors="surrogateescape"), "x") == tree


def test_what_is_generated_is_read_as_it_was_made() -> None:
    made = statement("vrrp_script", "chk", block=(statement("script", "/usr/bin/x -v"),))
    assert read(write([made]), "x") == (made,)
