"""What the linter finds, and by which rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from lvsnet.lint.site import Site

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From the worst: what cannot work, what is unwise or not what is written, what is good to know."""

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
class Rule:
    name: str
    severity: Severity
    summary: str
    """What breaks it, and what the daemon or the kernel then does; a sentence without its dot."""
    source: str
    """Where that is laid down: an RFC, a man page, a file of keepalived's or the kernel's."""
    mend: str
    """What to do; a sentence without its dot."""
    shown_by: str = ""
    """A directory of labs/broken that shows it on a real kernel; empty without."""


@dataclass(frozen=True)
class Related:
    """Another place that a finding rests on."""

    place: Place
    message: str


@dataclass(frozen=True)
class Finding:
    rule: str
    place: Place
    message: str
    """What is wrong here; a sentence without its dot."""
    related: tuple[Related, ...] = ()


Check = Callable[["Site"], Iterator[Finding]]
"""A pure function of what the machines of a site say."""


@dataclass(frozen=True)
class Family:
    """Rules of one subject, and the checks that find what breaks them."""

    title: str
    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]
