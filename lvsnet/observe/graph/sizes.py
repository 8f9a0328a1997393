"""How large things are in a picture, in pixels."""

from __future__ import annotations

from lvsnet.observe.graph import measure
from lvsnet.observe.graph.scene import Bar, Box

TITLE, LINE, PAD = 30.0, 17.0, 10.0
"""Heights of a box's head and of a line in it, and what is left free around them."""
NAME_SIZE, ROLE_SIZE, LINE_SIZE, PREFIX_SIZE = 14.0, 11.0, 11.5, 11.0
LEAST_WIDTH, LONGEST_NAME, LONGEST_LINE = 132.0, 32, 48
GAP, AISLE, FOLD, RAIL = 26.0, 44.0, 16.0, 40.0
"""Between boxes beside one another, boxes and bars, boxes above one another; a rail's width."""
SLOT, LANE = 18.0, 11.0
"""Between arrows on one link, and on one bar."""
BESIDE = 52.0
"""Between two links of a box on the same side."""
LEAST_BAR, BETWEEN = 38.0, 16.0
"""A bar's height at least, and what is free between two in one layer."""


def width(box: Box) -> float:
    head = measure.sans(measure.cut(box.name, LONGEST_NAME), NAME_SIZE)
    head += measure.sans(box.role, ROLE_SIZE) + 3 * PAD
    lines = (
        measure.mono(measure.cut(one.text, LONGEST_LINE), LINE_SIZE)
        + (measure.mono(one.aside, LINE_SIZE) + PAD if one.aside else 0)
        + 2 * PAD
        + 6
        for one in box.lines
    )
    return max(LEAST_WIDTH, head, BESIDE * box.links, *lines)


def height(box: Box) -> float:
    return TITLE + LINE * len(box.lines) + (PAD if box.lines else 0)


def words(bar: Bar) -> float:
    """How wide what a bar is called is."""
    return max(
        measure.sans(measure.cut(bar.name, LONGEST_NAME), NAME_SIZE),
        *(measure.mono(one, PREFIX_SIZE) for one in bar.prefixes),
        40.0,
    )
