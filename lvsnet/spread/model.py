"""A site as the planner sees it, and a plan for it with what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Orders = tuple[tuple[str, ...], ...]
"""For each VIP all directors, best first: it sits on the first that is up."""

Proof = Literal["exact", "search", "found"]
"""What says that no plan is better, neither after the worst loss nor, among those that are as good
then, with all up: ``exact``, the bound of the arithmetic is met; ``search``, all plans were gone
through; ``found``, nothing: it is the best one found, and `Candidate.bound` says how good it is."""


@dataclass(frozen=True)
class Director:
    """One that VIPs can sit on."""

    name: str
    capacity: Fraction
    """Bits a second that its link carries."""


@dataclass(frozen=True)
class Vip:
    """An address, with the traffic that comes for it."""

    name: str
    load: Fraction
    """Bits a second on the link of the director that holds it."""


@dataclass(frozen=True)
class Site:
    """What a plan is to be made for."""

    directors: tuple[Director, ...]
    vips: tuple[Vip, ...]
    losses: int
    """How many directors may be down at a time: 1 to one fewer than there are."""
    utilisation: Fraction
    """The part of a link's capacity that may be used, above 0 and up to 1."""

    @property
    def names(self) -> tuple[str, ...]:
        """The directors' names, in their order."""
        return tuple(one.name for one in self.directors)


@dataclass(frozen=True)
class Candidate:
    """A plan, and what it comes to. Links are used by fractions of their capacity."""

    vips: tuple[str, ...]
    """Their names."""
    held: tuple[int, ...]
    """How many VIPs each director holds with all up, in the order of the site."""
    busiest_up: Fraction
    """The most used link with all directors up."""
    busiest_after_loss: Fraction
    """The most used link after the worst loss of as many directors as may be lost.

    Fewer losses are no worse: a director that is up only gains VIPs when another one goes down.
    """
    worst_losses: tuple[tuple[str, ...], ...]
    """The directors whose loss, together, does that; all of the ways that are as bad."""
    limit: Fraction
    """The part of a link's capacity that may be used."""
    bound: Fraction
    """Below this no plan for these VIPs, with as many active directors, can get its busiest link
    after the worst loss."""
    proof: Proof
    even: bool
    """Whether all directors that are up are equally used, whichever are lost."""
    orders: Orders

    @property
    def worst_loss(self) -> tuple[str, ...]:
        """The first of the worst losses."""
        return self.worst_losses[0]

    @property
    def safe(self) -> bool:
        """No loss takes a link beyond its limit; it may get exactly there."""
        return self.busiest_after_loss <= self.limit

    @property
    def at_limit(self) -> bool:
        return self.busiest_after_loss == self.limit

    @property
    def below_limit(self) -> bool:
        return self.busiest_after_loss < self.limit

    @property
    def all_active(self) -> bool:
        """Whether each director holds a VIP with all up."""
        return all(self.held)
