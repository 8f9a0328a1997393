"""In which form a command prints its results."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """For people or for programs."""

    table = "table"
    json = "json"
