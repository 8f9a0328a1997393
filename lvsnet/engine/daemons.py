"""Starting, stopping and reloading daemons of nodes that go on running."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lvsnet.engine import deploy, files, logs, ready
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.plan.difference import DaemonChange, Deed
from lvsnet.plan.model import Daemon, Node, Plan
from lvsnet.progress import Report

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL, as container engines give; keepalived takes 1 s."""
KILLED = 5.0
"""Seconds in which the kernel ends what was killed."""
INTERVAL = 0.05


@dataclass(frozen=True)
class Turn:
    """What happens to a node's daemons."""

    before: Node
    after: Node
    changes: tuple[DaemonChange, ...]

    def named(self, *deeds: Deed) -> set[str]:
        return {change.name for change in self.changes if change.deed in deeds}


def change(
    plan: Plan, turns: Sequence[Turn], inits: Mapping[str, int], runtime: Runtime, report: Report
) -> None:
    """Do what the turns say, stage by stage over all nodes, and wait until all is ready.

    A daemon that is to be reloaded and has ended is started. ``inits``: node -> process id of its
    init.

    Raises:
        LvsnetError: a daemon is not ready, or does not end.
    """
    _end(plan.lab, [_some(turn.before, turn.named(Deed.stop)) for turn in turns], inits, runtime)
    stages = {daemon.stage for turn in turns for daemon in turn.after.daemons}
    for stage in sorted(stages):
        reloading, starting = [], []
        for turn in turns:
            asked = _some(turn.after, turn.named(Deed.reload), stage)
            alive = {one.name for one in asked.daemons if _lives(plan, asked, one, runtime)}
            dead = {one.name for one in asked.daemons} - alive
            reloading.append(_some(asked, alive))
            starting.append(_some(turn.after, dead | turn.named(Deed.start, Deed.restart), stage))
            restarting = _some(turn.before, turn.named(Deed.restart) & _names(starting[-1]))
            _end(plan.lab, [restarting], inits, runtime)
        if any(node.daemons for node in starting):
            deploy.start_daemons(plan, starting, stage, dict(inits), runtime, report)
        _reload(plan, reloading, inits, runtime, report)


def _names(node: Node) -> set[str]:
    return {daemon.name for daemon in node.daemons}


def _some(node: Node, names: Iterable[str], stage: int | None = None) -> Node:
    """The node with these daemons only, of this stage if one is given."""
    chosen = tuple(
        daemon for daemon in node.daemons if daemon.name in names and stage in (None, daemon.stage)
    )
    return replace(node, daemons=chosen)


def _lives(plan: Plan, node: Node, daemon: Daemon, runtime: Runtime) -> bool:
    return runtime.alive(plan.lab, node.name, daemon.name)


def _end(lab: str, nodes: Sequence[Node], inits: Mapping[str, int], runtime: Runtime) -> None:
    """End all daemons of these nodes: they may say goodbye, as on a machine that is serviced."""
    waiting = [(node, daemon) for node in nodes for daemon in node.daemons]
    for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, KILLED)):
        for node, daemon in waiting:
            runtime.signal(lab, node.name, daemon.name, number)
        until = time.monotonic() + patience
        while waiting := [
            (node, daemon) for node, daemon in waiting if runtime.alive(lab, node.name, daemon.name)
        ]:
            if time.monotonic() > until:
                break
            time.sleep(INTERVAL)
    for node, daemon in waiting:
        raise LvsnetError(f"{node.name}: {daemon.name} does not end, not even by SIGKILL")
    for node in nodes:
        for daemon in node.daemons:
            if daemon.pid_file:
                # One that was killed has left it, and the next one seems ready by it.
                root = Path(f"/proc/{inits[node.name]}/root")
                files.inside(root, daemon.pid_file).unlink(missing_ok=True)


def _reload(
    plan: Plan,
    nodes: Sequence[Node],
    inits: Mapping[str, int],
    runtime: Runtime,
    report: Report,
) -> None:
    """Have all daemons of these nodes read their files again, and see that they bear it."""
    waiting = [(node, daemon) for node in nodes for daemon in node.daemons]
    if not waiting:
        return
    report("reload " + deploy.shortly([f"{one.name} on {node.name}" for node, one in waiting]))
    for node, daemon in waiting:
        number = signal.Signals[f"SIG{daemon.reload}"]
        runtime.signal(plan.lab, node.name, daemon.name, number)
    begun = time.monotonic()
    while waiting:
        passed = time.monotonic() - begun
        left = []
        for node, daemon in waiting:
            missing = ready.lacks(ready.Started(node.name, daemon, 0, inits[node.name]), passed)
            if not _lives(plan, node, daemon, runtime):
                raise _failure(plan, node, daemon, runtime, "ended when it was reloaded")
            if passed > ready.DEADLINE and missing:
                why = f"is not ready, {ready.DEADLINE:.0f} s after it was reloaded: {missing}"
                raise _failure(plan, node, daemon, runtime, why)
            if missing or passed < ready.SURVIVAL:
                left.append((node, daemon))
        waiting = left
        if waiting:
            time.sleep(INTERVAL)


def _failure(plan: Plan, node: Node, daemon: Daemon, runtime: Runtime, why: str) -> LvsnetError:
    words = logs.tail(runtime.said(plan.lab, node.name))
    return LvsnetError(f"{node.name}: {daemon.name} {why}; its last lines:\n{words}")
