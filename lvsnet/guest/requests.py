"""What the agent does when it is asked: the engine's and the observer's operations by name.

What a deploy does not need is imported by what needs it: a deploy waits for all that stands here.
"""

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
from lvsnet.engine.syscalls import mount
from lvsnet.errors import LvsnetError
from lvsnet.guest import modules_loader
from lvsnet.host import lock
from lvsnet.plan import codec
from lvsnet.progress import Report

Request = Mapping[str, object]

STATE = Path("/run/lvsnet")
RUNTIME = Crun(state=STATE, image=Path("/"))
"""The guest's root is the image itself, read-only, so it can lie below every node's disk."""
SHARE = Path("/run/share")
"""The host's directory of that name, mounted when it is first needed, to be written to."""
MODULES = Path("/mnt/lib/modules")
"""Below /mnt is the host's directory of this guest, by hostfs."""


def exec_command(request: Request) -> list[str]:
    """The program that serves an ``exec`` request: ``{lab, node, argv, environment}``."""
    return RUNTIME.exec_command(*_asked(request))


def pipe_command(request: Request) -> list[str]:
    """The program that serves a ``pipe`` request: as ``exec``, and ``{input, output}``.

    They are names of files in the share, and become its standard input and output.
    """
    names = text(request, "input"), text(request, "output")
    if any("/" in name for name in names):
        raise ValueError(f"{' and '.join(names)}: no names of files")
    command = RUNTIME.exec_command(*_asked(request))
    if not SHARE.is_mount():
        SHARE.mkdir(exist_ok=True)
        # By mount(2) hostfs takes the bare path, by fsconfig(2) hostfs=PATH.
        mount("none", SHARE, "hostfs", options=SHARE.name)
    files = [str(SHARE / name) for name in names]
    return ["/bin/sh", "-c", 'i=$1 o=$2; shift 2; exec "$@" <"$i" >"$o"', "sh", *files, *command]


def shell_command(request: Request) -> Callable[[Path], list[str]]:
    """The program that serves a ``shell`` request: as ``exec``, and ``{rows, columns}``."""
    asked = _asked(request)
    return lambda console: RUNTIME.shell_command(*asked, console)


def _asked(request: Request) -> tuple[str, str, list[str], dict[str, str]]:
    """Lab, node that runs, command and environment of a request."""
    lab, node = text(request, "lab"), text(request, "node")
    if not RUNTIME.runs(lab, node):
        find(_record().plan, node)
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    argv = request.get("argv")
    environment = request.get("environment", {})
    if not isinstance(argv, list) or not isinstance(environment, dict):
        raise ValueError("the request needs argv, a list, and environment, a mapping")
    return lab, node, argv, environment


def log_command(request: Request) -> list[str]:
    """The program that serves a ``log`` request: ``{node, follow}``."""
    plan = _record().plan
    log = RUNTIME.log(plan.lab, find(plan, text(request, "node")).name)
    follow = ["--follow"] if request.get("follow") else []
    return ["tail", "--lines=+1", *follow, str(log)]


def relay(request: Request) -> int:
    """Join standard input and output with a port that a node reaches: ``{lab, node, hosts, port}``.

    The exit code; why it could not be connected is said on standard error.
    """
    lab, node = text(request, "lab"), text(request, "node")
    hosts, port = request.get("hosts"), request.get("port")
    if not isinstance(hosts, list) or not isinstance(port, int):
        raise ValueError("a relay request needs hosts, a list, and port, a number")
    from lvsnet.engine import dial

    inits = RUNTIME.inits(lab)
    try:
        if node not in inits:
            raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
        dial.relay_streams(inits[node], hosts, port, sys.stdin.fileno(), sys.stdout.fileno())
    except LvsnetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def deploy(request: Request, report: Report) -> object:
    """Make the record on standard input run: ``{modules}``, paths of the modules that it needs.

    The kernel would ask for most of them itself, one at a time, each by a process.
    """
    _load_modules(request)
    record = codec.decode(Record, json.load(sys.stdin), "record")
    with lock.held(record.plan.lab):
        engine.deploy(record, RUNTIME, report)
    return None


def reconfigure(request: Request, report: Report) -> object:
    """Make the lab what the record on standard input says: ``{modules}`` as for ``deploy``.

    Whether anything was to be done.
    """
    from lvsnet.engine import reconfigure as engine

    record = codec.decode(Record, json.load(sys.stdin), "record")
    with lock.held(_record().plan.lab):
        _load_modules(request)
        return engine.reconfigure(record, RUNTIME, report)


def settle(request: Request, report: Report) -> object:
    """Wait for the site of a lab that was changed: ``{deadline}``, in seconds."""
    from lvsnet.observe import settling

    deadline = request.get("deadline")
    if not isinstance(deadline, int | float):
        raise ValueError("a settle request needs a deadline")
    settling.wait(_record().plan, RUNTIME, deadline, report)
    return None


def wait(request: Request, report: Report) -> object:
    """``{deadline}``, in seconds."""
    deadline = request.get("deadline")
    if not isinstance(deadline, int | float):
        raise ValueError("a wait request needs a deadline")
    from lvsnet.observe import site

    site.wait(_record().plan, RUNTIME, deadline, report)
    return None


def until(request: Request, report: Report) -> object:
    """``{condition, limit}``: as `lvsnet.observe.conditions.to_json` gives it, and seconds."""
    from lvsnet.observe import conditions, watching

    limit = request.get("limit")
    if not isinstance(limit, int | float):
        raise ValueError("an until request needs a limit")
    condition = conditions.from_json(request.get("condition"))
    return asdict(watching.wait(condition, _record().plan, RUNTIME, limit, report))


def act(request: Request, report: Report) -> object:
    """``{name, request}``: one of `lvsnet.host.acts.ACTS`."""
    from lvsnet.host import acts

    asked = request.get("request")
    if not isinstance(asked, dict):
        raise ValueError("an act needs a request, a mapping")
    return acts.perform(text(request, "name"), _record().plan.lab, RUNTIME, asked, report)


def look(_request: Request, _report: Report) -> object:
    from lvsnet.observe import site

    return asdict(site.look(_record().plan, RUNTIME))


def about(_request: Request, _report: Report) -> object:
    return asdict(_record().about)


def record(_request: Request, _report: Report) -> object:
    return asdict(_record())


def nodes(_request: Request, _report: Report) -> object:
    return [node.name for node in _record().plan.nodes]


def changes(request: Request, _report: Report) -> object:
    """``{node}``"""
    plan = _record().plan
    found = RUNTIME.changes(plan.lab, find(plan, text(request, "node")).name)
    return [asdict(change) for change in found]


def stop(request: Request, _report: Report) -> object:
    with lock.held(_record().plan.lab):
        engine.stop(_record().plan, text(request, "node"), RUNTIME)
    return None


def start(request: Request, report: Report) -> object:
    with lock.held(_record().plan.lab):
        engine.start(_record(), text(request, "node"), RUNTIME, report)
    return None


def compile_agent(_request: Request, _report: Report) -> object:
    """The modules that this agent runs by, compiled (`lvsnet.guest.carried.packed`), as base64."""
    from base64 import b64encode

    from lvsnet.guest import carried

    return b64encode(carried.packed(Path(carried.HERE, "lvsnet"))).decode()


COMMANDS: Mapping[str, Callable[[Request], list[str]]] = {
    "exec": exec_command,
    "log": log_command,
    "pipe": pipe_command,
}
TERMINALS: Mapping[str, Callable[[Request], Callable[[Path], list[str]]]] = {"shell": shell_command}
"""What runs at a terminal; its arguments have in them where the terminal's end is to come."""
STREAMS: Mapping[str, Callable[[Request], int]] = {"relay": relay}
"""What a forked child does with the channels as its standard streams; its exit code."""
OPERATIONS: Mapping[str, Callable[[Request, Report], object]] = {
    "about": about,
    "act": act,
    "changes": changes,
    "compile": compile_agent,
    "deploy": deploy,
    "look": look,
    "nodes": nodes,
    "reconfigure": reconfigure,
    "record": record,
    "settle": settle,
    "start": start,
    "stop": stop,
    "until": until,
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


def _load_modules(request: Request) -> None:
    modules = request.get("modules")
    if not isinstance(modules, list):
        raise ValueError("the request needs modules, a list")
    modules_loader.load(MODULES / os.uname().release, modules)


def _record() -> Record:
    """Of the only lab in this guest."""
    labs = RUNTIME.labs()
    if not labs:
        raise LvsnetError("the lab is not deployed yet")
    return RUNTIME.record(labs[0])
