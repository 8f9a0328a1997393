"""nginx's configuration: read as nginx reads it, and changed so that its servers misbehave.

Pure: text in, text out. What is not understood is kept word for word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lvsnet.errors import LvsnetError

Read = Callable[[str], Sequence[tuple[str, str]]]
"""Path and text of each file that the argument of ``include`` stands for, in their order."""

DEEPEST = 20
"""Files that include one another, one below the other."""
MARK = "# In place of this node's own file, by lvsnet"
"""How every text begins that `text_of` gives."""
SERVICES = ("http", "stream", "mail")
"""Blocks at the top of the file that have servers in them."""
REWRITING = ("break", "if", "return", "rewrite", "set")
"""What of ngx_http_rewrite_module a server may have."""
SPACE = " \t\r\n"
ESCAPED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}
"""What stands for what behind a backslash; with any other character the backslash stays."""

LATE = "/.lvsnet-late"
PAST = "@lvsnet-past"
NOWHERE = "/.lvsnet-nowhere"
"""The name of no file."""


@dataclass(frozen=True)
class Directive:
    words: tuple[str, ...]
    """As they are written, with quotes and backslashes; at least one."""
    line: int
    """From 1, of its file."""
    block: tuple[Directive, ...] | None = None
    """None for one that ends with a semicolon."""

    @property
    def name(self) -> str:
        return unquoted(self.words[0])


def parse(text: str, file: str) -> tuple[Directive, ...]:
    """The directives of a file, by the rules of ngx_conf_read_token (src/core/ngx_conf_file.c).

    Raises:
        LvsnetError: nginx would not read it, or it has a block of Lua, whose braces are not
            nginx's; the message has the file and the line.
    """
    tokens = _tokens(text, file)
    directives, end = _block(tokens, file)
    if end is not None:
        raise LvsnetError(f"{file}:{end}: there is no block that this }} ends")
    return directives


def expanded(
    directives: Iterable[Directive], read: Read, depth: int = DEEPEST
) -> tuple[Directive, ...]:
    """The directives with those of the files that they include in the places of ``include``.

    Raises:
        LvsnetError: a file cannot be read, or files include one another in a circle.
    """
    found: list[Directive] = []
    for one in directives:
        if one.name == "include" and one.block is None and len(one.words) == 2:
            if not depth:
                raise LvsnetError(f"{one.words[1]} is included by what it includes")
            for file, text in read(unquoted(one.words[1])):
                found += expanded(parse(text, file), read, depth - 1)
        elif one.block is not None:
            found.append(replace(one, block=expanded(one.block, read, depth)))
        else:
            found.append(one)
    return tuple(found)


def text_of(directives: Iterable[Directive], why: str) -> str:
    """A configuration file whose first line says ``why`` it is there."""
    return "\n".join([f"{MARK}: {why}", *_lines(directives, ""), ""])


def failing(directives: Iterable[Directive]) -> tuple[Directive, ...]:
    """Every HTTP server answers 500, whatever it is asked for and however it names its errors.

    Raises:
        LvsnetError: there is no HTTP server.
    """

    def fail(server: Directive) -> Directive:
        gone = (*REWRITING, "location", "error_page")
        rest = tuple(one for one in server.block or () if one.name not in gone)
        # The server's own, for it would have those of http: one of them may turn 500 into 200.
        own = _directive("error_page", "404", NOWHERE)
        return replace(server, block=(_directive("return", "500"), own, *rest))

    return _with_servers(directives, fail)


def slow(directives: Iterable[Directive], milliseconds: int) -> tuple[Directive, ...]:
    """Every HTTP server answers as it did, but each answer is so much later.

    nginx waits, without a process for it, before it says that who asks is not authorised
    (auth_delay). So each request first goes where nobody is, and then on to what it asked for:
    by try_files, which starts anew and keeps method and body.

    Raises:
        LvsnetError: there is no HTTP server.
    """
    first = Directive(
        ("if", "($lvsnet_past", "=", '"")'),
        0,
        (
            _directive("set", "$lvsnet_uri", "$uri"),
            _directive("rewrite", "^", LATE, "last"),
        ),
    )
    late = Directive(
        ("location", "=", LATE),
        0,
        (
            _directive("internal"),
            _directive("satisfy", "all"),
            _directive("allow", "all"),
            _directive("auth_basic", "late"),
            _directive("auth_basic_user_file", "/dev/null"),
            _directive("auth_delay", f"{milliseconds}ms"),
            # It would say so for each request.
            _directive("error_log", "/dev/null", "emerg"),
            # Without it the request's own error pages would not be shown any more.
            _directive("recursive_error_pages", "on"),
            _directive("error_page", "401", "=", PAST),
        ),
    )
    past = Directive(
        ("location", PAST),
        0,
        (
            # Who is let in by one of several ways gets no WWW-Authenticate.
            _directive("satisfy", "any"),
            _directive("allow", "all"),
            _directive("set", "$lvsnet_past", "1"),
            _directive("try_files", NOWHERE, "$lvsnet_uri$is_args$args"),
        ),
    )
    # A variable that is only ever set would be complained of where it is not yet.
    known = Directive(("map", '""', "$lvsnet_past"), 0, (_directive("default", '""'),))

    def delay(server: Directive) -> Directive:
        return replace(server, block=(first, *(server.block or ()), late, past))

    delayed = _with_servers(directives, delay)
    return tuple(
        replace(one, block=(known, *(one.block or ()))) if one.name == "http" else one
        for one in delayed
    )


def away(directives: Iterable[Directive]) -> tuple[Directive, ...]:
    """nginx runs, and listens nowhere."""
    return tuple(one for one in directives if one.name not in SERVICES)


def unquoted(word: str) -> str:
    """What nginx makes of a word."""
    inner = word[1:-1] if word[:1] in ("'", '"') and len(word) > 1 else word
    found: list[str] = []
    at = 0
    while at < len(inner):
        pair = inner[at : at + 2]
        if len(pair) == 2 and pair[0] == "\\" and pair[1] in ESCAPED:
            found.append(ESCAPED[pair[1]])
            at += 2
        else:
            found.append(inner[at])
            at += 1
    return "".join(found)


@dataclass(frozen=True)
class _Token:
    line: int
    text: str
    """A word as it is written, or what `sign` says."""
    sign: bool = False
    """Whether it is ``;``, ``{`` or ``}`` and no word."""


def _tokens(text: str, file: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        letter = text[at]
        if letter in SPACE:
            line += letter == "\n"
            at += 1
        elif letter == "#":
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
        elif letter in ";{}":
            yield _Token(line, letter, sign=True)
            at += 1
        else:
            end = _quoted(text, at) if letter in "'\"" else _plain(text, at)
            if end is None:
                raise LvsnetError(f"{file}:{line}: the quotation that begins here has no end")
            yield _Token(line, text[at:end])
            line += text.count("\n", at, end)
            at = end


def _quoted(text: str, begin: int) -> int | None:
    """Where a quoted word that begins there has ended; None when it does not."""
    at = begin + 1
    while at < len(text):
        if text[at] == text[begin]:
            return at + 1
        at += 2 if text[at] == "\\" else 1
    return None


def _plain(text: str, begin: int) -> int:
    """Where a word without quotes that begins there has ended: quotes and # within are its own."""
    at = begin
    while at < len(text) and text[at] not in SPACE and text[at] not in ";{":
        at += 2 if text[at] == "\\" or text.startswith("${", at) else 1
    return min(at, len(text))


def _block(tokens: Iterator[_Token], file: str) -> tuple[tuple[Directive, ...], int | None]:
    """Directives up to the end of their block, and the line of its brace; None at a file's end."""
    found: list[Directive] = []
    words: list[_Token] = []
    for token in tokens:
        if not token.sign:
            words.append(token)
            continue
        if token.text == "}":
            if words:
                raise LvsnetError(f"{file}:{token.line}: {words[0].text} has no semicolon")
            return tuple(found), token.line
        if not words:
            raise LvsnetError(f"{file}:{token.line}: unexpected {token.text}")
        written, line = tuple(word.text for word in words), words[0].line
        words = []
        if token.text == ";":
            found.append(Directive(written, line))
            continue
        if written[0].endswith("_by_lua_block"):
            raise LvsnetError(f"{file}:{line}: {written[0]} is Lua, which lvsnet cannot read")
        block, end = _block(tokens, file)
        if end is None:
            raise LvsnetError(f"{file}:{line}: the block {written[0]} has no end")
        found.append(Directive(written, line, block))
    if words:
        raise LvsnetError(f"{file}:{words[0].line}: {words[0].text} has no semicolon")
    return tuple(found), None


def _lines(directives: Iterable[Directive], indent: str) -> Iterator[str]:
    for one in directives:
        words = indent + " ".join(one.words)
        if one.block is None:
            yield f"{words};"
        else:
            yield f"{words} {{"
            yield from _lines(one.block, indent + "    ")
            yield f"{indent}}}"


def _with_servers(
    directives: Iterable[Directive], change: Callable[[Directive], Directive]
) -> tuple[Directive, ...]:
    found: list[Directive] = []
    changed = False
    for one in directives:
        if one.name == "http" and one.block is not None:
            block = []
            for inner in one.block:
                is_server = inner.name == "server" and inner.block is not None
                changed = changed or is_server
                block.append(change(inner) if is_server else inner)
            found.append(replace(one, block=tuple(block)))
        else:
            found.append(one)
    if not changed:
        raise LvsnetError("its nginx has no HTTP server in its configuration")
    return tuple(found)


def _directive(*words: str) -> Directive:
    return Directive(words, 0)
