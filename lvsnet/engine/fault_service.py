"""Real servers whose nginx answers 500, answers late, or comes and goes.

nginx is given another configuration, made of its own and mounted over its own file, and reads it.
The file itself is not touched: it shows again when the fault is mended, and after a loss of power,
with which such a fault ends. What is under way when nginx reads goes on to its end.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path

from lvsnet.engine import covers, files, logs, nginx_running, nginx_text
from lvsnet.engine.nginx_running import Nginx
from lvsnet.engine.runtime import Runtime, find
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import BadService
from lvsnet.plan.model import Daemon, Plan

FAIL, SLOW, FLAP = "fail", "slow", "flap"
SLOW_S, FLAP_S = 2.0, 5.0
"""What is meant when no number of seconds is given."""
LONGEST_S = 24 * 3600.0
TEST_S = 30.0
"""Seconds that `nginx -t` may take; it takes 10 ms."""
FLAPPER = "lvsnet-flap"
"""The process in a node, by its name as a daemon, that has its nginx come and go."""
END_S = 5.0
INTERVAL = 0.01
AWAY, THERE = "/dev/shm/.lvsnet-away.conf", "/dev/shm/.lvsnet-there.conf"
"""In memory in every node."""

LOOP = """\
reload() {
    for process in /proc/[0-9]*; do
        title=
        { read -r title <"$process/cmdline"; } 2>/dev/null
        case $title in "nginx: master process "*) kill -s HUP "${process#/proc/}" ;; esac
    done
}
while :; do
    for text in "$2" "$3"; do
        cat "$text" >"$1"
        reload
        sleep "$4"
    done
done
"""
"""$1 is the configuration, $2 and $3 what it is in turn, $4 for how many seconds each.

nginx is looked for each time: it may have been killed, and started again."""


def put(fault: BadService, plan: Plan, runtime: Runtime) -> None:
    """Have a node's nginx misbehave; another such fault of the node's is replaced.

    From when this returns, every new request meets it. The node must not be frozen, for its nginx
    could not read then. When it fails, the service is as it should be.

    Raises:
        LvsnetError: the node is off, no nginx runs there, or its configuration cannot be read or
            changed; the message has nginx's own words.
    """
    if not 0 <= fault.seconds <= LONGEST_S:
        raise LvsnetError(f"{fault}: the time has to be from 0s to 24h")
    mend(fault, plan, runtime)
    nginx = _nginx(fault, plan, runtime)
    directives = nginx_running.read(nginx)
    try:
        text = _changed(directives, fault)
        _test(nginx, text, plan, runtime)
        covers.cover(nginx.init, nginx.configuration, _bytes(text))
        try:
            if fault.kind == FLAP:
                _flap(nginx, directives, fault, plan, runtime)
            else:
                nginx_running.reload(nginx)
        except LvsnetError:
            mend(fault, plan, runtime)
            raise
    except OSError as error:
        raise LvsnetError(f"{fault}: {error.strerror or error}") from error


def mend(fault: BadService, plan: Plan, runtime: Runtime) -> None:
    """Have a node's nginx serve as its own configuration says; of what kind ``fault`` is, and
    whether the node is on or has any such fault, does not matter.

    Raises:
        LvsnetError: the kernel refused, or nginx does not read.
    """
    find(plan, fault.node)
    init = runtime.inits(plan.lab).get(fault.node)
    if init is None:
        return
    flapped = _end_flapping(fault, plan, runtime)
    try:
        there = covers.covered(init)
        for path in there:
            covers.uncover(init, path, _is_not_ours)
        for path in (AWAY, THERE):
            covers.discard(init, path)
    except OSError as error:
        raise LvsnetError(f"service mend {fault.node}: {error.strerror or error}") from error
    nginx = nginx_running.found(fault.node, init) if there else None
    if nginx is not None:
        nginx_running.reload(nginx)
        if flapped:
            # The new workers may be those of the last reload that the flapping process asked for.
            nginx_running.reload(nginx)


def before_boot(fault: BadService, plan: Plan, runtime: Runtime) -> None:
    """Called when a node with the fault boots, before its daemons start: the fault is over.

    All that can be on its disk is what a `put` left that was killed at its work.
    """
    init = runtime.inits(plan.lab).get(fault.node)
    if init is not None:
        root = Path(f"/proc/{init}/root")
        files.inside(root, nginx_running.USUAL + covers.SUFFIX).unlink(missing_ok=True)


def _nginx(fault: BadService, plan: Plan, runtime: Runtime) -> Nginx:
    init = runtime.inits(plan.lab).get(fault.node)
    if init is None:
        raise LvsnetError(f"{fault.node} does not run; `lvsnet start {fault.node}` starts it")
    nginx = nginx_running.found(fault.node, init)
    if nginx is not None:
        return nginx
    if any(daemon.name == "nginx" for daemon in find(plan, fault.node).daemons):
        raise LvsnetError(
            f"{fault}: nginx does not run there; `lvsnet fault revive {fault.node} nginx` starts it"
        )
    raise LvsnetError(f"{fault}: no nginx runs there, and lvsnet can break no other server")


def _changed(directives: Sequence[nginx_text.Directive], fault: BadService) -> str:
    try:
        match fault.kind:
            case "fail":
                changed = nginx_text.failing(directives)
            case "slow":
                milliseconds = round((fault.seconds or SLOW_S) * 1000)
                changed = nginx_text.slow(directives, max(1, milliseconds))
            case "flap":
                changed = nginx_text.away(directives)
            case _:
                raise LvsnetError(f"a service can {FAIL}, be {SLOW} or {FLAP}, not {fault.kind}")
    except LvsnetError as error:
        raise LvsnetError(f"{fault}: {error}") from error
    return nginx_text.text_of(changed, str(fault))


def _test(nginx: Nginx, text: str, plan: Plan, runtime: Runtime) -> None:
    """Have nginx itself say what it makes of a configuration, beside its own one."""
    draft = covers.drafted(nginx.init, nginx.configuration, _bytes(text))
    try:
        argv = (nginx.program, "-t", "-q", "-c", draft)
        code, said = runtime.run(plan.lab, nginx.node, argv, TEST_S)
    finally:
        covers.discard(nginx.init, draft)
    if code:
        words = logs.quoted(said.splitlines()[-10:])
        raise LvsnetError(
            f"{nginx.node}: nginx cannot be changed so; its words on its configuration, into which "
            f"what it includes was put:\n{words}"
        )


def _flap(
    nginx: Nginx,
    directives: Sequence[nginx_text.Directive],
    fault: BadService,
    plan: Plan,
    runtime: Runtime,
) -> None:
    """Start the process that has nginx come and go, and return when it is away first."""
    root = Path(f"/proc/{nginx.init}/root")
    for path, some in ((AWAY, nginx_text.away(directives)), (THERE, directives)):
        text = nginx_text.text_of(some, str(fault))
        files.inside(root, path).write_bytes(_bytes(text))
    seconds = f"{fault.seconds or FLAP_S:.3f}"
    argv = ("sh", "-c", LOOP, FLAPPER, nginx.configuration, AWAY, THERE, seconds)
    before = nginx_running.workers(nginx)
    runtime.start(plan.lab, [(find(plan, fault.node), Daemon(FLAPPER, argv, stage=0))])
    nginx_running.await_others(nginx, before)


def _end_flapping(fault: BadService, plan: Plan, runtime: Runtime) -> bool:
    """End the process that `_flap` starts; whether there was one."""
    if not runtime.alive(plan.lab, fault.node, FLAPPER):
        return False
    runtime.signal(plan.lab, fault.node, FLAPPER, signal.SIGKILL)
    until = time.monotonic() + END_S
    while runtime.alive(plan.lab, fault.node, FLAPPER):
        if time.monotonic() > until:
            raise LvsnetError(f"{fault.node}: {FLAPPER} does not end, {END_S:.0f} s after SIGKILL")
        time.sleep(INTERVAL)
    return True


def _is_not_ours(content: bytes) -> bool:
    """Whether somebody has written a configuration meanwhile, as `lvsnet redeploy` does."""
    return bool(content) and not content.startswith(nginx_text.MARK.encode())


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
