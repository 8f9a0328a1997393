"""keepalived.conf as the linter reads it: statements after expansion, each with its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lvsnet.keepalived.keywords.values import NO
from lvsnet.lint.model import Given, Place


@dataclass(frozen=True)
class Written:
    """A statement, or an entry of a value block such as ``virtual_ipaddress``."""

    words: tuple[str, ...]
    place: Place
    block: tuple[Written, ...] | None = None
    """What stands between its braces; None where there are none."""

    @property
    def keyword(self) -> str:
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]

    @property
    def text(self) -> str:
        """The statement's line, without its block."""
        return " ".join(self.words)

    def all(self, *keywords: str) -> tuple[Written, ...]:
        """The statements of its block that have one of these keywords, in their order."""
        if len(keywords) == 1:
            return self._by_keyword.get(keywords[0], ())
        return tuple(one for one in self.block or () if one.keyword in keywords)

    @cached_property
    def _by_keyword(self) -> dict[str, tuple[Written, ...]]:
        found: dict[str, list[Written]] = defaultdict(list)
        for one in self.block or ():
            found[one.keyword].append(one)
        return {keyword: tuple(statements) for keyword, statements in found.items()}

    def last(self, *keywords: str) -> Written | None:
        """The one that counts where keepalived takes the last."""
        found = self.all(*keywords)
        return found[-1] if found else None

    def entries(self, *keywords: str) -> tuple[Written, ...]:
        """The entries of all value blocks that have one of these keywords."""
        return tuple(entry for one in self.all(*keywords) for entry in one.block or ())

    def word(self, keyword: str) -> Given[str] | None:
        """The first argument of the statement that counts; None without one."""
        found = self.last(keyword)
        if found is None or not found.arguments:
            return None
        return Given(found.arguments[0], found.place)

    def number(self, keyword: str) -> Given[int] | None:
        """As ``word``, of a whole number; None for what is no number."""
        found = self.word(keyword)
        if found is None:
            return None
        try:
            return Given(int(found.value), found.place)
        except ValueError:
            return None

    def seconds(self, keyword: str) -> Given[float] | None:
        """As ``word``, of a number that may have decimals; None for what is no number."""
        found = self.word(keyword)
        if found is None:
            return None
        try:
            value = float(found.value)
        except ValueError:
            return None
        return Given(value, found.place) if value == value and abs(value) < 1e9 else None

    def flag(self, keyword: str) -> Place | None:
        """Where a keyword is that stands alone, or before a yes; None without it or before a no."""
        found = self.last(keyword)
        if found is None or (found.arguments and found.arguments[0] in NO):
            return None
        return found.place

    def walk(self) -> Iterator[Written]:
        """Itself and all statements within it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(one.block or ())
