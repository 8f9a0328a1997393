"""What the linter finds, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from lvsnet.lint.site import Site

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Place:
    """Where something is written; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Given(Generic[T]):
    """A value that somebody wrote."""

    value: T
    place: Place


@dataclass(frozen=True)
class Related:
    """Another place that a finding rests on."""

    place: Place
    message: str


@dataclass(frozen=True)
class Finding:
    rule: str
    """A name in ``lvsnet.rules``."""
    place: Place
    message: str
    """What is wrong here; a sentence without its dot."""
    related: tuple[Related, ...] = ()


Check = Callable[["Site"], Iterator[Finding]]
"""A pure function of what the machines of a site say."""
