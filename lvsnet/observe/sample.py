"""What a director's IPVS table counted at a time, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from lvsnet.json_shapes import array

KEYS = {"node", "service", "real_server", "points"}
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


def grouped(samples: Iterable[Sample]) -> list[dict[str, object]]:
    """As JSON can have them: for each line of a table, whose samples follow each other, ``{node,
    service, real_server, points}``, and points are ``[at, weight, active, inactive]``.
    """
    return [
        {
            "node": node,
            "service": service,
            "real_server": server,
            "points": [[one.at, one.weight, one.active, one.inactive] for one in line],
        }
        for (node, service, server), line in groupby(
            samples, lambda one: (one.node, one.service, one.real_server)
        )
    ]


def ungrouped(value: object) -> Iterator[Sample]:
    """What `grouped` gave.

    Raises:
        ValueError: it is nothing of that shape.
    """
    for line in array(value, "samples"):
        if not isinstance(line, dict) or set(line) != KEYS:
            raise ValueError(f"samples: a line has {', '.join(sorted(KEYS))}")
        node, service, server = (str(line[key]) for key in ("node", "service", "real_server"))
        for point in array(line["points"], "samples.points"):
            if not isinstance(point, list) or [type(one) for one in point] != [int] * 4:
                raise ValueError("samples: a point has a time and three numbers")
            at, *numbers = point
            yield Sample(at, node, service, server, *numbers)
