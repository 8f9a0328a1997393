"""A picture as SVG: one file that needs no other, for browsers, pages of Markdown and printers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from math import hypot
from xml.sax.saxutils import escape, quoteattr

from lvsnet.observe.graph import colours, measure
from lvsnet.observe.graph.picture import (
    Arrow,
    Picture,
    PlacedBar,
    PlacedBox,
    PlacedLink,
    PlacedPath,
    Point,
)
from lvsnet.observe.graph.scene import Kind, Line
from lvsnet.observe.graph.sizes import (
    LINE,
    LINE_SIZE,
    LONGEST_LINE,
    LONGEST_NAME,
    NAME_SIZE,
    PAD,
    PREFIX_SIZE,
    ROLE_SIZE,
    TITLE,
)

MARGIN, TOP, LEGEND = 24.0, 58.0, 20.0
"""Around everything; above the picture, for the title; a legend's line."""
ROUND, HEAD, BADGE = 6.0, 9.0, 8.0
"""Radius of bends, length of an arrow's head, radius of a number's disc."""
LEAST_WIDTH = 420.0


def size(picture: Picture, paths: Sequence[PlacedPath]) -> tuple[float, float]:
    """Width and height of the whole, with room for the longest legend of these paths."""
    legends = [_words(path) for path in paths]
    titles = [f"{path.title}  (one of {len(picture.paths)} services)" for path in paths]
    words = (*legends, titles, picture.notes)
    longest = max(
        (measure.sans(line, 12.5) * 0.86 for lines in words for line in lines),
        default=0.0,
    )
    lines = max((len(words) for words in legends), default=0) + len(picture.notes)
    named = measure.sans(picture.lab, 18) + 50
    width = max(picture.width, longest + 40, named, LEAST_WIDTH) + 2 * MARGIN
    below = LEGEND * lines + 20 if lines else 0
    return round(width), round(TOP + picture.height + below + MARGIN)


def written(picture: Picture, shown: str) -> str:
    """The picture with one service's path, or with none for ``""``."""
    chosen = [path for path in picture.paths if path.service == shown]
    width, height = size(picture, chosen)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label={quoteattr(_title(picture))}>'
    )
    return "\n".join(
        (
            head,
            f"<style>\n{colours.rules()}\n</style>",
            *body(picture, chosen),
            "</svg>\n",
        )
    )


def body(picture: Picture, paths: Sequence[PlacedPath], begin: str | None = None) -> Iterator[str]:
    """What is in the svg element, but its style.

    Of a page that shows one path at a time, ``begin`` is the service whose is the first. It shows a
    node's details itself, for which nodes can be reached by keys.
    """
    page = begin is not None
    width, height = size(picture, paths)
    left = MARGIN + max(0.0, (width - 2 * MARGIN - picture.width) / 2)
    yield f'<g class="{colours.NAME}">'
    yield f'<rect class="paper" width="{width}" height="{height}"/>'
    yield _text(MARGIN, 30, picture.lab, "strong", 18)
    if picture.live:
        yield _text(MARGIN + 8 + measure.sans(picture.lab, 18), 30, "now", "muted", 12.5)
    yield f'<g transform="translate({_number(left)} {_number(TOP)})">'
    for bar in picture.bars:
        yield from _bar(bar)
    for link in picture.links:
        yield from _link(link)
    for box in picture.boxes:
        yield from _box(box, page=page)
    for path in paths:
        yield f'<g class="path" data-service={quoteattr(path.service)}{_hidden(path, begin)}>'
        for _, step in groupby(path.arrows, key=lambda arrow: arrow.step):
            yield from _arrows(list(step))
        for arrow in path.arrows:
            yield from _badge(arrow)
        yield "</g>"
    yield "</g>"
    below = TOP + picture.height + 30
    for path in paths:
        yield f'<g class="path" data-service={quoteattr(path.service)}{_hidden(path, begin)}>'
        others = len(picture.paths) if begin is None else 1
        which = f"  (one of {others} services)" if others > 1 else ""
        yield _text(MARGIN, 49, path.title + which, "muted", 12.5)
        yield from _legend(path, below)
        yield "</g>"
    for n, note in enumerate(picture.notes):
        y = below + LEGEND * (max((len(_words(path)) for path in paths), default=0) + n)
        yield _text(MARGIN + 26, y + 4.5, note, "bad", 12.5)
    yield "</g>"


def _hidden(path: PlacedPath, begin: str | None) -> str:
    return "" if begin is None or begin == path.service else ' hidden=""'


def _title(picture: Picture) -> str:
    return f"{'Lab' if not picture.live else 'Running lab'} {picture.lab}"


def _bar(placed: PlacedBar) -> Iterator[str]:
    bar = placed.bar
    yield f'<g class="segment" data-segment={quoteattr(bar.name)}>'
    yield _rect("bar", placed.x, placed.y, placed.width, placed.height, 9)
    lines = len(bar.prefixes)
    y = placed.y + placed.height / 2 + (5 if not lines else 5 - 7 * lines)
    name = measure.cut(bar.name, LONGEST_NAME)
    yield _text(placed.x + PAD, y, name, "strong", NAME_SIZE)
    for n, prefix in enumerate(bar.prefixes, 1):
        yield _text(placed.x + PAD, y + 14 * n, prefix, "mono muted", PREFIX_SIZE)
    yield "</g>"


def _link(placed: PlacedLink) -> Iterator[str]:
    way = _line(placed.points)
    cut = " cut" if placed.link.cut else ""
    yield f'<path class="halo" d="{way}"/>'
    yield f'<path class="link{cut}" d="{way}"/>'
    x, y = placed.points[-1]
    yield f'<circle class="dot" cx="{_number(x)}" cy="{_number(y)}" r="3.5"/>'
    if placed.link.cut:
        (x1, y1), (x2, y2) = placed.points[-2:]
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        for slope in (1, -1):
            yield (
                f'<path class="cross" d="M{_number(x - 6)} {_number(y - 6 * slope)}'
                f'L{_number(x + 6)} {_number(y + 6 * slope)}"/>'
            )


def _box(placed: PlacedBox, *, page: bool) -> Iterator[str]:
    box, x, y, width = placed.box, placed.x, placed.y, placed.width
    off = " off" if box.off else ""
    keys = f' tabindex="0" aria-label={quoteattr(f"{box.name}, {box.role}")}' if page else ""
    yield f'<g class="node {escape(box.role)}{off}" data-node={quoteattr(box.name)}{keys}>'
    if not page:
        yield f"<title>{escape(chr(10).join((box.name, *box.details)))}</title>"
    yield _rect("box", x, y, width, placed.height, 7)
    bottom = y + TITLE - 4 if box.lines else y + placed.height - 0.6
    yield (
        f'<path class="head" d="M{_number(x + 0.6)} {_number(bottom)}V{_number(y + 7)}'
        f'q0 -6.4 6.4 -6.4H{_number(x + width - 7)}q6.4 0 6.4 6.4V{_number(bottom)}z"/>'
    )
    yield _text(x + PAD, y + 18, measure.cut(box.name, LONGEST_NAME), "strong", NAME_SIZE)
    role = "off" if box.off else box.role
    yield _text(x + width - PAD, y + 18, role, "muted", ROLE_SIZE, end=True)
    for n, line in enumerate(box.lines):
        yield from _box_line(line, x, y + TITLE + LINE * n, width)
    yield "</g>"


_CLASSES = {
    Kind.ADDRESS: "mono",
    Kind.QUIET: "mono muted",
    Kind.HELD: "mono held-text",
    Kind.BACKUP: "mono muted",
    Kind.DAEMON: "muted",
    Kind.DEAD: "bad",
    Kind.FAULT: "bad",
    Kind.OUT: "bad",
}
_PILLS = {Kind.HELD: "held", Kind.BACKUP: "backup", Kind.FAULT: "bad-pill", Kind.OUT: "bad-pill"}


def _box_line(line: Line, x: float, y: float, width: float) -> Iterator[str]:
    pill = _PILLS.get(line.kind)
    if pill:
        yield _rect(pill, x + 5, y, width - 10, LINE - 2, 4)
    words, named = measure.cut(line.text, LONGEST_LINE), _CLASSES[line.kind]
    yield _text(x + PAD, y + 11.5, words, named, LINE_SIZE)
    if line.aside:
        yield _text(x + width - PAD, y + 11.5, line.aside, named, LINE_SIZE, end=True)


def _arrows(arrows: Sequence[Arrow]) -> Iterator[str]:
    """Those of one step: they leave gaps in what they cross, but none in one another."""
    for arrow in arrows:
        yield f'<path class="casing" d="{_line(_stem(arrow))}"/>'
    for arrow in arrows:
        yield f'<path class="flow {arrow.kind}" d="{_line(_stem(arrow))}"/>'
    for arrow in arrows:
        (x, y), (dx, dy) = arrow.points[-1], _direction(arrow.points[-2], arrow.points[-1])
        bx, by = x - dx * HEAD, y - dy * HEAD
        corners = ((x, y), (bx - dy * 4.5, by + dx * 4.5), (bx + dy * 4.5, by - dx * 4.5))
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
        yield f'<polygon class="{arrow.kind}-fill" points="{points}"/>'


def _stem(arrow: Arrow) -> tuple[Point, ...]:
    """The way without the point of its head."""
    (x, y), (dx, dy) = arrow.points[-1], _direction(arrow.points[-2], arrow.points[-1])
    return (*arrow.points[:-1], (x - dx * HEAD * 0.8, y - dy * HEAD * 0.8))


def _direction(one: Point, other: Point) -> Point:
    return _towards((0.0, 0.0), (other[0] - one[0], other[1] - one[1]), 1.0)


def _badge(arrow: Arrow) -> Iterator[str]:
    if not arrow.number:
        return
    x, y = _towards(arrow.points[0], arrow.points[1], 12)
    yield from _disc(arrow.number, arrow.kind, x, y)


def _disc(number: int, kind: str, x: float, y: float) -> Iterator[str]:
    yield (
        f'<g class="badge"><circle class="{kind}-fill" cx="{_number(x)}" cy="{_number(y)}" '
        f'r="{_number(BADGE)}"/><text x="{_number(x)}" y="{_number(y + 3.8)}">{number}</text></g>'
    )


def _words(path: PlacedPath) -> list[str]:
    return [*(words for _, _, words in path.steps), *path.notes]


def _legend(path: PlacedPath, y: float) -> Iterator[str]:
    for number, kind, words in path.steps:
        yield from _disc(number, kind, MARGIN + BADGE, y)
        yield _text(MARGIN + 26, y + 4.5, words, "", 12.5)
        y += LEGEND
    for note in path.notes:
        yield _text(MARGIN + 26, y + 4.5, note, "bad", 12.5)
        y += LEGEND


def _line(points: Sequence[Point]) -> str:
    """A way with round bends."""
    points = [points[0], *(other for one, other in pairwise(points) if one != other)]
    words = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(ROUND, _far(before, here) / 2, _far(here, after) / 2)
        one, other = _towards(here, before, radius), _towards(here, after, radius)
        words.append(f"L{_number(one[0])} {_number(one[1])}")
        words.append(
            f"Q{_number(here[0])} {_number(here[1])} {_number(other[0])} {_number(other[1])}"
        )
    words.append(f"L{_number(points[-1][0])} {_number(points[-1][1])}")
    return "".join(words)


def _far(one: Point, other: Point) -> float:
    return hypot(other[0] - one[0], other[1] - one[1])


def _towards(one: Point, other: Point, far: float) -> Point:
    whole = _far(one, other) or 1.0
    return one[0] + (other[0] - one[0]) / whole * far, one[1] + (other[1] - one[1]) / whole * far


def _rect(named: str, x: float, y: float, width: float, height: float, radius: float) -> str:
    return (
        f'<rect class="{named}" x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(height)}" rx="{_number(radius)}"/>'
    )


def _text(x: float, y: float, words: str, named: str, size: float, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    named = f' class="{named}"' if named else ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}"{named} font-size="{_number(size)}"{anchor} '
        f'xml:space="preserve">{escape(words)}</text>'
    )


def _number(value: float) -> str:
    """As short as can be, so that equal pictures have equal bytes."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # with no -0
