"""The words of a sentence, one after the other, and what is said of one that does not belong.

What can be read at a place is a function of a Reader; `lvsnet.scenario.sentences` puts them
together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.lab.units import Duration
from lvsnet.observe import grammar as conditions
from lvsnet.observe.conditions import COMPARISONS

WORD = re.compile(r"[<>=!]+|\+|[^\s<>=!+]+")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
"""Of a node, of a load, and of what a real server's answer may begin with."""
TAKEOVER = "takeover"
PERCENT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,6})?)%")


class SentenceError(LvsnetError):
    """A sentence that cannot be read; the message says where, and what was expected there."""


@dataclass(frozen=True)
class Span:
    """A length of time, some of which may be the lab's to say."""

    seconds: float
    takeovers: int = 0
    """How many times the bound of a takeover comes on top."""

    def with_takeover(self, seconds: float) -> float:
        return self.seconds + self.takeovers * seconds


@dataclass(frozen=True)
class Word:
    text: str
    """Empty at the end of the sentence."""
    at: int
    """From 0, in characters."""


@dataclass
class Reader:
    text: str
    at: int = 0

    def peek(self) -> Word:
        match = WORD.search(self.text, self.at)
        return Word(match[0], match.start()) if match else Word("", len(self.text.rstrip()))

    def take(self) -> Word:
        word = self.peek()
        self.at = word.at + len(word.text)
        return word

    def skips(self, text: str) -> bool:
        """Whether this comes next, which is taken then."""
        if self.peek().text != text:
            return False
        self.take()
        return True

    def need(self, *texts: str) -> None:
        for text in texts:
            word = self.take()
            if word.text != text:
                raise self.wrong(word, f"'{text}'")

    def end(self) -> None:
        word = self.take()
        if word.text == "and":
            raise self.wrong(word, "the end: 'and' joins conditions only; write a step for each")
        if word.text:
            raise self.wrong(word, "the end")

    def wrong(self, word: Word, expected: str) -> SentenceError:
        shown = re.sub(r"\s", " ", self.text)
        found = f", not {word.text!r}" if word.text else ""
        at_end = word.at >= len(self.text.rstrip())
        where = "at the end" if at_end else f"at character {word.at + 1}"
        message = f"expected {expected}{found}, {where} of the sentence"
        return SentenceError(f"{message}\n  {shown}\n  {' ' * word.at}^" if shown else message)


def read_span(reader: Reader) -> Span:
    seconds, takeovers = 0, 0
    while True:
        word = reader.take()
        if word.text == TAKEOVER:
            takeovers += 1
        else:
            seconds += _microseconds(reader, word)
        if not reader.skips("+"):
            return Span(seconds / 1e6, takeovers)


def _microseconds(reader: Reader, word: Word) -> int:
    try:
        return Duration(word.text).microseconds
    except ValueError as error:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", word.text):
            expected = f"a time with its unit, such as {word.text}s"
        elif re.match("[0-9]", word.text):
            expected = f"a time that can be read ({error})"
        else:
            expected = f"a time, such as 500ms or 4s, or '{TAKEOVER}'"
        raise reader.wrong(word, expected) from None


def read_comparison(reader: Reader) -> str:
    word = reader.take()
    if word.text not in COMPARISONS:
        raise reader.wrong(word, either(COMPARISONS))
    return word.text


def read_whole(reader: Reader, most: int) -> int:
    word = reader.take()
    if not re.fullmatch(r"[0-9]{1,10}", word.text) or int(word.text) > most:
        raise reader.wrong(word, "a whole number")
    return int(word.text)


def read_percent(reader: Reader) -> float:
    word = reader.take()
    match = PERCENT.fullmatch(word.text)
    if match is None:
        raise reader.wrong(word, "a percentage, such as 10%")
    return float(match[1])


def read_load(reader: Reader) -> str:
    return read_name(reader, "a load's name") if reader.skips("of") else ""


def read_name(reader: Reader, expected: str) -> str:
    word = reader.take()
    if not NAME.fullmatch(word.text):
        raise reader.wrong(word, expected)
    return word.text


def read_address(reader: Reader) -> str:
    word = reader.peek()
    try:
        (term,) = conditions.parse(f"vip {word.text} on nobody").terms
    except (LvsnetError, ValueError):
        raise reader.wrong(word, "a VIP, without prefix length or port") from None
    reader.take()
    return str(term).split()[1]


def either(words: Iterable[str]) -> str:
    *others, last = [f"'{word}'" for word in words]
    return f"{', '.join(others)} or {last}"


def meant(text: str, words: Iterable[str]) -> str:
    from lvsnet.lab.suggest import nearest

    near = nearest(text, words)
    return f" (did you mean '{near}'?)" if near else ""
