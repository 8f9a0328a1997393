"""nginx's configuration is read as nginx reads it, and changed where it has to be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.engine import nginx_text
from lvsnet.engine.nginx_text import Directive
from lvsnet.errors import LvsnetError
from lvsnet.plan.nginx import nginx_files

CONF = nginx_files("nginx01", (80,), {4})[0].content


def _parsed(text: str) -> tuple[Directive, ...]:
    return nginx_text.parse(text, "nginx.conf")


def _words(text: str) -> list[tuple[str, ...]]:
    return [one.words for one in _parsed(text)]


def _block(directives: tuple[Directive, ...], *names: str) -> tuple[Directive, ...]:
    """What is in the first block of these names, one within the other."""
    for name in names:
        directives = next(one.block or () for one in directives if one.name == name)
    return directives


def _said(directives: tuple[Directive, ...]) -> list[str]:
    return [" ".join(one.words) for one in directives]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user www-data;", [("user", "www-data")]),
        ("a b;c d;", [("a", "b"), ("c", "d")]),
        ("# x; {\na 1; # } ;\n", [("a", "1")]),
        ("a b#c;", [("a", "b#c")]),
        ('a "x; } # {";', [("a", '"x; } # {"')]),
        (r"""a 'it''s';""", [("a", "'it'", "'s'")]),
        (r'a "say \"no\";" ;', [("a", r'"say \"no\";"')]),
        (r"a b\;c\ d;", [("a", r"b\;c\ d")]),
        ("a ${name}_x;", [("a", "${name}_x")]),
        ("a x${name}{ b; }", [("a", "x${name}")]),
        ('a it"s";', [("a", 'it"s"')]),
        ("a b}c;", [("a", "b}c")]),
        ('log "two\nlines";\nb;', [("log", '"two\nlines"'), ("b",)]),
    ],
)
def test_words_are_nginxs(text: str, words: list[tuple[str, ...]]) -> None:
    assert _words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a", "nginx.conf:1: a has no semicolon"),
        ("\na { b; ", "nginx.conf:2: the block a has no end"),
        ("a;\n}", "nginx.conf:2: there is no block"),
        ("a { b }", "nginx.conf:1: b has no semicolon"),
        ('a;\nb "x;', "nginx.conf:2: the quotation"),
        (";", "nginx.conf:1: unexpected ;"),
        ("a;\n{ b; }", "nginx.conf:2: unexpected {"),
        ("content_by_lua_block { x = '}' }", "nginx.conf:1: content_by_lua_block is Lua"),
    ],
)
def test_what_nginx_would_not_read_is_said_with_its_line(text: str, words: str) -> None:
    with pytest.raises(LvsnetError) as failed:
        _parsed(text)
    assert str(failed.value).startswith(words)


def test_lines_are_counted_through_quotations_and_comments() -> None:
    directives = _parsed('a "1\n2";\n# 3\n\nb { c;\nd; }')
    assert [one.line for one in directives] == [1, 5]
    assert [one.line for one in directives[1].block or ()] == [5, 6]


words = st.one_of(
    st.from_regex(r"[a-z/~^$()|:.*=_-]{1,8}", fullmatch=True),
    st.from_regex(r'"([a-z;{}# \n]|\\"|\\\\){0,8}"', fullmatch=True),
    st.from_regex(r"'([a-z;{}#\" \n]|\\'){0,8}'", fullmatch=True),
    st.just("${name}"),
    st.just(r"\;\{"),
)
# A quotation glued to what is before it is part of that.
lines = st.lists(words, min_size=1, max_size=4).map(tuple)
directives = st.recursive(
    st.builds(Directive, lines, st.just(0)),
    lambda inner: st.builds(Directive, lines, st.just(0), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=8,
)


def _without_lines(some: tuple[Directive, ...]) -> list[object]:
    return [(one.words, None if one.block is None else _without_lines(one.block)) for one in some]


@settings(max_examples=50)
@given(st.lists(directives, max_size=4).map(tuple))
def test_what_is_written_is_read_again(some: tuple[Directive, ...]) -> None:
    text = nginx_text.text_of(some, "a test")
    assert _without_lines(_parsed(text)) == _without_lines(some)


@given(st.text(alphabet="ab \n\"'\\;{}#$", max_size=40))
def test_no_text_is_too_strange_to_be_read_or_refused(text: str) -> None:
    refused = ""
    try:
        _parsed(text)
    except LvsnetError as error:
        refused = str(error)
    assert refused == "" or refused.startswith("nginx.conf:")


def test_a_name_in_quotes_is_that_name() -> None:
    assert _parsed("'server' { }")[0].name == "server"
    assert nginx_text.unquoted(r'"a\"b\tc\d"') == 'a"b\tc\\d'


def test_files_that_are_included_stand_in_the_place_of_the_include() -> None:
    files = {
        "sites/*": [("a.conf", "server { listen 1; include 'more'; }"), ("b.conf", "x;")],
        "more": [("more", "root /srv;")],
    }
    some = nginx_text.expanded(_parsed("http { a; include sites/*; b; }"), files.__getitem__)
    assert _said(_block(some, "http")) == ["a", "server", "x", "b"]
    assert _said(_block(some, "http", "server")) == ["listen 1", "root /srv"]


def test_an_include_that_stands_for_no_file_is_nothing() -> None:
    assert nginx_text.expanded(_parsed("a; include conf.d/*.conf;"), lambda _: []) == _parsed("a;")


def test_files_that_include_each_other_are_refused() -> None:
    with pytest.raises(LvsnetError, match="included by what it includes"):
        nginx_text.expanded(_parsed("include a;"), lambda _: [("a", "include a;")])


def test_a_server_that_fails_answers_500_before_all_else() -> None:
    text = (
        "events { } http { error_page 500 =200 /ok; server { listen 81; error_page 500 @x; "
        "if ($a) { return 200; } rewrite a b; location / { } ssl_certificate c; } server { } }"
    )
    http = _block(nginx_text.failing(_parsed(text)), "http")
    first, second = (one.block for one in http if one.name == "server")
    assert first is not None
    assert second is not None
    own = ["return 500", "error_page 404 /.lvsnet-nowhere"]
    assert _said(first) == [*own, "listen 81", "ssl_certificate c"]
    assert _said(second) == own


def test_a_late_server_keeps_all_that_it_had() -> None:
    changed = nginx_text.slow(_parsed(CONF), 2000)
    server = _block(changed, "http", "server")
    had = _block(_parsed(CONF), "http", "server")
    assert tuple(one for one in server if one in had) == had
    assert any("auth_delay 2000ms" in _said(one.block or ()) for one in server)
    assert server[0].name == "if", "a rewrite of the server's own must come after the delay"


def test_one_that_is_away_has_no_servers() -> None:
    changed = nginx_text.away(_parsed(CONF + "stream { server { listen 1; } }"))
    assert "worker_processes" in {one.name for one in changed}
    assert not {"http", "stream"} & {one.name for one in changed}


@pytest.mark.parametrize("text", ["events { }", "http { }", "stream { server { listen 1; } }"])
def test_what_serves_no_http_cannot_be_broken(text: str) -> None:
    for change in (nginx_text.failing, lambda some: nginx_text.slow(some, 1)):
        with pytest.raises(LvsnetError, match="no HTTP server"):
            change(_parsed(text))


def test_a_changed_file_says_what_it_is() -> None:
    text = nginx_text.text_of(_parsed(CONF), "service fail nginx01")
    assert text.splitlines()[0] == f"{nginx_text.MARK}: service fail nginx01"
