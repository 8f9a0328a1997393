"""Results of scenarios, as `lvsnet test` wrote them, to what a report shows of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from lvsnet.errors import LvsnetError
from lvsnet.json_shapes import array, mapping
from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.observe.sample import Sample, ungrouped
from lvsnet.plan import codec
from lvsnet.report.model import PACKETS, REQUESTS, SAMPLES, SITE, Curve, Load, Requests, Run
from lvsnet.report.site import Site
from lvsnet.scenario.result import SKIPPED, StepResult
from lvsnet.traffic.model import Summary

VERSION = 1
"""Of results: another one has another shape."""
WRITERS = "`lvsnet test --report DIR` and `lvsnet test --format json --requests` write them"
HEAD = (
    *("title", "file", "scenario", "result", "error", "lab"),
    *("clock", "seed", "runtime", "kernel", "again", "description"),
)
"""What of a run is taken as it is."""


@dataclass(frozen=True)
class _Head:
    title: str
    file: str
    scenario: str
    result: str
    error: str | None
    lab: str
    clock: str
    seed: int | None
    runtime: str | None
    kernel: str | None
    again: str
    description: str = ""


@dataclass(frozen=True)
class _Outcome:
    """Without what there may be very much of."""

    passed: bool
    begun: int
    ended: int
    steps: tuple[StepResult, ...]
    always: tuple[StepResult, ...]
    events: tuple[Event, ...]
    initial: tuple[Event, ...] = ()
    packets: tuple[Packet, ...] | None = None


def runs(text: str | bytes, where: str) -> tuple[Run, ...]:
    """The runs in results; ``where`` names them in messages.

    Raises:
        LvsnetError: they are no results, or another version's.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LvsnetError(f"{where}: no results of scenarios ({error}); {WRITERS}") from error
    scenarios = document.get("scenarios") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(scenarios, list):
        raise LvsnetError(f"{where}: no results of scenarios; {WRITERS}")
    version = document.get("version")
    if version != VERSION:
        said = "without a version" if version is None else f"of version {version!r}"
        raise LvsnetError(
            f"{where}: results {said}, and this lvsnet reads version {VERSION}; "
            "run the scenarios again"
        )
    if not scenarios:
        raise LvsnetError(f"{where}: these results have no run of a scenario")
    try:
        return tuple(_run(one, f"scenarios[{n}]") for n, one in enumerate(scenarios))
    except (LvsnetError, ValueError) as error:
        raise LvsnetError(f"{where}: {error}") from error


def _run(value: object, where: str) -> Run:
    said = mapping(value, where)
    head = codec.decode(_Head, {key: said[key] for key in HEAD if key in said}, where)
    site = said.get("site")
    known = Site(()) if site is None else codec.decode(Site, site, f"{where}.site")
    run = Run(
        title=head.title,
        file=head.file,
        lab=head.lab,
        scenario=head.scenario,
        description=head.description,
        state=head.result,
        error=head.error or "",
        command=head.again,
        clock=head.clock,
        seed=head.seed,
        kernel=head.kernel or "",
        runtime=head.runtime or "",
        begun=0,
        ended=0,
        steps=(),
        always=(),
        events=(),
        initial=(),
        loads=(),
        samples=(),
        packets=(),
        files={one.name: {file.path: file.content for file in one.files} for one in known.nodes},
        names={address: one.name for one in known.nodes for address in one.addresses},
        roles={one.name: one.role for one in known.nodes},
        picture=known.picture,
        missing=(SITE,) if site is None else (),
    )
    outcome = said.get("outcome")
    return run if outcome is None else _with_outcome(run, outcome, f"{where}.outcome")


def _with_outcome(run: Run, value: object, where: str) -> Run:
    parts = dict(mapping(value, where))
    missing = [name for name in (SAMPLES, PACKETS) if parts.get(name) is None]
    samples = list(ungrouped(parts.pop("samples", [])))
    given = array(parts.pop("loads", None), f"{where}.loads")
    outcome = codec.decode(_Outcome, parts, where)
    begun = outcome.begun
    loads = tuple(_load(one, begun, f"{where}.loads[{n}]") for n, one in enumerate(given))
    if any(one.requests is None for one in loads):
        missing.append(REQUESTS)
    known = {one.name for one in loads if one.requests is not None}
    return replace(
        run,
        begun=begun,
        ended=outcome.ended,
        steps=tuple(_step(one, begun) for one in outcome.steps),
        always=tuple(_step(one, begun) for one in outcome.always),
        events=tuple(
            replace(one, at=one.at - begun)
            for one in outcome.events
            if not (one.kind == "traffic" and one.what == "lost" and one.subject in known)
        ),
        initial=tuple(replace(one, at=one.at - begun) for one in outcome.initial),
        loads=loads,
        samples=tuple(_curves(samples, begun)),
        packets=tuple(replace(one, at=one.at - begun) for one in outcome.packets or ()),
        missing=(*run.missing, *missing),
    )


def _step(step: StepResult, begun: int) -> StepResult:
    if step.state == SKIPPED:
        return step
    return replace(step, begun=step.begun - begun, ended=step.ended - begun)


def _curves(samples: Iterable[Sample], begun: int) -> Iterator[Curve]:
    for key, group in groupby(samples, lambda one: (one.node, one.service, one.real_server)):
        line = list(group)
        yield Curve(
            *key,
            at=tuple(one.at - begun for one in line),
            weight=tuple(one.weight for one in line),
            active=tuple(one.active for one in line),
            inactive=tuple(one.inactive for one in line),
        )


def _load(value: object, begun: int, where: str) -> Load:
    one = mapping(value, where)
    name, target = one.get("name"), one.get("target")
    if not isinstance(name, str) or not isinstance(target, str):
        raise ValueError(f"{where}: its name and target are text")
    counted = dict(mapping(one.get("summary"), f"{where}.summary"))
    counted.pop("outage", None)  # the longest of them
    summary = codec.decode(Summary, counted, f"{where}.summary")
    requests = one.get("requests")
    return Load(
        name,
        target,
        replace(
            summary,
            outages=tuple(
                replace(outage, start=outage.start - begun, end=outage.end - begun)
                for outage in summary.outages
            ),
            begun=summary.begun - begun,
            ended=summary.ended - begun,
        ),
        None if requests is None else _requests(requests, begun, f"{where}.requests"),
    )


def _requests(value: object, begun: int, where: str) -> Requests:
    rows: list[tuple[int, int, str, str]] = []
    for one in array(value, where):
        match one:
            case {"at": int(at), "took": int(took), "server": str(server), "failure": str(failure)}:
                rows.append((at, took, server, failure))
            case _:
                raise ValueError(f"{where}: a request has at, took, server and failure")
    rows.sort(key=lambda row: row[0])
    servers, failures = _words(row[2] for row in rows), _words(row[3] for row in rows)
    return Requests(
        at=tuple(row[0] - begun for row in rows),
        took=tuple(row[1] for row in rows),
        server=tuple(servers.get(row[2], -1) for row in rows),
        failure=tuple(failures.get(row[3], -1) for row in rows),
        servers=tuple(servers),
        failures=tuple(failures),
    )


def _words(column: Iterable[str]) -> dict[str, int]:
    """Word -> its place among all that are not empty."""
    return {word: place for place, word in enumerate(sorted({*column} - {""}))}
