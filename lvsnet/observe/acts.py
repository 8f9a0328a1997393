"""What a program in Python sees of a lab, where its nodes are: `lvsnet.host.acts` has the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, NoReturn

from lvsnet.engine.runtime import Runtime, find
from lvsnet.observe import conditions, past, watching
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.observe.table_model import Table, Wanted

Request = Mapping[str, object]


def until(lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """``{condition, limit}``, in seconds: a `Reached`, also on the machine's own clock."""
    limit = request.get("limit")
    if not isinstance(limit, int | float):
        raise ValueError("a wait for a condition needs a limit")
    condition = conditions.from_json(request.get("condition"))
    plan = runtime.record(lab).plan
    return asdict(watching.wait(condition, plan, runtime, float(limit), report))


def up(lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """``{deadline}``, in seconds: wait until VIPs are held and real servers listed."""
    from lvsnet.observe import site

    deadline = request.get("deadline")
    if not isinstance(deadline, int | float):
        raise ValueError("a wait for the site needs a deadline")
    site.wait(runtime.record(lab).plan, runtime, float(deadline), report)
    return None


def events(lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """``{seconds}``: what happens in so many seconds of the lab's time, each event as a list."""
    from lvsnet.observe import events

    seconds = request.get("seconds")
    if not isinstance(seconds, int | float):
        raise ValueError("events are told for so many seconds")
    found = events.during(runtime.record(lab).plan, runtime, float(seconds), report)
    return [list(asdict(event).values()) for event in found]


def history(lab: str, runtime: Runtime, _request: Request, _report: Report) -> object:
    """``{}``: ``{now, events}``: what has happened until then, as in `story`."""
    from lvsnet.observe import telling

    with telling.begin(runtime.record(lab).plan, runtime) as told:
        return {"now": told.now, "events": [past.to_json(one) for one in told.past]}


def story(lab: str, runtime: Runtime, _request: Request, report: Report) -> NoReturn:
    """``{}``: what has happened, each event as `lvsnet.observe.past.to_json` has it; then
    ``{now}``, and each event as a list, as it comes.

    Until it is interrupted, or the lab has ended.
    """
    import json

    from lvsnet.observe import telling

    with telling.begin(runtime.record(lab).plan, runtime) as told:
        for one in told.past:
            report(json.dumps(past.to_json(one)))
        report(json.dumps({"now": told.now}))
        while True:
            for event in told.read():
                report(json.dumps(list(asdict(event).values())))
            told.wait()


def ipvs(lab: str, runtime: Runtime, request: Request, _report: Report) -> object:
    """A `lvsnet.observe.table_model.Wanted`: a list with a `Table` of each node."""
    from lvsnet.observe import table_looking
    from lvsnet.plan import codec

    found = table_looking.look(runtime.record(lab).plan, runtime, _wanted(request))
    return codec.encode(found)


def ipvs_follow(lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """As `ipvs`, a line of JSON at once, and then each second in which something has changed.

    Until it is interrupted, or the lab has ended.
    """
    import json

    from lvsnet.observe import table_looking
    from lvsnet.plan import codec

    def take(found: tuple[Table, ...]) -> None:
        report(json.dumps(codec.encode(found)))

    table_looking.follow(runtime.record(lab).plan, runtime, _wanted(request), take)
    return None


def _wanted(request: Request) -> Wanted:
    from lvsnet.observe.table_model import Wanted
    from lvsnet.plan import codec

    return codec.decode(Wanted, request, "request")


def capture(lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """``{capture}``: an empty line once it listens, then what `lvsnet.observe.capturing` tells.

    Until it is interrupted, or the lab has ended, or the capture's time is over.
    """
    import json
    from contextlib import closing

    from lvsnet.observe import capturing
    from lvsnet.observe.capture_model import Capture
    from lvsnet.plan import codec

    wanted = codec.decode(Capture, request.get("capture"), "capture")
    with closing(capturing.lines(runtime.record(lab).plan, runtime, wanted)) as lines:
        for told in lines:
            report(json.dumps(told) if told else "")
    return None


def log(lab: str, runtime: Runtime, request: Request, _report: Report) -> object:
    """``{node}``: the end of what its daemons said."""
    node = find(runtime.record(lab).plan, str(request.get("node")))
    return runtime.said(lab, node.name)


def requests(lab: str, _runtime: Runtime, request: Request, _report: Report) -> object:
    """``{id}``: ``[requests, over]`` of a load, those that are over so far."""
    from lvsnet.traffic import records, running

    id = str(request.get("id"))
    over = running.is_over(lab, id)
    return [records.packed(running.requests(lab, id)), over]


def stop(lab: str, _runtime: Runtime, request: Request, _report: Report) -> object:
    """``{id}``: have a load send no new requests, and wait for none."""
    from lvsnet.traffic import running

    running.stop(lab, str(request.get("id")))
    return None
