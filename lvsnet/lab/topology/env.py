"""Files with environment variables, as containerlab reads them (joho/godotenv).

A line is ``NAME=value`` or ``NAME: value``, with ``export`` before it or not. In double quotes, and
without quotes, ``$NAME`` stands for a variable that the file had before; single quotes keep
everything. Text behind `` #`` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lvsnet.errors import LabFileError, Problem

_LINE = re.compile(
    r"""
    [ \t]* (?:export[ \t]+)? (?P<name>[A-Za-z0-9_.-]+) [ \t]* [=:] [ \t]*
    (?: '(?P<single>(?:[^'\\]|\\.)*)' | "(?P<double>(?:[^"\\]|\\.)*)" | (?P<bare>(?!['"])[^\n]*?) )
    [ \t]* (?:(?<=[ \t])\#[^\n]*)? (?:\n|\Z)
    """,
    re.DOTALL | re.VERBOSE,
)
_EMPTY = re.compile(r"(?:[ \t]*(?:\#[^\n]*)?(?:\n|\Z))")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_BREAKS = {r"\n": "\n", r"\r": "\r"}
_VARIABLE = re.compile(r"(?P<escaped>\\)?\$(?P<open>\(|\{)?(?P<name>[A-Z0-9_]+)?\}?")


def parse_env(text: str, file: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a file whose text is ``text``.

    ``environment`` is looked at for what the file does not set itself before it is used. Raises
    LabFileError with the first line of ``file`` that sets no variable.
    """
    text = text.replace("\r\n", "\n")
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if empty := _EMPTY.match(text, at):
            at = empty.end()
            continue
        line = _LINE.match(text, at)
        if line is None:
            number = text.count("\n", 0, at) + 1
            raise LabFileError([Problem(file, number, 1, "expected NAME=value")])
        found[line["name"]] = _value(line, {**environment, **found})
        at = line.end()
    return found


def _value(line: re.Match[str], known: Mapping[str, str]) -> str:
    if line["single"] is not None:
        return line["single"]
    if line["double"] is not None:
        broken = _ESCAPE.sub(lambda one: _BREAKS.get(one[0], one[0]), line["double"])
        return _expanded(re.sub(r"\\([^$])", r"\1", broken, flags=re.DOTALL), known)
    return _expanded(line["bare"].strip(), known)


def _expanded(value: str, known: Mapping[str, str]) -> str:
    def put_in(one: re.Match[str]) -> str:
        if one["escaped"] or one["open"] == "(":
            return one[0][1:]
        return known.get(one["name"], "") if one["name"] else one[0]

    return _VARIABLE.sub(put_in, value)
