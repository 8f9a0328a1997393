"""What is asked of traffic from outside, where the nodes are: `lvsnet.host.acts` has the table."""

from __future__ import annotations

import time
from collections.abc import Mapping

from lvsnet.engine.runtime import Runtime, stands_still
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec
from lvsnet.progress import Report
from lvsnet.traffic import records, running
from lvsnet.traffic.model import ANSWERED, Load

LOOK = 1.0
"""Seconds between looks whether a load is over, beside being told."""
SAY = 1.0
"""Seconds between what is said of how far a load is, at least: all its requests are read for that,
so the longer it goes on, the longer between."""
SAY_SHARE = 0.1
"""Of the time since it began, the least between two."""
LATE = 30.0
"""Seconds beyond a request's timeout until a generator that was told to end must have."""


def begin(lab: str, runtime: Runtime, request: Mapping[str, object], _report: Report) -> object:
    """``{load}``, or ``{responder: {node, scheme, port}}``; by what it is called from now on."""
    match request:
        case {"load": load}:
            return running.begin(lab, codec.decode(Load, load, "load"), runtime)
        case {
            "responder": {"node": str() as node, "scheme": str() as scheme, "port": int() as port}
        } if scheme in ANSWERED:
            return running.serve(lab, node, scheme, port, runtime)
    raise ValueError("traffic begins with a load, or with who answers it")


def wait(lab: str, _runtime: Runtime, request: Mapping[str, object], report: Report) -> object:
    """``{id, limit}``, in seconds; the load's requests when it is over."""
    limit = request.get("limit")
    if not isinstance(limit, int | float):
        raise ValueError("a wait for traffic needs a limit")
    id = _id(request)
    _until_over(lab, id, float(limit), report)
    return records.packed(running.requests(lab, id))


def end(lab: str, runtime: Runtime, request: Mapping[str, object], report: Report) -> object:
    """``{id}``; all requests, when those under way are over."""
    id = _id(request)
    load = running.load_of(lab, id)
    running.stop(lab, id)
    if not running.is_over(lab, id):
        for client in load.clients if load else ():
            if runtime.frozen(lab, client):
                raise stands_still(client)
    _until_over(lab, id, LATE + (load.timeout if load else 0.0), report)
    if load is None:
        running.forget(lab, id)
        return records.packed(())
    return records.packed(running.requests(lab, id))


def _until_over(lab: str, id: str, limit: float, report: Report) -> None:
    begun = time.monotonic()
    tell_at = begun + SAY
    while not running.is_over(lab, id):
        now = time.monotonic()
        if now - begun >= limit:
            raise LvsnetError(f"traffic {id} is not over after {limit:g} s: {_progress(lab, id)}")
        if now >= tell_at:
            tell_at = now + max(SAY, SAY_SHARE * (now - begun))
            report(_progress(lab, id))
        running.await_end(lab, id, min(LOOK, begun + limit - now))


def _progress(lab: str, id: str) -> str:
    load = running.load_of(lab, id)
    if load is None:
        return "it still answers"
    found = running.requests(lab, id)
    lost = sum(not one.answered for one in found)
    of = f" of {load.count}" if load.count else ""
    return f"{len(found)}{of} requests are over, {lost} lost"


def _id(request: Mapping[str, object]) -> str:
    id = request.get("id")
    if not isinstance(id, str):
        raise ValueError("the request needs id, a string")
    return id
