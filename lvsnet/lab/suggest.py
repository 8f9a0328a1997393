"""The nearest valid name for a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Give the one of ``valid`` that ``name`` most resembles, None when none does."""
    import difflib

    candidates = {candidate.lower(): candidate for candidate in islice(valid, _MOST_COMPARED)}
    matches = difflib.get_close_matches(name.lower(), candidates, n=1)
    return candidates[matches[0]] if matches else None


def hint(name: str, valid: Iterable[str]) -> str:
    """Give the end of a message about an unknown ``name``.

    Either ``; did you mean 'priority'?`` or ``; there are 'lan' and 'dmz'``; empty when nothing
    is valid.
    """
    names = list(valid)
    match = nearest(name, names)
    if match is not None:
        return f"; did you mean '{match}'?"
    if not names:
        return ""
    shown = [f"'{valid_name}'" for valid_name in names[:_MOST_SHOWN]]
    if len(names) > _MOST_SHOWN:
        return f"; there are {', '.join(shown)} and {len(names) - _MOST_SHOWN} more"
    if len(shown) == 1:
        return f"; there is only {shown[0]}"
    return f"; there are {', '.join(shown[:-1])} and {shown[-1]}"


_MOST_SHOWN = 15
_MOST_COMPARED = 1000
