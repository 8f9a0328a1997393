"""A command line as containerlab splits it: quotes as in a shell, but nobody runs a shell.

The rules are those of the library that containerlab uses (google/shlex), which Python's own
``shlex`` does not have: ``#`` begins a comment only where a word could begin, and a backslash in
double quotes takes any character literally.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      (?P<space>  [ \t\r\n]+ )
    | (?P<single> '(?P<plain>[^']*)' )
    | (?P<double> "(?P<escaped>(?:[^"\\]|\\.)*)" )
    | (?P<escape> \\(?P<literal>.) )
    | (?P<bare>   [^ \t\r\n'"\\] )
    """,
    re.DOTALL | re.VERBOSE,
)
_COMMENT = re.compile(r"#[^\n]*")


def split(line: str) -> tuple[str, ...]:
    """The words of a command line; none for one that is empty.

    Raises ValueError, with a message for the user, for a quote that is not closed or a backslash
    at the end.
    """
    words: list[str] = []
    word: list[str] | None = None
    at = 0
    while at < len(line):
        if word is None and (comment := _COMMENT.match(line, at)):
            at = comment.end()
            continue
        token = _TOKEN.match(line, at)
        if token is None:
            raise ValueError(_unfinished(line[at]))
        at = token.end()
        if not token["space"]:
            word = [] if word is None else word
            word.append(_literal(token))
        elif word is not None:
            words.append("".join(word))
            word = None
    if word is not None:
        words.append("".join(word))
    return tuple(words)


def _literal(token: re.Match[str]) -> str:
    if token["single"]:
        return token["plain"]
    if token["double"]:
        return re.sub(r"\\(.)", r"\1", token["escaped"], flags=re.DOTALL)
    return token["literal"] if token["escape"] else token["bare"]


def _unfinished(character: str) -> str:
    if character == "\\":
        return "nothing follows the backslash at the end"
    return f"the quote {character} is not closed"
