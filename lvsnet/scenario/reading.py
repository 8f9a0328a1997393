"""The key ``scenarios`` of a document, to scenarios: shapes, sentences, and what they name.

A scenario is read for each variant, with the values of its matrix in its texts. What is wrong is
told with its place, and the reading goes on without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lvsnet.errors import LvsnetError
from lvsnet.faults import checking as fault_checking
from lvsnet.faults import grammar as faults
from lvsnet.lab.document import Leaf, Table
from lvsnet.lab.topology.values import (
    At,
    Told,
    each,
    inner,
    is_empty,
    known_keys,
    listing,
    text,
)
from lvsnet.lab.topology.values import table as mapping_at
from lvsnet.lab.values import NAME, shown
from lvsnet.plan.model import Plan
from lvsnet.scenario import bounds, checking, commands, filling, loads, sentences
from lvsnet.scenario.matrix import Combination, combinations
from lvsnet.scenario.model import (
    LIMIT,
    STEP_LIMIT,
    Act,
    Always,
    Break,
    Even,
    Expect,
    Expectation,
    Finish,
    Links,
    Measured,
    Scenario,
    Stays,
    Step,
    Wait,
)
from lvsnet.traffic.model import Load

SCENARIOS = "scenarios"
KEYS = ("description", "limit", "matrix", "always", "steps")
OPTIONS = ("pass", "fail", "limit")
"""What a step may have besides what it does."""
LONGEST = 86_400.0
"""Seconds of a limit, or of a wait: a day of the lab's time."""
SHORTEST = 0.001
MOST_STEPS = 1000


@dataclass(frozen=True)
class Written:
    """A scenario as it stands in its file."""

    name: str
    at: At
    variants: tuple[Combination, ...]
    uses: frozenset[str]
    """The keys that its texts have as ``${key}``."""


@dataclass
class _Reading:
    """What is known while the steps of a scenario are read."""

    plan: Plan | None
    """None when the lab is wrong itself: nothing is compared with it."""
    told: Told
    begun: dict[str, Load] = field(default_factory=dict)
    """Loads of the steps so far."""
    is_doubtful: bool = False
    """Whether a load is wrong itself: what names it is not told."""

    def wrong(self, at: At, error: LvsnetError | ValueError) -> None:
        message = sentences.first_line(error) if isinstance(error, LvsnetError) else str(error)
        self.told.error(at.mark, f"{at.path}: {message}")


def written(root: Table, told: Told) -> tuple[Written, ...]:
    """The scenarios of a document, with their matrices; their steps are not looked at yet."""
    table = mapping_at(inner(root, SCENARIOS, ""), told)
    found = []
    for name, at, mark in each(table or Table(), SCENARIOS):
        if not re.fullmatch(NAME, name):
            told.error(
                mark,
                f"{SCENARIOS}: {shown(name)} is no name of a scenario: lower-case letters, digits "
                "and hyphens inside, at most 63",
            )
        body = mapping_at(at, told)
        if body is None:
            continue
        known_keys(body, at.path, KEYS, told)
        matrix = inner(body, "matrix", at.path)
        uses = frozenset(
            filling.uses(Table({k: v for k, v in body.entries.items() if k != "matrix"}))
        )
        found.append(Written(name, at, combinations(matrix, told), uses))
    return tuple(found)


def scenario(
    one: Written, combination: Combination, plan: Plan | None, told: Told
) -> Scenario | None:
    """A variant of a scenario; None when something is wrong with it, which is told."""
    before = len(told.faults)
    body = one.at.value
    if not isinstance(body, Table):
        return None
    values = {value.key: value.node for value in combination}
    texts = {value.key: value.text for value in combination}
    filled = Table(
        {
            key: entry if key == "matrix" else filling.filled(entry, values, texts, told)
            for key, entry in body.entries.items()
        }
    )
    reading = _Reading(plan, told)
    path = one.at.path
    limit = loads.seconds(inner(filled, "limit", path), SHORTEST, LONGEST, told) or LIMIT
    description = text(inner(filled, "description", path), told)
    always = _always(inner(filled, "always", path), reading)
    steps = _steps(inner(filled, "steps", path), one.at, reading)
    if len(told.faults) == before:
        _fits(steps, limit, reading)
    if len(told.faults) > before:
        return None
    said = description.text.strip() if description else ""
    return Scenario(one.name, tuple(step for step, _ in steps), always, said, limit)


def _always(at: At | None, reading: _Reading) -> tuple[Always, ...]:
    found = []
    for one in listing(at, reading.told):
        said = text(one, reading.told)
        if said is None:
            continue
        try:
            watched = sentences.parse_watched(said.text)
            bound = 0.0
            if watched.grace.takeovers and reading.plan is not None:
                about = checking.addresses(watched.watch, ())
                bound = bounds.takeover(reading.plan, about)
            watch = sentences.watch(watched, bound)
            if reading.plan is not None:
                checking.watch(watch, reading.plan)
        except LvsnetError as error:
            reading.wrong(one, error)
            continue
        found.append(Always(watch, " ".join(said.text.split()), one.mark.line))
    return tuple(found)


def _steps(at: At | None, above: At, reading: _Reading) -> list[tuple[Step, At]]:
    if at is None:
        reading.told.missing("steps", above.mark, above.path)
        return []
    if is_empty(at):
        reading.told.error(at.mark, f"{at.path}: is empty; at least one step is needed")
    items = listing(at, reading.told)
    if len(items) > MOST_STEPS:
        reading.told.error(at.mark, f"{at.path}: has {len(items)} steps; at most {MOST_STEPS}")
        return []
    return [(step, one) for one in items if (step := _step(one, reading)) is not None]


def _step(at: At, reading: _Reading) -> Step | None:
    told = reading.told
    if isinstance(at.value, Leaf):
        words = ", ".join(ACTS)
        told.error(
            at.mark, f"{at.path}: a step is a mapping with one of {words}, such as 'wait: 2s'"
        )
        return None
    table = mapping_at(at, told)
    if table is None:
        return None
    before = len(told.faults)
    known_keys(table, at.path, (*ACTS, *OPTIONS), told)
    does = [key for key in table.entries if key in ACTS]
    if len(does) != 1:
        if len(told.faults) == before or does:
            has = f"has both {' and '.join(does)}" if does else "does nothing"
            told.error(at.mark, f"{at.path}: {has}; exactly one of {', '.join(ACTS)} is needed")
        return None
    (key,) = does
    entry = table.entries[key]
    of_act = At(entry.node, entry.value, f"{at.path}.{key}")
    if isinstance(entry.node, Leaf) and entry.node.value is None:
        told.error(of_act.mark, f"{of_act.path}: is empty")
        return None
    read = ACTS[key](of_act, reading)
    said = [text(inner(table, one, at.path), told) for one in ("pass", "fail")]
    on_pass, on_fail = (one.text if one else "" for one in said)
    limit_at = inner(table, "limit", at.path)
    limit = loads.seconds(limit_at, SHORTEST, LONGEST, told)
    if read is None:
        return None
    act, words = read
    own = _own_time(act, reading.begun)
    if limit is not None and limit_at is not None and limit < own:
        told.error(
            limit_at.mark, f"{limit_at.path}: is shorter than the {own:g} s that the step may take"
        )
    line = at.mark.line
    return Step(act, f"{key}: {words}", line, limit or own + STEP_LIMIT, on_pass, on_fail)


def _own_time(act: Act, begun: Mapping[str, Load]) -> float:
    """Seconds that a step may take by what it says itself."""
    match act:
        case Wait(seconds) | Stays(_, seconds) | Expect(Links(seconds=seconds)):
            return seconds
        case Expect(_, within):
            return within
        case Finish(names):
            some = [begun[name] for name in names] if names else list(begun.values())
            return max(((loads.length(one) or 0.0) + one.timeout for one in some), default=0.0)
        case _:
            return 0.0


def _fits(steps: list[tuple[Step, At]], limit: float, reading: _Reading) -> None:
    """Tell a step that cannot be over within the scenario's limit."""
    spent = 0.0
    for step, at in steps:
        match step.act:
            case Expect(_, within) if within > limit:
                reading.told.error(
                    at.mark,
                    f"{at.path}: may take {within:g} s, and the scenario's limit is {limit:g} s",
                )
                return
            case Wait(seconds) | Stays(_, seconds) | Expect(Links(seconds=seconds)):
                spent += seconds
            case Finish():
                took = _own_time(step.act, reading.begun)
                if took > limit:
                    reading.told.error(
                        at.mark,
                        f"{at.path}: the traffic takes {took:g} s, and the scenario's limit is "
                        f"{limit:g} s",
                    )
                    return
        if spent > limit:
            reading.told.error(
                at.mark,
                f"{at.path}: after it the steps have waited {spent:g} s, and the scenario's limit "
                f"is {limit:g} s",
            )
            return


Read = tuple[Act, str] | None
"""What a step does, and how its author says it; None when it is wrong, which is told."""


def _traffic(at: At, reading: _Reading) -> Read:
    send = loads.read(at, reading.begun, reading.plan, reading.told)
    if send is None:
        reading.is_doubtful = True
        return None
    reading.begun[send.load.name] = send.load
    return send, loads.words(send)


def _finish(at: At, reading: _Reading) -> Read:
    found = loads.names(at, reading.told)
    names = [one.text for one in found]
    try:
        for name in names:
            _loads("" if name == "all" else name, reading)
    except LvsnetError as error:
        reading.wrong(at, error)
        return None
    if not names or reading.is_doubtful:
        return None
    everything = "all" in names
    return Finish(() if everything else tuple(names)), "all" if everything else ", ".join(names)


def _fault(at: At, reading: _Reading) -> Read:
    said = text(at, reading.told)
    if said is None:
        return None
    try:
        order = faults.parse(said.text)
        if reading.plan is not None:
            order = fault_checking.resolved(order, reading.plan)
    except LvsnetError as error:
        reading.wrong(at, error)
        return None
    return Break(order), " ".join(said.text.split())


def _wait(at: At, reading: _Reading) -> Read:
    seconds = loads.seconds(at, SHORTEST, LONGEST, reading.told)
    said = text(at, reading.told)
    return None if seconds is None or said is None else (Wait(seconds), said.text)


def _expect(at: At, reading: _Reading) -> Read:
    said = text(at, reading.told)
    if said is None:
        return None
    try:
        sentence = sentences.parse(said.text)
        some = _measured(sentence.expectation, reading)
        bound = 0.0
        if sentence.needs_takeover and reading.plan is not None:
            about = checking.addresses(sentence.expectation, some)
            bound = bounds.takeover(reading.plan, about)
        act = sentences.act(sentence, bound)
        if reading.plan is not None:
            checking.expectation(act.expectation, reading.plan)
            act = replace(act, expectation=checking.resolved(act.expectation, reading.plan))
    except LvsnetError as error:
        reading.wrong(at, error)
        return None
    return act, " ".join(said.text.split())


def _measured(expectation: Expectation, reading: _Reading) -> tuple[Load, ...]:
    if isinstance(expectation, Measured | Even):
        return _loads(expectation.load, reading)
    return ()


def _loads(name: str, reading: _Reading) -> tuple[Load, ...]:
    return () if reading.is_doubtful else checking.loads_of(name, reading.begun)


def _exec(at: At, reading: _Reading) -> Read:
    before = len(reading.told.faults)
    read = commands.read(at, reading.told)
    if read is None or len(reading.told.faults) > before:
        return None
    run, within = read
    if reading.plan is not None:
        try:
            checking.expectation(run, reading.plan)
        except LvsnetError as error:
            reading.wrong(at, error)
            return None
    return Expect(run, within), commands.words(run, within)


ACTS: Mapping[str, Callable[[At, _Reading], Read]] = {
    "traffic": _traffic,
    "finish": _finish,
    "fault": _fault,
    "wait": _wait,
    "expect": _expect,
    "exec": _exec,
}
"""What a step can do; the reader of each."""
