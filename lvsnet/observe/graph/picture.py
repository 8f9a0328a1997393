"""A lab's picture with everything in its place, in pixels; what writes it out adds nothing."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.observe.graph.paths import Kind
from lvsnet.observe.graph.scene import Bar, Box, Link

Point = tuple[float, float]


@dataclass(frozen=True)
class PlacedBox:
    box: Box
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedBar:
    bar: Bar
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedLink:
    link: Link
    points: tuple[Point, ...]
    """From the box to the bar."""


@dataclass(frozen=True)
class Arrow:
    """What one step does on one segment, from box to box."""

    step: int
    """Which of the path's."""
    number: int
    """What is shown where it begins; 0 of one that goes on where another one ended, in a router."""
    kind: Kind
    points: tuple[Point, ...]
    source: str
    target: str


@dataclass(frozen=True)
class PlacedPath:
    service: str
    title: str
    arrows: tuple[Arrow, ...]
    steps: tuple[tuple[int, Kind, str], ...]
    """Number, kind and words, for the legend."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    lab: str
    live: bool
    width: float
    height: float
    """Of boxes, bars and links; title and legend come on top."""
    boxes: tuple[PlacedBox, ...]
    bars: tuple[PlacedBar, ...]
    links: tuple[PlacedLink, ...]
    paths: tuple[PlacedPath, ...]
    notes: tuple[str, ...]
