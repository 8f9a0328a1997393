"""Better plans by search, for what the arithmetic alone does not settle.

What is searched is the first few directors of each VIP: the others follow. How long it may take is
counted in steps, not in seconds, so that the same site always gets the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations
from math import perm
from random import Random

from lvsnet.spread.scaled import Scaled
from lvsnet.spread.states import Key, Plan, losses

Prefix = tuple[int, ...]
NOWHERE = -1
"""A VIP none of whose directors in the prefix is up: it goes where there is room."""
IMPROVING = 200_000
GOING_THROUGH = 600_000
"""Steps: looks at where a VIP sits after a loss."""
MOST_PREFIXES = 1_000
"""More of them are not gone through."""
FORGOTTEN_AFTER = 12
"""Moves, before a VIP may return to a prefix that it has left."""


@dataclass(frozen=True)
class Task:
    """What is searched for."""

    scaled: Scaled
    length: int
    """Of the prefixes: with VIPs of equal load one place is left to follow, else none."""
    fixed: int
    """How many of their places stay as they are while a plan is improved."""
    floor: Key
    """No plan's key is less."""
    most_idle: int
    """How many directors may hold nothing with all up."""

    @property
    def states(self) -> list[frozenset[int]]:
        return losses(self.scaled)


@dataclass(frozen=True)
class Found:
    """The best plan of a search, which has prefixes alone."""

    plan: Plan
    key: Key
    whole: bool
    """Whether all plans were gone through."""


@dataclass
class _Holders:
    """Where a VIP sits in each state, by prefix."""

    states: list[frozenset[int]]
    known: dict[Prefix, tuple[int, ...]] = field(default_factory=dict)

    def __getitem__(self, prefix: Prefix) -> tuple[int, ...]:
        if prefix not in self.known:
            self.known[prefix] = tuple(
                next((one for one in prefix if one not in lost), NOWHERE) for lost in self.states
            )
        return self.known[prefix]


def judged(task: Task, plan: Plan) -> Key:
    """The key of a plan of prefixes: what follows them stays within the floor's level."""
    return _key(task, plan, _table(task.scaled, _Holders(task.states), plan))


def _key(task: Task, plan: Plan, table: list[list[int]]) -> Key:
    scaled, directors = task.scaled, len(task.scaled.weights)
    top = max(max(row[one] * scaled.weights[one] for one in range(directors)) for row in table)
    first = [0] * directors
    for load, order in zip(scaled.loads, plan, strict=True):
        first[order[0]] += load
    levels = [load * weight for load, weight in zip(first, scaled.weights, strict=True)]
    return max(top, task.floor[0]), first.count(0), max(levels)


def improved(task: Task, plan: Plan) -> Found:
    """The best of the plans that one gets by moving VIPs away from where there are too many."""
    scaled, holders, random = task.scaled, _Holders(task.states), Random(0)
    best = Found(plan, judged(task, plan), whole=False)
    now, table = list(plan), _table(scaled, holders, plan)
    left: dict[tuple[int, Prefix], int] = {}
    steps = moves = 0
    while best.key[0] > task.floor[0] and steps < IMPROVING:
        over = [
            (state, director)
            for state, row in enumerate(table)
            for director, load in enumerate(row)
            if load * scaled.weights[director] > task.floor[0]
        ]
        if not over:  # it cannot get better this way
            break
        state, director = over[random.randrange(len(over))]
        holding = [prefix[0] for prefix in now]
        chosen: tuple[int, float, int, Prefix] | None = None
        for vip, prefix in enumerate(now):
            if holders[prefix][state] != director:
                continue
            for other in _neighbours(prefix, task.fixed, len(scaled.weights)):
                steps += len(table)
                leaves = other[0] != prefix[0] and holding.count(prefix[0]) == 1
                if left.get((vip, other), 0) > moves or (leaves and not task.most_idle):
                    continue
                gain = _change(task, table, scaled.loads[vip], holders[prefix], holders[other])
                option = (gain, random.random(), vip, other)
                if chosen is None or option < chosen:
                    chosen = option
        moves += 1
        steps += len(table)
        if chosen is None:
            continue
        _, _, vip, other = chosen
        left[vip, now[vip]] = moves + FORGOTTEN_AFTER
        _move(table, scaled.loads[vip], holders[now[vip]], holders[other])
        now[vip] = other
        found = _key(task, tuple(now), table)
        if found < best.key and found[1] <= task.most_idle:
            best = Found(tuple(now), found, whole=False)
    return best


def gone_through(task: Task, start: Found) -> Found:
    """The best of all plans, if there are not too many; else the best of those that were tried.

    Directors with equal links are alike until one of them is used, and so are VIPs of equal load:
    of plans that differ only by who is who, one is tried.
    """
    scaled = task.scaled
    directors = len(scaled.weights)
    if start.key <= task.floor or perm(directors, task.length) > MOST_PREFIXES:
        return start
    search = _Search(task, start)
    search.descend(0, 0, task.floor[0], 0)
    return Found(search.best.plan, search.best.key, whole=search.steps <= GOING_THROUGH)


class _Search:
    """Depth first, a VIP at a time, the largest first; what cannot be better is cut off."""

    def __init__(self, task: Task, start: Found) -> None:
        self.task, self.best, self.steps = task, start, 0
        scaled = task.scaled
        directors = len(scaled.weights)
        self.holders = _Holders(task.states)
        self.prefixes = list(permutations(range(directors), task.length))
        self.table = [[0] * directors for _ in task.states]
        self.first = [0] * directors
        self.uses = [0] * directors
        self.vips = sorted(range(len(scaled.loads)), key=lambda one: -scaled.loads[one])
        self.chosen: dict[int, Prefix] = {}

    def descend(self, depth: int, begin: int, level: int, highest: int) -> None:
        """Place the VIPs from ``depth`` on; ``level`` and ``highest`` are the key's so far."""
        scaled = self.task.scaled
        if depth == len(self.vips):
            plan = tuple(self.chosen[vip] for vip in range(len(self.vips)))
            self.best = Found(plan, (level, self.first.count(0), highest), whole=False)
            return
        vip = self.vips[depth]
        load = scaled.loads[vip]
        alike = depth > 0 and scaled.loads[self.vips[depth - 1]] == load
        for place in range(begin if alike else 0, len(self.prefixes)):
            prefix = self.prefixes[place]
            if not self._first_of_its_like(prefix):
                continue
            self.steps += len(self.table)
            if self.steps > GOING_THROUGH or self.best.key <= self.task.floor:
                return
            holder = prefix[0]
            after = max(level, self._level_with(load, self.holders[prefix]))
            self.first[holder] += load
            top = max(highest, self.first[holder] * scaled.weights[holder])
            idle = max(0, self.first.count(0) - (len(self.vips) - depth - 1))
            if (after, idle, top) < self.best.key and idle <= self.task.most_idle:
                self._use(vip, prefix, load, 1)
                self.descend(depth + 1, place, after, top)
                self._use(vip, prefix, -load, -1)
            self.first[holder] -= load

    def _level_with(self, load: int, holders: tuple[int, ...]) -> int:
        weights = self.task.scaled.weights
        return max(
            (row[one] + load) * weights[one]
            for row, one in zip(self.table, holders, strict=True)
            if one != NOWHERE
        )

    def _use(self, vip: int, prefix: Prefix, load: int, count: int) -> None:
        for row, one in zip(self.table, self.holders[prefix], strict=True):
            if one != NOWHERE:
                row[one] += load
        for one in prefix:
            self.uses[one] += count
        self.chosen[vip] = prefix

    def _first_of_its_like(self, prefix: Prefix) -> bool:
        """Whether each director not used before is the first such one with its capacity."""
        weights = self.task.scaled.weights
        seen: set[int] = set()
        for one in prefix:
            if not self.uses[one] and any(
                weights[other] == weights[one] and not self.uses[other] and other not in seen
                for other in range(one)
            ):
                return False
            seen.add(one)
        return True


def _table(scaled: Scaled, holders: _Holders, plan: Plan) -> list[list[int]]:
    """The load of each director in each state."""
    table = [[0] * len(scaled.weights) for _ in holders.states]
    for load, prefix in zip(scaled.loads, plan, strict=True):
        for row, one in zip(table, holders[prefix], strict=True):
            if one != NOWHERE:
                row[one] += load
    return table


def _neighbours(prefix: Prefix, fixed: int, directors: int) -> Iterator[Prefix]:
    """Prefixes that differ in one place, or have two swapped, behind those that are fixed."""
    for place in range(fixed, len(prefix)):
        before, behind = prefix[:place], prefix[place + 1 :]
        for other in range(directors):
            if other not in prefix:
                yield (*before, other, *behind)
        for later in range(place + 1, len(prefix)):
            swapped = list(prefix)
            swapped[place], swapped[later] = swapped[later], swapped[place]
            yield tuple(swapped)


def _change(
    task: Task,
    table: list[list[int]],
    load: int,
    before: tuple[int, ...],
    behind: tuple[int, ...],
) -> int:
    """By how much the levels above the floor's grow, all together, when a VIP moves."""
    weights, most = task.scaled.weights, task.floor[0]
    grown = 0
    for row, old, new in zip(table, before, behind, strict=True):
        if old == new:
            continue
        if old != NOWHERE:
            level = row[old] * weights[old]
            grown -= max(0, level - most) - max(0, level - load * weights[old] - most)
        if new != NOWHERE:
            level = row[new] * weights[new]
            grown += max(0, level + load * weights[new] - most) - max(0, level - most)
    return grown


def _move(
    table: list[list[int]], load: int, before: tuple[int, ...], behind: tuple[int, ...]
) -> None:
    for row, old, new in zip(table, before, behind, strict=True):
        if old != NOWHERE:
            row[old] -= load
        if new != NOWHERE:
            row[new] += load
