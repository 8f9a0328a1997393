"""What a director's IPVS table counted at a time, as data."""

from __future__ import annotations

from dataclasses import dataclass

GONE = -1
"""The weight of a real server that is not in the table (any more)."""


@dataclass(frozen=True)
class Sample:
    """A line of a director's IPVS table, which is so until there is another sample of it."""

    at: int
    """Nanoseconds of CLOCK_MONOTONIC of the kernel that the lab runs on."""
    node: str
    """The director."""
    service: str
    """``tcp 192.168.10.100:80``"""
    real_server: str
    """``192.168.10.13:80``"""
    weight: int
    """`GONE` once it is out of the table."""
    active: int
    """ActiveConn"""
    inactive: int
    """InActConn"""
