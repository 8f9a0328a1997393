"""The candidates as a picture: SVG 1.1, which any browser shows."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from xml.sax.saxutils import escape

from lvsnet.spread.choosing import Answer
from lvsnet.spread.model import Candidate
from lvsnet.spread.question import Question
from lvsnet.spread.rates import percent, written

LEFT, TOP, BAR, GAP, LINK, RIGHT = 150, 76, 14, 18, 360, 300
"""Pixels: room for names, above the bars, a bar's height, between pairs, a whole link, verdicts."""
UP = "#4878a8"
AFTER = {"below": "#5b9a5b", "at": "#c9971c", "over": "#c0392b"}
DRAWN = Fraction(3, 2)
"""Of a link; longer bars are cut there."""


def picture(question: Question, answer: Answer) -> str:
    """Two bars for each candidate, all up and after the worst loss, and a line for the limit."""
    row = 2 * BAR + GAP
    height = TOP + row * len(answer.candidates) + 34
    width = LEFT + int(LINK * DRAWN) + RIGHT
    body = [*_head(question), *_limit(question, TOP + row * len(answer.candidates))]
    for number, one in enumerate(answer.candidates):
        words = " recommended" if one is answer.recommended else ""
        body += _pair(one, TOP + number * row, words)
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">'
    )
    return "\n".join(
        [
            begin,
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _head(question: Question) -> Iterator[str]:
    links = " / ".join(dict.fromkeys(written(one.capacity) for one in question.directors))
    yield _text(
        12, 24, f"{len(question.directors)} directors, links of {links}, "
        f"{written(question.traffic)} of traffic, {question.losses} may be lost", "bold",
    )  # fmt: skip
    yield f'<rect x="{LEFT}" y="38" width="12" height="12" fill="{UP}"/>'
    yield _text(LEFT + 18, 49, "busiest link, all up")
    for number, colour in enumerate(AFTER.values()):
        x = LEFT + 180 + 14 * number
        yield f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>'
    yield _text(LEFT + 228, 49, "after the worst loss: below, at, beyond the limit")


def _limit(question: Question, bottom: int) -> Iterator[str]:
    x = LEFT + float(question.utilisation) * LINK
    yield (
        f'<line x1="{x:.1f}" y1="{TOP - 12}" x2="{x:.1f}" y2="{bottom}" stroke="#333333" '
        'stroke-dasharray="5 4"/>'
    )
    yield _text(int(x) - 20, bottom + 18, f"limit {percent(question.utilisation)}")


def _pair(candidate: Candidate, y: int, words: str) -> Iterator[str]:
    count = len(candidate.vips)
    title = f"{count} VIP{'s' if count > 1 else ''}"
    yield _text(12, y + 12, title, "bold" if words else "normal")
    held = "/".join(map(str, candidate.held))
    yield _text(12, y + 12 + BAR, held if len(held) < 20 else f"{held[:17]}...")
    state = "below" if candidate.below_limit else "at" if candidate.at_limit else "over"
    yield from _bar(candidate.busiest_up, y, UP, "")
    words += " perfectly even" if candidate.even else ""
    words += "" if candidate.all_active else f" {candidate.held.count(0)} idle"
    yield from _bar(candidate.busiest_after_loss, y + BAR, AFTER[state], words)


def _bar(part: Fraction, y: int, colour: str, words: str) -> Iterator[str]:
    length = float(min(part, DRAWN)) * LINK
    yield f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{colour}"/>'
    yield _text(LEFT + int(length) + 6, y + 11, f"{percent(part)}{words}")


def _text(x: int, y: int, words: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" font-weight="{weight}" fill="#222222">{escape(words)}</text>'
