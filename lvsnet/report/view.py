"""A run as its page draws it: JSON with columns packed, lines summed, times relative to the begin.

Of numbers that are drawn, none is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby

from lvsnet.endpoint import parted
from lvsnet.observe.event import Event
from lvsnet.report import spans
from lvsnet.report.columns import packed
from lvsnet.report.model import Curve, Load, Requests, Run
from lvsnet.report.spans import Span
from lvsnet.scenario.result import FAILED, StepResult

REAL_SERVER = "realserver"
ALIKE = 3
"""So many events, one after the other, with the same words, become one line."""


def view(run: Run) -> dict[str, object]:
    """All that the page shows of a run; what it says of the whole is in `summary`."""
    first, last = _bounds(run)
    failed = _failed(run)
    return {
        **summary(run),
        "description": run.description,
        "error": run.error,
        "command": run.command,
        "facts": [[name, text] for name, text in _facts(run) if text],
        "failed": None if failed is None else _step(failed),
        "from": first,
        "to": last,
        "ran": run.ended > run.begun,
        "nodes": _nodes(run),
        "servers": [name for name, role in run.roles.items() if role == REAL_SERVER],
        "steps": [_step(one) for one in run.steps],
        "always": [_step(one) for one in run.always],
        "vips": [{"address": one.address, "spans": _rows(one.spans)} for one in spans.vips(run)],
        "vrrp": [
            {"name": one.name, "node": one.node, "spans": _rows(one.spans)}
            for one in spans.instances(run)
        ],
        "tables": [
            {
                "node": one.node,
                "service": one.service,
                "server": one.real_server,
                "name": name_of(one.real_server, run.names),
                "spans": _rows(one.spans),
            }
            for one in spans.tables(run)
        ],
        "loads": [_load(one) for one in run.loads],
        "curves": [_curve(one, run.names) for one in run.samples],
        "events": list(_events(run.events)),
        "packets": [list(asdict(one).values()) for one in run.packets],
        "files": [
            [node, run.roles.get(node, ""), [list(one) for one in files.items()]]
            for node, files in run.files.items()
            if files
        ],
        "picture": run.picture,
        "missing": list(run.missing),
    }


def summary(run: Run) -> dict[str, object]:
    """What a table of several runs says of each."""
    lost = [one.summary.lost for one in run.loads]
    return {
        "title": run.title,
        "lab": run.lab,
        "state": run.state,
        "why": _why(run),
        "length": run.ended - run.begun,
        "requests": sum(one.summary.requests for one in run.loads),
        "lost": sum(lost),
        "outage": max((_outage(one) for one in run.loads), default=0),
    }


def name_of(real_server: str, names: Mapping[str, str]) -> str:
    """The node that has the address of ``192.168.10.13:80``, or that as it is."""
    return names.get(parted(real_server)[0], real_server)


def _outage(load: Load) -> int:
    return max((one.end - one.start for one in load.summary.outages), default=0)


def _bounds(run: Run) -> tuple[int, int]:
    """From the begin of the run, or of what it still tells, to the end of the last of it."""
    length = run.ended - run.begun
    begins, ends = [0], [length]
    for load in run.loads:
        if load.summary.requests:
            begins.append(load.summary.begun)
            ends.append(load.summary.ended)
    return min(begins), max(ends)


def _facts(run: Run) -> Iterable[tuple[str, str]]:
    yield "Lab", run.lab
    yield "Scenario", f"{run.scenario} in {run.file}" if run.file else run.scenario
    yield "Clock", run.clock
    yield "Seed", "" if run.seed is None else str(run.seed)
    yield "Kernel", run.kernel
    yield "Nodes run by", run.runtime


def _nodes(run: Run) -> list[str]:
    """In the order of the lab file; those of which only events tell behind."""
    told = (one.node for one in (*run.initial, *run.events) if one.node)
    return list(dict.fromkeys([*run.roles, *told]))


def _failed(run: Run) -> StepResult | None:
    return next((one for one in (*run.steps, *run.always) if one.state == FAILED), None)


def _why(run: Run) -> str:
    """Why a run has not passed, in a line; empty of one that has."""
    failed = _failed(run)
    if run.error or failed is None:
        return run.error.partition("\n")[0]
    return f"{failed.text}: {failed.seen}" if failed.seen else failed.text


def _step(one: StepResult) -> dict[str, object]:
    return asdict(one)


def _rows(found: Sequence[Span]) -> list[list[object]]:
    return [[one.begun, one.ended, one.what] for one in found]


def _load(load: Load) -> dict[str, object]:
    return {
        "name": load.name,
        "target": load.target,
        "summary": asdict(load.summary),
        "requests": None if load.requests is None else _requests(load.requests),
    }


def _requests(columns: Requests) -> dict[str, object]:
    return {
        "at": packed(columns.at),
        "took": packed(columns.took),
        "server": packed(columns.server),
        "failure": packed(columns.failure),
        "servers": list(columns.servers),
        "failures": list(columns.failures),
    }


def _curve(curve: Curve, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "node": curve.node,
        "service": curve.service,
        "server": curve.real_server,
        "name": name_of(curve.real_server, names),
        "at": packed(curve.at),
        "active": packed(curve.active),
        "inactive": packed(curve.inactive),
    }


def _events(events: Sequence[Event]) -> Iterable[list[object]]:
    """``[at, kind, node, what, subject, text, how many, time of the last of them]``"""
    for _key, group in groupby(events, key=_likeness):
        alike = list(group)
        if len(alike) < ALIKE:
            yield from (_event(one, 1, one.at) for one in alike)
        else:
            yield _event(alike[0], len(alike), alike[-1].at)


def _likeness(event: Event) -> tuple[str, ...]:
    return event.kind, event.node, event.what, event.subject, event.text


def _event(one: Event, count: int, last: int) -> list[object]:
    return [one.at, one.kind, one.node, one.what, one.subject, one.text, count, last]
