"""What a machine's priority becomes of what it tracks.

As ``vrrp_set_effective_priority()`` of keepalived/vrrp/vrrp_track.c and keepalived.conf(5) have it:
weights above 0 count while all is well, those below 0 when it is not.
"""

from __future__ import annotations

from collections.abc import Iterable

LEAST, MOST = 1, 254
"""Between which keepalived keeps a priority that weights change."""


def while_well(priority: int, weights: Iterable[int]) -> int:
    """Of a machine all of whose tracked things are well."""
    return _within(priority + sum(weight for weight in weights if weight > 0))


def when_failed(priority: int, weights: Iterable[int]) -> int:
    """Of one all of whose tracked things have failed."""
    return _within(priority + sum(weight for weight in weights if weight < 0))


def _within(priority: int) -> int:
    return min(max(priority, LEAST), MOST)
