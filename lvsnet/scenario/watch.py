"""What is watched during a whole scenario: who holds which address, and conditions that hold.

Who holds an address is told by the kernel's own events, exact in time, not by looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lvsnet.observe.conditions import Condition
from lvsnet.observe.event import Event
from lvsnet.scenario.model import Always, Holds, Single
from lvsnet.scenario.words import lasting, since

SECOND = 1_000_000_000
SLACK = SECOND // 50
"""Nanoseconds that the news of an event may take from another process: until then it is not said
that two hold an address still."""


@dataclass(frozen=True)
class Violation:
    """What was always to be so, and was not."""

    number: int
    """Of the `Always`, in their order."""
    at: int
    seen: str


@dataclass(frozen=True)
class Double:
    """A time in which more than one node held an address."""

    address: str
    begun: int
    ended: int | None
    """None: they hold it still."""
    nodes: tuple[str, ...]
    """All that held it meanwhile."""


@dataclass
class Watches:
    """What is always watched, with all that is known by now."""

    always: Sequence[Always]
    begun: int
    """Since when."""
    holders: dict[str, list[str]]
    """Address -> nodes."""
    doubles: list[Double] = field(default_factory=list)
    """By the time of their begin."""
    broken: dict[int, Violation] = field(default_factory=dict)
    """By the number of the `Always`: its first one."""

    @property
    def restless(self) -> bool:
        """Whether somebody has to look again and again, though nothing happens."""
        return any(
            isinstance(one.watch, Holds) or _going_on_for(self, one.watch)
            for number, one in enumerate(self.always)
            if number not in self.broken
        )


def begin(always: Sequence[Always], holders: Mapping[str, Iterable[str]], at: int) -> Watches:
    """Watch from ``at`` on, when these nodes held these addresses."""
    found = Watches(always, at, {address: list(nodes) for address, nodes in holders.items()})
    for address, nodes in found.holders.items():
        if len(nodes) > 1:
            found.doubles.append(Double(address, at, None, tuple(nodes)))
    return found


def heard(watches: Watches, events: Iterable[Event]) -> None:
    """Take note of who gained and lost addresses, and whose power was cut, in this order."""
    for event in events:
        if event.kind == "vip":
            _moved(watches, event.subject, event.node, event.what == "gained", event.at)
        elif event.kind == "node" and event.what == "off":
            for address in watches.holders:
                _moved(watches, address, event.node, False, event.at)


def _moved(watches: Watches, address: str, node: str, gained: bool, at: int) -> None:
    nodes = watches.holders.setdefault(address, [])
    if gained is (node in nodes):
        return
    if gained:
        nodes.append(node)
    else:
        nodes.remove(node)
    position, double = _going_on(watches, address)
    if double is None:
        if len(nodes) > 1:
            watches.doubles.append(Double(address, at, None, tuple(nodes)))
        return
    all_nodes = (*double.nodes, *(one for one in nodes if one not in double.nodes))
    ended = at if len(nodes) < 2 else None
    watches.doubles[position] = Double(address, double.begun, ended, all_nodes)


def _going_on(watches: Watches, address: str) -> tuple[int, Double | None]:
    for position, one in enumerate(watches.doubles):
        if one.address == address and one.ended is None:
            return position, one
    return len(watches.doubles), None


def look(watches: Watches, now: int, unmet: Callable[[Condition], str]) -> Violation | None:
    """The first violation that was not known yet, as of ``now``."""
    for number, one in enumerate(watches.always):
        if number in watches.broken:
            continue
        if isinstance(one.watch, Holds):
            seen = unmet(one.watch.condition)
            violation = Violation(number, now, seen) if seen else None
        else:
            violation = next(_too_long(watches, number, one.watch, now - SLACK), None)
        if violation is not None:
            watches.broken[number] = violation
            return violation
    return None


def close(watches: Watches, at: int) -> None:
    """Take note of what is violated at the end, when no more news can come."""
    for number, one in enumerate(watches.always):
        if number not in watches.broken and isinstance(one.watch, Single):
            for violation in _too_long(watches, number, one.watch, at):
                watches.broken.setdefault(number, violation)


def _too_long(watches: Watches, number: int, single: Single, by: int) -> Iterator[Violation]:
    grace = round(single.grace * SECOND)
    for one in _of(watches, single):
        length = (by if one.ended is None else one.ended) - one.begun
        if length > grace:
            so_far = " by then" if one.ended is None else ""
            yield Violation(
                number,
                one.begun + grace,
                f"{' and '.join(one.nodes)} held {one.address} from "
                f"{since(watches.begun, one.begun)} on, for {lasting(length)}{so_far}",
            )


def in_words(watches: Watches, number: int) -> str:
    """What was measured of something that was never violated; empty if that is nothing."""
    single = watches.always[number].watch
    if isinstance(single, Holds):
        return ""
    doubles = _of(watches, single)
    longest = max(((one.ended or one.begun) - one.begun for one in doubles), default=0)
    return f"two for {lasting(longest)} at most" if doubles else "never two"


def _of(watches: Watches, single: Single) -> list[Double]:
    return [one for one in watches.doubles if single.address in ("", one.address)]


def _going_on_for(watches: Watches, single: Single) -> bool:
    return any(one.ended is None for one in _of(watches, single))
