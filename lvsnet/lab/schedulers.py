"""What IPVS's schedulers make of weights and flags (net/netfilter/ipvs/ip_vs_*.c)."""

from __future__ import annotations

from collections.abc import Collection
from math import gcd

FLAGGED = ("sh", "mh")
"""Schedulers that have flags."""
UNWEIGHED = ("rr", "lc", "dh")
"""Those that only ask whether a weight is 0."""
SH_TABLE = 256
"""Places of sh's table: IP_VS_SH_TAB_SIZE, with Linux's own CONFIG_IP_VS_SH_TAB_BITS of 8."""
MH_TURNS = 64
"""From which on mh makes weights coarser: 2 ** IP_VS_MH_TAB_BITS, with an index of 12."""


def coarse(weights: Collection[int]) -> int | None:
    """How many times their common divisor the largest weight is, where mh takes weights for others
    than they are; None where it does not."""
    common = gcd(*weights)
    if not common:
        return None
    largest = max(weights) // common
    # As many bits as the largest has beyond those of the table's steps (ip_vs_mh_shift_weight()).
    shift = max(0, largest.bit_length() - (MH_TURNS.bit_length() - 1))
    return largest if any(weight // common % (1 << shift) for weight in weights) else None
