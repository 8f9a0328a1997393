"""In which form a command prints its results."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum


class Format(StrEnum):
    """For people or for programs."""

    table = "table"
    json = "json"


def document(facts: Mapping[str, object]) -> None:
    """Print the one JSON document that a command says."""
    import json

    print(json.dumps(facts, indent=2))  # noqa: T201


def line(facts: Mapping[str, object]) -> None:
    """Print one of the JSON objects, each on a line, of a command that says one thing at a time."""
    import json

    print(json.dumps(facts), flush=True)  # noqa: T201


def bar(block: str) -> str:
    """What bars are made of: ``block``, where this standard output has such a character."""
    try:
        block.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#"
    return block
