"""YAML syntax errors in plain words."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError, StringMark

_INDENTATION = "this does not continue what is above it; check the indentation"
_ENDLESS = r"found unexpected (end of stream|document separator)"
_WORDS = (
    (r"found character '\\t' that cannot start any token", "a tab cannot indent; use spaces"),
    (
        r"found character (.+) that cannot start any token",
        r"text cannot start with \1; put it in quotes",
    ),
    (
        r"mapping values are not allowed here",
        "unexpected ':'; quote text that has ': ' in it, and indent keys of one mapping equally",
    ),
    (r"expected ',' or '\}', but got .*", "',' or '}' is missing"),
    (r"expected ',' or '\]', but got .*", "',' or ']' is missing"),
    (r"expected <block end>, but found .*", _INDENTATION),
    (r"expected '<document start>', but found .*", _INDENTATION),
    (r"expected the node content, but found '<(stream|document) end>'", "a value is missing"),
    (r"expected the node content, but found (.+)", r"unexpected \1"),
    (r"could not find expected ':'", "':' is missing after a key"),
    (_ENDLESS, "the closing quote is missing"),
    (r"found unknown escape character '(.*)'", r"the escape \\\1 does not exist"),
    (r"(block )?sequence entries are not allowed.*", "'- ' cannot start a list here"),
)
"""The parser's problem, as a regular expression -> what is wrong."""


def where_to_look(error: MarkedYAMLError) -> StringMark | None:
    """Give the place of a syntax error: of text that never ends, its beginning."""
    context: StringMark | None = error.context_mark
    problem: StringMark | None = error.problem_mark
    return context if context and _is_endless(error) else problem or context


def in_plain_words(error: MarkedYAMLError) -> str:
    """Give the message for a syntax error, with the line on which the wrong construct begins."""
    problem = str(error.problem or error.context or "unknown error")
    message = _message(problem)
    context, mark = error.context_mark, where_to_look(error)
    if context is None or mark is None or context.line == mark.line:
        return message
    kind = _kind(str(error.context))
    return f"{message} (the {kind} starts on line {context.line + 1})"


def _is_endless(error: MarkedYAMLError) -> bool:
    return bool(re.fullmatch(_ENDLESS, str(error.problem)))


def _message(problem: str) -> str:
    for pattern, words in _WORDS:
        match = re.fullmatch(pattern, problem, re.DOTALL)
        if match is not None:
            return match.expand(words)
    return f"not YAML: {problem}"


def _kind(context: str) -> str:
    if "mapping" in context:
        return "mapping"
    if "sequence" in context or "collection" in context:
        return "list"
    return "key" if "simple key" in context else "text"
