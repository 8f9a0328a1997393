"""Comments by which a file allows itself what a rule finds.

At the end of a line ``# lvsnet: allow RULE`` holds for what is written on it; on a line of its own
for the statement that follows. Either way a block is meant as a whole. ``# lvsnet: allow-file
RULE`` holds for the file. Several names stand behind one another, with commas or without.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lvsnet.lab.suggest import hint
from lvsnet.lint.checks.keywords import MOST
from lvsnet.lint.model import Finding, Place
from lvsnet.lint.written import Written
from lvsnet.rules.comments import UNKNOWN

_COMMENT = re.compile(r"[#!][ \t]*lvsnet:[ \t]*allow(-file)?(?![\w-])[ \t:]*(.*)")
_NAME = re.compile(r"[\w-]+")


@dataclass
class Allowed:
    """What the comments of the files allow."""

    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lines: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def holds(self, finding: Finding) -> bool:
        """Whether a finding is allowed, at any of its places."""
        places = (finding.place, *(one.place for one in finding.related))
        return any(
            finding.rule in self.files.get(place.file, ())
            or finding.rule in self.lines.get((place.file, place.line), ())
            for place in places
        )


def read(
    texts: Mapping[str, str], statements: Iterable[Written], known: Collection[str]
) -> tuple[Allowed, tuple[Finding, ...]]:
    """What the comments in ``texts``, by the files' names, allow; and names that no rule has."""
    allowed = Allowed()
    unknown: list[Finding] = []
    spans = _spans(statements)
    for file, text in texts.items():
        if "lvsnet:" not in text:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            found = _COMMENT.search(line)
            if found is None:
                continue
            names = _NAME.findall(found[2])
            if len(unknown) < MOST:
                unknown += _unknown(Place(file, number, found.start() + 1), names, known)
            if found[1]:
                allowed.files[file].update(names)
                continue
            own = bool(line[: found.start()].strip())
            for one in _lines(spans.get(file, ()), number, own):
                allowed.lines[file, one].update(names)
    return allowed, tuple(unknown)


def _unknown(place: Place, names: Sequence[str], known: Collection[str]) -> Iterator[Finding]:
    for name in names:
        if name not in known:
            yield Finding(UNKNOWN.name, place, f"there is no rule '{name}'{hint(name, known)}")


def _lines(spans: Sequence[tuple[int, int]], number: int, own: bool) -> Iterable[int]:
    """The lines that a comment on line ``number`` is about."""
    if own:
        before = bisect_left(spans, (number + 1,)) - 1
        start, end = spans[before] if before >= 0 else (0, 0)
        return range(number, (end if start == number else number) + 1)
    following = bisect_left(spans, (number + 1,))
    if following == len(spans):
        return range(number, number + 2)
    start, end = spans[following]
    return range(start, end + 1)


def _spans(statements: Iterable[Written]) -> dict[str, list[tuple[int, int]]]:
    """File -> the lines where statements begin, in order, each with the last line of them."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for top in statements:
        _span(top, found)
    return {file: sorted(dict(sorted(spans)).items()) for file, spans in found.items()}


def _span(one: Written, found: dict[str, list[tuple[int, int]]]) -> int:
    end = one.place.line
    for inner in one.block or ():
        last = _span(inner, found)
        if inner.place.file == one.place.file:
            end = max(end, last)
    found[one.place.file].append((one.place.line, end))
    return end
