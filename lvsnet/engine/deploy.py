"""A plan becomes a running lab: containers, then wires, then configuration, then daemons.

Nothing of a phase begins before the phase before it is done on every node, so no daemon ever
sees half a network. What fails is named with its node and step, and everything that was made
is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from lvsnet.engine import files, logs, namespaces, network, noting, ready
from lvsnet.engine.runtime import Record, Runtime, find, is_volatile
from lvsnet.errors import LvsnetError
from lvsnet.host import leftovers
from lvsnet.plan.model import File, Node, Plan
from lvsnet.progress import Report

COMMAND_DEADLINE = 60.0
"""Seconds that one of the user's own commands may take."""
NAMED = 8


def deploy(record: Record, runtime: Runtime, report: Report) -> None:
    """Make a plan run.

    Raises:
        LvsnetError: node, step and the daemon's last lines; nothing is left behind.
    """
    plan = record.plan
    if refused := runtime.refusals(plan.nodes):
        raise LvsnetError("\n".join(refused))
    with ExitStack() as undo:
        with step("the lab", "make the segments"):
            namespaces.create_fabric(plan.lab)
            undo.callback(destroy, plan.lab, runtime)
            network.make_segments(namespaces.of_fabric(plan.lab), plan.segments)
        boot(record, plan.nodes, runtime, report, all_files)
        undo.pop_all()
    noting.note(plan, runtime, "lab", "", "deployed", plan.lab, f"lab {plan.lab} is deployed")


def destroy(lab: str, runtime: Runtime) -> None:
    """Take down everything of a lab; what is not there is fine."""
    try:
        runtime.remove(lab)
    finally:
        try:
            namespaces.remove_fabric(lab)
        finally:
            leftovers.remove(lab)


def stop(plan: Plan, name: str, runtime: Runtime) -> None:
    """Power loss: nothing in the node runs any further, its links go down, then all is killed.

    Raises:
        LvsnetError: the node does not run.
    """
    node = find(plan, name)
    if not runtime.runs(plan.lab, name):
        raise LvsnetError(f"{name} does not run; `lvsnet start {name}` starts it")
    noting.note(plan, runtime, "fault", name, "put", f"stop {name}", f"fault: stop {name}")
    _cut(plan, node, runtime)
    noting.note(plan, runtime, "node", name, "off", name, "is off")


def start(record: Record, name: str, runtime: Runtime, report: Report) -> None:
    """A boot after `stop`: new namespaces, wired again, the disk as it was left.

    A node that was changed while it was off has no disk any more, and is made anew.

    Raises:
        LvsnetError: the node runs already, or a step failed; the node is then off again.
    """
    plan = record.plan
    node = find(plan, name)

    def volatile_files(node: Node) -> tuple[File, ...]:
        return tuple(file for file in node.files if is_volatile(file.path, runtime.volatile))

    if runtime.runs(plan.lab, name):
        raise LvsnetError(f"{name} runs already")
    noting.note(plan, runtime, "fault", name, "mended", f"start {name}", f"fault: start {name}")
    # It may have ended by itself, its init killed, and have left its half of things.
    _cut(plan, node, runtime)
    if name in record.unsettled or not runtime.changes(plan.lab, name):
        _start_anew(record, node, runtime, report)
    else:
        with ExitStack() as undo:
            undo.callback(_cut, plan, node, runtime)
            boot(record, [node], runtime, report, volatile_files)
            undo.pop_all()
    noting.note(plan, runtime, "node", name, "on", name, "is on")


def _start_anew(record: Record, node: Node, runtime: Runtime, report: Report) -> None:
    """A first boot: `lvsnet.engine.reconfigure` takes the disks of nodes that are off and change.

    When it fails, the node has no disk again.
    """
    lab = record.plan.lab
    report(f"{node.name} is made anew: the lab was changed while it was off")
    with ExitStack() as undo:
        undo.callback(runtime.forget, lab, [node.name])
        undo.callback(_cut, record.plan, node, runtime)
        runtime.forget(lab, [node.name])
        boot(record, [node], runtime, report, all_files)
        undo.pop_all()
    if node.name in record.unsettled:
        rest = tuple(name for name in record.unsettled if name != node.name)
        runtime.keep(replace(record, unsettled=rest))


def _cut(plan: Plan, node: Node, runtime: Runtime) -> None:
    fabric = namespaces.of_fabric(plan.lab)
    # No daemon is to say goodbye by a second link when the first one goes down, as keepalived does.
    runtime.freeze(plan.lab, [node.name])
    with step(node.name, "take its links down"):
        network.pull_out(fabric, node.interfaces)
    runtime.power_off(plan.lab, [node.name])
    with step(node.name, "remove its links"):
        network.unplug(fabric, node.interfaces)


def all_files(node: Node) -> tuple[File, ...]:
    return node.files


def boot(
    record: Record,
    nodes: Sequence[Node],
    runtime: Runtime,
    report: Report,
    files_to_write: Callable[[Node], tuple[File, ...]],
) -> None:
    """Make nodes of the record's plan run whose bridges are there, one phase after the other.

    Raises:
        LvsnetError: node, step and the daemon's last lines; what was made is still there.
    """
    plan = record.plan
    report("create " + shortly([node.name for node in nodes]))
    inits = runtime.create(record, nodes)
    report("wire and configure")
    with network.opened(namespaces.of_fabric(plan.lab)) as fabric:
        bridges = network.bridges(fabric, plan.segments)
        for node in nodes:
            with step(node.name, "wire its interfaces"):
                network.wire(fabric, bridges, node, inits[node.name])
    for node in nodes:
        with step(node.name, "set sysctls, addresses and routes"):
            network.configure(node, inits[node.name])
        with step(node.name, "write its files"):
            files.write(Path(f"/proc/{inits[node.name]}/root"), files_to_write(node))
    if leftovers.faults_of(plan.lab).exists():
        # Costs a deploy time that has no use for it.
        from lvsnet.engine import faulting

        faulting.before_daemons(plan, nodes, runtime)
    for node in nodes:
        for command in node.commands:
            _run(plan, node, command, runtime)
    test_configurations(plan, nodes, runtime, report)
    daemons = {daemon.stage for node in nodes for daemon in node.daemons}
    for stage in sorted(daemons | {one.stage for node in nodes for one in node.afterwards}):
        if stage in daemons:
            start_daemons(plan, nodes, stage, inits, runtime, report)
        for node in nodes:
            for one in node.afterwards:
                if one.stage == stage:
                    _run(plan, node, one.argv, runtime)


def test_configurations(
    plan: Plan, nodes: Sequence[Node], runtime: Runtime, report: Report
) -> None:
    """Have the nodes' daemons say what they make of configurations that the user wrote.

    Raises:
        LvsnetError: as `lvsnet.engine.judges.examine`.
    """
    tested = [node for node in nodes if any(daemon.tests for daemon in node.daemons)]
    if not tested:
        return
    # Costs a deploy time that has no use for it.
    from lvsnet.engine import judges

    report("test the configuration of " + shortly([node.name for node in tested]))
    judges.examine(plan, tested, runtime.run, report)


def start_daemons(
    plan: Plan,
    nodes: Sequence[Node],
    stage: int,
    inits: dict[str, int],
    runtime: Runtime,
    report: Report,
) -> None:
    """Start the nodes' daemons of a stage, and return when they are ready.

    ``inits``: node -> process id of its init. Raises LvsnetError with a daemon's last lines.
    """

    def failed(one: ready.Started, why: str) -> NoReturn:
        words = logs.tail(runtime.said(plan.lab, one.node))
        raise LvsnetError(f"{one.node}: {one.daemon.name} {why}; its last lines:\n{words}")

    chosen = [(node, each) for node in nodes for each in node.daemons if each.stage == stage]
    report("start " + shortly([f"{daemon.name} on {node.name}" for node, daemon in chosen]))
    pids = runtime.start(plan.lab, chosen)
    started = [
        ready.Started(node.name, daemon, pid, inits[node.name])
        for (node, daemon), pid in zip(chosen, pids, strict=True)
    ]
    ready.wait(started, failed)


def _run(plan: Plan, node: Node, command: tuple[str, ...], runtime: Runtime) -> None:
    code, output = runtime.run(plan.lab, node.name, command, COMMAND_DEADLINE)
    if code:
        said = logs.quoted(output.splitlines()[-10:])
        raise LvsnetError(f"{node.name}: {' '.join(command)} ended with code {code}:\n{said}")


def shortly(names: list[str]) -> str:
    """At most `NAMED` of the names, for a line of progress."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def step(where: str, what: str) -> Iterator[None]:
    """Put node and step before what the kernel says."""
    try:
        yield
    except OSError as error:
        raise LvsnetError(f"{where}: {what}: {error}") from error
