"""What is done to a running lab where its nodes are: on their kernel, on its clock, as root there.

A guest's agent does it, or this machine, or Docker's helper. So what is asked and what comes of it
is JSON; `lvsnet.control` has the typed functions that ask.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping

from lvsnet.engine.runtime import Runtime
from lvsnet.progress import Report

Request = Mapping[str, object]
Act = Callable[[str, Runtime, Request, Report], object]
"""Lab, its runtime, what is asked, and whom to tell how it goes; gives what JSON can have."""

ACTS: Mapping[str, str] = {
    "fault.order": "lvsnet.engine.faulting:order",
    "fault.standing": "lvsnet.engine.faulting:standing",
    "traffic.begin": "lvsnet.traffic.acts:begin",
    "traffic.wait": "lvsnet.traffic.acts:wait",
    "traffic.end": "lvsnet.traffic.acts:end",
    "look.until": "lvsnet.observe.acts:until",
    "look.up": "lvsnet.observe.acts:up",
    "look.events": "lvsnet.observe.acts:events",
    "look.history": "lvsnet.observe.acts:history",
    "look.story": "lvsnet.observe.acts:story",
    "look.watch": "lvsnet.observe.screen:watch",
    "look.tables": "lvsnet.observe.screen:tables",
    "look.ipvs": "lvsnet.observe.acts:ipvs",
    "look.ipvs_follow": "lvsnet.observe.acts:ipvs_follow",
    "look.capture": "lvsnet.observe.acts:capture",
    "look.log": "lvsnet.observe.acts:log",
    "look.requests": "lvsnet.observe.acts:requests",
    "look.stop": "lvsnet.observe.acts:stop",
    "scenario.run": "lvsnet.scenario.acts:run",
}
"""Name -> module and function, imported when it is asked for."""


def perform(name: str, lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """Do one of `ACTS`.

    Raises:
        LvsnetError: as that says.
        ValueError: there is none of that name, or it is not asked as it has to be.
    """
    if name not in ACTS:
        raise ValueError(f"there is no act {name!r}")
    module, _, function = ACTS[name].partition(":")
    act: Act = getattr(importlib.import_module(module), function)
    return act(lab, runtime, request, report)


def perform_here(name: str, lab: str, runtime: Runtime, request: Request, report: Report) -> object:
    """As `perform`, in the process that asks; what is asked and what comes of it is passed on as
    JSON all the same, which has no tuples and no keys but text.
    """
    asked = json.loads(json.dumps(request))
    return json.loads(json.dumps(perform(name, lab, runtime, asked, report)))
