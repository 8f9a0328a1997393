"""VRRP priorities that put a VIP on the directors in a given order."""

from __future__ import annotations

from collections.abc import Sequence

from lvsnet.errors import LvsnetError

HIGHEST = 254
"""255 is the address owner's (RFC 9568, section 5.2.4)."""
STEPS = (50, 40, 30, 25, 20, 10, 5, 4, 3, 2, 1)


def priorities(order: Sequence[str]) -> dict[str, int]:
    """Director -> priority, 1 to 254, for directors that are given best first.

    They are multiples of the widest of a few round steps that fits: 150, 100 and 50 for three.

    Raises:
        LvsnetError: there are more directors than priorities.
    """
    if len(order) > HIGHEST:
        raise LvsnetError(
            f"{len(order)} directors for one VIP: VRRP has priorities for {HIGHEST}, from 1 to "
            f"{HIGHEST}; spread it over fewer"
        )
    step = next((one for one in STEPS if one * len(order) <= HIGHEST), 1)
    return {name: step * (len(order) - rank) for rank, name in enumerate(order)}
