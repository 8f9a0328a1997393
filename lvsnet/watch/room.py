"""How much of the screen nodes and tables get: what they need, and as much as others leave."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_COLUMNS, LEAST_ROWS = 40, 12
WIDE = 130
"""Columns from which nodes and tables are side by side."""
OTHERS = 7
"""Rows beside nodes and tables: the title, events with two of them, faults, what was told, keys."""


@dataclass(frozen=True)
class Room:
    """Rows at most of what is called so on the screen, each with that of its title."""

    state: int
    """Nodes and tables."""
    nodes: int
    tables: int


def room(columns: int, rows: int, nodes: int) -> Room:
    """Of a screen so large; ``nodes`` is how many rows all nodes would take."""
    state = min(rows * 7 // 10, rows - OTHERS)
    if columns >= WIDE:
        return Room(state, state, state)
    upper = min(nodes, (3 * state + 4) // 5)
    return Room(state, upper, state - upper)
