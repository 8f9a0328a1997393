"""Curves of ActiveConn and InActConn as an svg picture, for a document or for slides.

The same runs give the same bytes. The picture has its own background, light or dark as the reader's
programs are set (prefers-color-scheme), so that it can be read on any page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lvsnet.errors import LvsnetError
from lvsnet.report.model import Curve, Load, Run

SECOND = 1_000_000_000
WIDTH, LEFT, RIGHT = 760, 52, 18
TOP, HEIGHT, BELOW = 58, 150, 62
"""Of a panel: what is above its area, that, and what is below."""
BAR = 6
"""Height of the bar of a load."""
NICE = (1, 2, 5, 10)
MOST_TICKS_X, MOST_TICKS_Y = 9, 5
MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
"""Seconds between marks of the time axis that people like to read."""
QUOTE = {'"': "&quot;"}
"""Besides what `escape` knows."""
LETTER = 7.0
"""About the width of a letter."""
LONGEST = 72
"""Letters of a title, of which the last ones are kept: what runs differ in is at the end."""
STYLE = """
svg { color-scheme: light dark; }
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #3d444d; }
.title { font-size: 14px; font-weight: 600; fill: #1f2328; }
.back { fill: #ffffff; }
.grid { stroke: #d8dee4; fill: none; }
.axis { stroke: #6e7781; fill: none; }
.inactive { stroke: #0a5fb4; fill: none; stroke-width: 2; }
.area { fill: #0a5fb4; fill-opacity: 0.13; }
.active { stroke: #b3430a; fill: none; stroke-width: 2; stroke-dasharray: 5 3; }
.load { fill: #57606a; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  text { fill: #b1bac4; }
  .title { fill: #f0f3f6; }
  .back { fill: #151b23; }
  .grid { stroke: #30363d; }
  .axis { stroke: #8b949e; }
  .inactive { stroke: #6cb6ff; }
  .area { fill: #6cb6ff; }
  .active { stroke: #ffa657; }
  .load { fill: #9198a1; }
}
"""

Point = tuple[int, int]
"""Nanoseconds since the run's begin, and a count."""
Scale = Callable[[int], str]
"""From a value to its place in the picture."""


@dataclass(frozen=True)
class Panel:
    """What one director counted during a run, of all its real servers together."""

    title: str
    active: tuple[Point, ...]
    inactive: tuple[Point, ...]
    length: int
    """Nanoseconds."""
    loads: tuple[Load, ...]

    @property
    def most(self) -> int:
        return max(count for _at, count in (*self.active, *self.inactive))


def panels(runs: Sequence[Run]) -> tuple[Panel, ...]:
    """One for each director that counted anything, in the order of the runs."""
    return tuple(panel for run in runs for panel in _of_run(run))


def svg(runs: Sequence[Run]) -> str:
    """The curves of all runs below each other, to the same scale.

    Raises:
        LvsnetError: no director counted any connection, as far as the results say.
    """
    drawn = panels(runs)
    if not drawn:
        raise LvsnetError("there are no curves to draw: no director counted any connection")
    length = max(max(one.length for one in drawn), SECOND)
    most = max(one.most for one in drawn)
    tall = (TOP + HEIGHT + BELOW) * len(drawn)
    label = escape("ActiveConn and InActConn: " + "; ".join(one.title for one in drawn), QUOTE)
    inside = "".join(
        f'<g transform="translate(0 {number * (TOP + HEIGHT + BELOW)})">\n'
        f"{''.join(_panel(one, length, most))}</g>\n"
        for number, one in enumerate(drawn)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" width="{WIDTH}" '
        f'height="{tall}" role="img" aria-label="{label}">\n<style>{STYLE}</style>\n'
        f'<rect class="back" width="{WIDTH}" height="{tall}"/>\n{inside}</svg>\n'
    )


def _of_run(run: Run) -> Iterator[Panel]:
    nodes = list(dict.fromkeys(one.node for one in run.samples))
    counting = [
        node
        for node in nodes
        if any(max((*one.active, *one.inactive)) for one in run.samples if one.node == node)
    ]
    for node in counting:
        of_node = [one for one in run.samples if one.node == node]
        yield Panel(
            f"{run.title}, {node}",
            _summed((one, one.active) for one in of_node),
            _summed((one, one.inactive) for one in of_node),
            run.ended - run.begun,
            run.loads,
        )


def _summed(columns: Iterable[tuple[Curve, Sequence[int]]]) -> tuple[Point, ...]:
    """The sum of curves, each of which is so until its next point."""
    changes: dict[int, int] = {}
    for curve, counts in columns:
        before = 0
        for at, count in zip(curve.at, counts, strict=True):
            changes[at] = changes.get(at, 0) + count - before
            before = count
    found: list[Point] = []
    total = 0
    for at in sorted(changes):
        total += changes[at]
        if not found or found[-1][1] != total:
            found.append((at, total))
    return tuple(found)


def _panel(panel: Panel, length: int, most: int) -> Iterator[str]:
    wide = WIDTH - LEFT - RIGHT
    step_y = _nice(most, MOST_TICKS_Y)
    top = -(-most // step_y) * step_y

    def x(at: int) -> str:
        return _number(LEFT + wide * min(max(at, 0), length) / length)

    def y(count: int) -> str:
        return _number(TOP + HEIGHT - HEIGHT * count / top)

    bottom = TOP + HEIGHT
    yield f'<text class="title" x="{LEFT}" y="22">{escape(_cut(panel.title))}</text>\n'
    yield from _legend()
    for count in range(0, top + 1, step_y):
        yield f'<path class="grid" d="M{LEFT} {y(count)}H{WIDTH - RIGHT}"/>'
        yield f'<text class="end" x="{LEFT - 7}" y="{y(count)}" dy="4">{count}</text>\n'
    step_x = _seconds_step(length)
    for second in range(0, length // SECOND + 1, step_x):
        place = x(second * SECOND)
        yield f'<path class="axis" d="M{place} {bottom}v5"/>'
        yield f'<text class="middle" x="{place}" y="{bottom + 18}">{second} s</text>\n'
    end = x(panel.length)
    line = _line(panel.inactive, x, y, end)
    first = x(panel.inactive[0][0])
    yield f'<path class="area" d="{line}V{bottom}H{first}Z"/>\n'
    yield f'<path class="inactive" d="{line}"/>\n'
    yield f'<path class="active" d="{_line(panel.active, x, y, end)}"/>\n'
    yield f'<path class="axis" d="M{LEFT} {bottom}H{WIDTH - RIGHT}"/>\n'
    yield from _loads(panel.loads, x, bottom + 28)


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST else f"…{title[1 - LONGEST :]}"


def _legend() -> Iterator[str]:
    """To the right, above the area: it hides nothing there."""
    at = WIDTH - RIGHT - 196
    for name, kind in (("InActConn", "inactive"), ("ActiveConn", "active")):
        yield f'<path class="{kind}" d="M{at} 42h24"/><text x="{at + 30}" y="46">{name}</text>\n'
        at += 104


def _line(points: Sequence[Point], x: Scale, y: Scale, end: str) -> str:
    """A path whose value is so until the next point, and the last one to the end."""
    (first, count), *rest = points
    steps = "".join(f"H{x(at)}V{y(value)}" for at, value in rest)
    return f"M{x(first)} {y(count)}{steps}H{end}"


def _loads(loads: Sequence[Load], x: Scale, top: int) -> Iterator[str]:
    """When requests were sent, as bars, each with its words if those before leave room."""
    free = 0.0
    for one in sorted(loads, key=lambda load: load.summary.begun):
        begin, end = float(x(one.summary.begun)), float(x(one.summary.ended))
        wide = _number(max(end - begin, 2))
        yield f'<rect class="load" x="{_number(begin)}" y="{top}" width="{wide}" height="{BAR}"/>\n'
        words = f"{one.name}: {one.summary.requests} requests"
        at = max(min(begin, WIDTH - RIGHT - LETTER * len(words)), 0)
        if at >= free:
            yield f'<text x="{_number(at)}" y="{top + 20}">{escape(words)}</text>\n'
            free = at + LETTER * len(words)


def _nice(most: int, ticks: int) -> int:
    """A step for marks up to ``most``, of which there are so many at most: 1, 2, 5, 10, 20, ..."""
    size = 1
    while True:
        for one in NICE:
            if most <= one * size * ticks:
                return one * size
        size *= 10


def _seconds_step(length: int) -> int:
    """Seconds between marks of the time axis."""
    seconds = length // SECOND
    fitting = (one for one in MINUTES if seconds <= one * MOST_TICKS_X)
    return next(fitting, _nice(seconds, MOST_TICKS_X))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
