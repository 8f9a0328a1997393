"""A keepalived.conf's text to its statements."""

from __future__ import annotations

import re

from lvsnet.errors import LabFileError, Problem
from lvsnet.lint.model import Place
from lvsnet.lint.written import Written

_TOKEN = re.compile(r'"([^"]*)"|([{}])|([^\s{}"]+)')
_COMMENT = re.compile(r'("[^"]*")|[#!].*')


def statements(text: str, file: str) -> tuple[Written, ...]:
    """The statements of one file, without those of what it includes.

    Raises LabFileError when braces do not match.
    """
    open_blocks: list[list[Written]] = [[]]
    heads: list[Written] = []
    for number, line in enumerate(text.splitlines(), 1):
        words: list[str] = []
        column = 1
        for token in _TOKEN.finditer(_COMMENT.sub(lambda found: found[1] or "", line)):
            if not token[2]:
                column = column if words else token.start() + 1
                words.append(token[3] if token[1] is None else token[1])
                continue
            here = Place(file, number, column)
            if words:
                open_blocks[-1].append(Written(tuple(words), here))
                words = []
            if token[2] == "{":
                if not open_blocks[-1]:
                    raise _refused(here, "this '{' has no keyword before it")
                heads.append(open_blocks[-1].pop())
                open_blocks.append([])
            else:
                if not heads:
                    raise _refused(here, "this '}' closes nothing")
                head = heads.pop()
                block = tuple(open_blocks.pop())
                open_blocks[-1].append(Written(head.words, head.place, block))
        if words:
            open_blocks[-1].append(Written(tuple(words), Place(file, number, column)))
    if heads:
        raise _refused(heads[-1].place, "this block is never closed")
    return tuple(open_blocks[0])


def _refused(place: Place, message: str) -> LabFileError:
    return LabFileError([Problem(place.file, place.line, place.column, message)])
