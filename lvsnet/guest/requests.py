"""What the agent does when it is asked: the engine's and the observer's operations by name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from lvsnet.engine import deploy as engine
from lvsnet.engine.runtime import Record, find
from lvsnet.engine.runtimes.crun import Crun
from lvsnet.errors import LvsnetError
from lvsnet.guest import modules_loader
from lvsnet.observe import site
from lvsnet.plan import codec
from lvsnet.progress import Report

Request = Mapping[str, object]

STATE = Path("/run/lvsnet")
RUNTIME = Crun(state=STATE, image=Path("/"))
"""The guest's root is the image itself, read-only, so it can lie below every node's disk."""
MODULES = Path("/mnt/lib/modules")
"""Below /mnt is the host's directory of this guest, by hostfs."""


def exec_command(request: Request) -> list[str]:
    """The program that serves an ``exec`` request: ``{lab, node, argv, environment}``."""
    lab, node = text(request, "lab"), text(request, "node")
    if not RUNTIME.runs(lab, node):
        find(_record().plan, node)
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    argv = request.get("argv")
    environment = request.get("environment", {})
    if not isinstance(argv, list) or not isinstance(environment, dict):
        raise ValueError("an exec request needs argv, a list, and environment, a mapping")
    return RUNTIME.exec_command(lab, node, argv, environment)


def log_command(request: Request) -> list[str]:
    """The program that serves a ``log`` request: ``{node, follow}``."""
    plan = _record().plan
    log = RUNTIME.log(plan.lab, find(plan, text(request, "node")).name)
    follow = ["--follow"] if request.get("follow") else []
    return ["tail", "--lines=+1", *follow, str(log)]


def deploy(request: Request, report: Report) -> object:
    """Make the record on standard input run: ``{modules}``, paths of the modules that it needs.

    The kernel would ask for most of them itself, one at a time, each by a process.
    """
    modules = request.get("modules")
    if not isinstance(modules, list):
        raise ValueError("a deploy request needs modules, a list")
    modules_loader.load(MODULES / os.uname().release, modules)
    record = codec.decode(Record, json.load(sys.stdin), "record")
    engine.deploy(record, RUNTIME, report)
    return None


def wait(request: Request, report: Report) -> object:
    """``{deadline}``, in seconds."""
    deadline = request.get("deadline")
    if not isinstance(deadline, int | float):
        raise ValueError("a wait request needs a deadline")
    site.wait(_record().plan, RUNTIME, deadline, report)
    return None


def look(_request: Request, _report: Report) -> object:
    return asdict(site.look(_record().plan, RUNTIME))


def about(_request: Request, _report: Report) -> object:
    return asdict(_record().about)


def stop(request: Request, _report: Report) -> object:
    engine.stop(_record().plan, text(request, "node"), RUNTIME)
    return None


def start(request: Request, report: Report) -> object:
    engine.start(_record(), text(request, "node"), RUNTIME, report)
    return None


COMMANDS: Mapping[str, Callable[[Request], list[str]]] = {"exec": exec_command, "log": log_command}
OPERATIONS: Mapping[str, Callable[[Request, Report], object]] = {
    "about": about,
    "deploy": deploy,
    "look": look,
    "start": start,
    "stop": stop,
    "wait": wait,
}


def text(request: Request, name: str) -> str:
    """A string of a request.

    Raises:
        ValueError: it is missing or no string.
    """
    value = request.get(name)
    if not isinstance(value, str):
        raise ValueError(f"the request needs {name}, a string")
    return value


def _record() -> Record:
    """Of the only lab in this guest."""
    labs = RUNTIME.labs()
    if not labs:
        raise LvsnetError("the lab is not deployed yet")
    return RUNTIME.record(labs[0])
