"""The act ``scenario.run``: a scenario is run where the lab's nodes are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import astuple

from lvsnet.engine.runtime import Runtime
from lvsnet.host import journal
from lvsnet.host.journal import Entry
from lvsnet.observe import events
from lvsnet.observe.nodes import nodes
from lvsnet.observe.sampling import Sampler
from lvsnet.progress import Report
from lvsnet.scenario import running, wire
from lvsnet.scenario.bench import Bench
from lvsnet.scenario.result import SKIPPED, StepResult

OF_LOADS = ("outage", "answered", "ended")
"""What became of a load, as far as the journal has it."""


def run(lab: str, runtime: Runtime, request: Mapping[str, object], report: Report) -> object:
    """``{scenario, packets}``: as `wire.to_json` gives it, and whether packets are captured. The
    `Outcome`, by `wire.outcome_to_json`.

    A line of JSON is reported for each step when it is over, and nothing, an empty line, at least
    once a minute of the lab's time. Its steps are in the lab's journal, and at its end what became
    of its loads, of which nothing else is left; who puts faults and begins loads writes that there.

    Raises:
        ValueError: it is no scenario.
        LvsnetError: the lab cannot be watched any further.
    """
    scenario = wire.from_json(request.get("scenario"))

    def tell(result: StepResult) -> None:
        report(json.dumps(wire.step_result_to_json(result)))
        if result.state != SKIPPED:
            journal.tell(lab, Entry(*astuple(running.step_event(result))))

    plan = runtime.record(lab).plan
    with ExitStack() as owned:
        watcher = owned.enter_context(events.begin(plan, runtime, Sampler()))
        recording = None
        if request.get("packets"):
            from lvsnet.scenario import recording as packets  # for reports only

            recording = owned.enter_context(packets.begin(plan, runtime))
        running_nodes = owned.enter_context(nodes(lab, runtime))
        bench = owned.enter_context(Bench(plan, runtime, running_nodes, watcher, report, recording))
        outcome = running.run(scenario, bench, tell)
        of_loads = [one for one in outcome.events if one.kind == "traffic" and one.what in OF_LOADS]
        journal.tell(lab, *(Entry(*astuple(one)) for one in of_loads))
        return wire.outcome_to_json(outcome)
