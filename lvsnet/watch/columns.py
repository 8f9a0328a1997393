"""Tables of a line each row, of as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    title: str
    rank: int
    """Of columns for which there is no room, those with the highest go first; 0 always stays."""
    right: bool = False
    """Whether it is aligned to the right, as numbers are."""
    least: int = 0
    """Cells; one that may be cut to fewer than its content takes, instead of going. 0: not cut."""


def fitting(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> list[Text]:
    """A line of titles, and a line for each row, of ``width`` cells at most.

    A row has a cell for each column. A column without content is left out.
    """
    wide = [
        max([cell_len(one.title), *(row[n].cell_len for row in rows)])
        if any(row[n] for row in rows) or one.rank == 0
        else 0
        for n, one in enumerate(columns)
    ]
    kept = [n for n, cells in enumerate(wide) if cells]
    while _total([wide[n] for n in kept]) > width:
        over = _total([wide[n] for n in kept]) - width
        last = max(kept, key=lambda n: (columns[n].rank, n))
        if columns[last].least and wide[last] - over >= columns[last].least:
            wide[last] -= over
        elif columns[last].rank:
            kept.remove(last)
        else:
            break
    titles = [Text(one.title, "dim") for one in columns]
    return [
        _line([(row[n], wide[n], columns[n].right) for n in kept], width) for row in (titles, *rows)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _line(cells: Sequence[tuple[Text, int, bool]], width: int) -> Text:
    line = Text(no_wrap=True, overflow="crop")
    for number, (content, wide, right) in enumerate(cells):
        cell = cut(content, wide)
        room = " " * (wide - cell.cell_len)
        line.append(" " * GAP if number else "")
        line.append_text(Text(room) + cell if right else cell + Text(room))
    line.truncate(width)
    return line


def cut(text: Text, width: int) -> Text:
    """No wider than ``width`` cells; an ellipsis says that there is more."""
    found = text.copy()
    found.truncate(width, overflow="ellipsis")
    return found
