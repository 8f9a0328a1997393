"""Breaking a running lab and mending it, where its nodes are: the acts, and what they remember.

Which faults stand is kept in a file of the lab's (`lvsnet.host.leftovers.faults_of`), since a
kernel does not say why a link is down. What it does say, such as that a node is off, is asked of
it: so whatever has mended a fault meanwhile, it is no longer told as one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from lvsnet.engine import covers, deploy, fault_links, fault_processes, noting
from lvsnet.engine.runtime import Record, Runtime
from lvsnet.errors import LvsnetError
from lvsnet.faults import model, text
from lvsnet.faults.checking import resolved
from lvsnet.faults.model import (
    BadService,
    Clear,
    Dropped,
    Fault,
    FaultError,
    Frozen,
    Killed,
    LinkDown,
    Mend,
    Netem,
    Order,
    Partition,
    PowerOff,
    Put,
)
from lvsnet.host import leftovers, lock
from lvsnet.plan.model import Node, Plan
from lvsnet.progress import Report

OF_NODES = (Frozen, Killed, BadService)
"""What is in a node, and ends with its power."""
FILTERED = (Partition, Dropped)
ORDER = (Frozen, LinkDown, Netem, Partition, Dropped, BadService, PowerOff, Killed)
"""In which all are taken back: a node that was off boots with its cables in order."""
OF_WIRING = (PowerOff, LinkDown, Partition, Netem, Dropped)
"""What cannot be had where somebody else has laid the cables."""


def order(lab: str, runtime: Runtime, request: Mapping[str, object], report: Report) -> None:
    """The act ``fault.order``: an order as `lvsnet.faults.model.to_json` gives it."""
    apply(model.from_json(request), lab, runtime, report)


def standing(
    lab: str, runtime: Runtime, _request: Mapping[str, object], _report: Report
) -> list[dict[str, object]]:
    """The act ``fault.standing``: faults as `lvsnet.faults.model.fault_to_json` gives them."""
    return [model.fault_to_json(fault) for fault in standing_faults(lab, runtime)]


def apply(order: Order, lab: str, runtime: Runtime, report: Report) -> None:
    """Do what an order says; nothing happens when a fault is on already, just as it is asked for.

    Raises:
        FaultError: it names what the lab does not have.
        LvsnetError: it cannot be done, or what it is to take back is not on.
    """
    with lock.held(lab):
        record = runtime.record(lab)
        try:
            match resolved(order, record.plan):
                case Put(fault):
                    _put(fault, record, runtime)
                case Mend(fault):
                    _mend(fault, record, runtime, report)
                case Clear(node):
                    _clear(node, record, runtime, report)
        finally:
            # Whoever watches may look now: what stands is not only what is written.
            with suppress(OSError):
                os.utime(leftovers.faults_of(lab).parent)


def standing_faults(lab: str, runtime: Runtime) -> tuple[Fault, ...]:
    """The faults that are on: nodes without power first, then as they were put."""
    return tuple(_standing(runtime.record(lab).plan, runtime))


def before_daemons(plan: Plan, nodes: Sequence[Node], runtime: Runtime) -> None:
    """Called while nodes boot, when they are wired and nothing but their inits runs in them.

    What was wrong inside them ended with their power, and what is wrong with their cables is put
    again, before a daemon could see them without it.

    Raises:
        LvsnetError: the kernel has not got what a fault needs.
    """
    names = {node.name for node in nodes}
    kept = []
    for fault in _kept(plan):
        if isinstance(fault, OF_NODES) and fault.node in names:
            if isinstance(fault, BadService):
                from lvsnet.engine import fault_service

                fault_service.before_boot(fault, plan, runtime)
            continue
        kept.append(fault)
        match fault:
            case LinkDown() if fault.node in names:
                fault_links.pull_out(fault, plan)
            case Netem() if fault.node in names:
                from lvsnet.engine import fault_netem

                fault_netem.put(fault, plan, runtime)
    if any(isinstance(fault, FILTERED) for fault in kept):
        # Those of a node that was changed meanwhile may be other ports.
        fault_links.filter_frames(kept, plan)
    _keep(plan.lab, kept)


def after_change(plan: Plan) -> None:
    """Called when a lab has become what another plan says: faults of what is gone are gone, too.

    Else they would be on again when a node of that name comes back.

    Raises:
        LvsnetError: the kernel refuses to filter otherwise than before.
    """
    before, after = _written(plan.lab), _kept(plan)
    if before == after:
        return
    if any(isinstance(fault, FILTERED) for fault in before):
        fault_links.filter_frames(after, plan)
    _keep(plan.lab, after)


def _standing(plan: Plan, runtime: Runtime) -> list[Fault]:
    inits = runtime.inits(plan.lab)
    off = [PowerOff(node.name) for node in plan.nodes if node.name not in inits]
    return [*off, *(one for one in _kept(plan) if _is_on(one, plan, inits, runtime))]


def _is_on(fault: Fault, plan: Plan, inits: Mapping[str, int], runtime: Runtime) -> bool:
    if isinstance(fault, OF_NODES) and fault.node not in inits:
        return False
    match fault:
        case Frozen(node):
            return runtime.frozen(plan.lab, node)
        case Killed():
            return fault_processes.is_dead(fault, plan, runtime)
        case BadService(node):
            # Its nginx's configuration is covered until then.
            return bool(covers.covered(inits[node]))
    return True


def _put(fault: Fault, record: Record, runtime: Runtime) -> None:
    plan = record.plan
    _can_be_had(fault, record)
    there = _standing(plan, runtime)
    same = next((one for one in there if model.same_place(one, fault)), None)
    if same == fault:
        return
    if isinstance(fault, OF_NODES):
        _moves(fault.node, there)
    if isinstance(fault, PowerOff):
        deploy.stop(plan, fault.node, runtime)
        return
    with _told(plan, runtime, fault, "put", str(fault)):
        if isinstance(fault, Killed) and not fault_processes.is_daemon(fault, plan):
            fault_processes.kill(fault, plan, runtime)
            return
        before = _kept(plan)
        others = [one for one in before if not model.same_place(one, fault)]
        # What cannot be changed to other values is not impaired at all then.
        after_failure = others if isinstance(fault, Netem | BadService) else before
        with _remembered(plan.lab, after_failure, [*others, fault]):
            _break(fault, plan, runtime)


def _break(fault: Fault, plan: Plan, runtime: Runtime) -> None:
    """Put a fault that the lab's file has already."""
    match fault:
        case Frozen(node):
            runtime.freeze(plan.lab, [node])
        case Killed():
            fault_processes.kill(fault, plan, runtime)
        case LinkDown():
            fault_links.pull_out(fault, plan)
        case Partition() | Dropped():
            fault_links.filter_frames(_kept(plan), plan)
        case Netem():
            if runtime.runs(plan.lab, fault.node):  # else its boot does it
                from lvsnet.engine import fault_netem

                fault_netem.put(fault, plan, runtime)
        case BadService():
            from lvsnet.engine import fault_service

            fault_service.put(fault, plan, runtime)


def _mend(fault: Fault, record: Record, runtime: Runtime, report: Report) -> None:
    there = _standing(record.plan, runtime)
    every_partition = fault == Partition((), ())
    found = [
        one
        for one in there
        if model.same_place(one, fault) or (every_partition and isinstance(one, Partition))
    ]
    if not found:
        on = f"on are: {text.shown(there)}" if there else "no fault is on"
        raise LvsnetError(f"{text.mended(fault)}: there is nothing to take back; {on}")
    for one in found:
        _mend_one(one, record, runtime, report)


def _mend_one(fault: Fault, record: Record, runtime: Runtime, report: Report) -> None:
    plan = record.plan
    _can_be_had(fault, record)
    if isinstance(fault, OF_NODES) and not isinstance(fault, Frozen):
        _moves(fault.node, _standing(plan, runtime))
    if isinstance(fault, PowerOff):
        deploy.start(record, fault.node, runtime, report)
        return
    with _told(plan, runtime, fault, "mended", text.mended(fault)):
        _take_back(fault, plan, runtime, report)
    _keep(plan.lab, _without(_kept(plan), fault))


def _take_back(fault: Fault, plan: Plan, runtime: Runtime, report: Report) -> None:
    """Mend what is on; the lab's file still has it when this returns."""
    match fault:
        case Frozen(node):
            runtime.thaw(plan.lab, [node])
        case Killed():
            fault_processes.revive(fault, plan, runtime, report)
        case LinkDown():
            fault_links.plug_in(fault, plan)
        case Partition() | Dropped():
            fault_links.filter_frames(_without(_kept(plan), fault), plan)
        case Netem():
            if runtime.runs(plan.lab, fault.node):
                from lvsnet.engine import fault_netem

                fault_netem.mend(fault, plan, runtime)
        case BadService():
            from lvsnet.engine import fault_service

            fault_service.mend(fault, plan, runtime)


def _clear(node: str, record: Record, runtime: Runtime, report: Report) -> None:
    """Take all back, or what a node has a part in; what cannot be is told at the end."""
    failures = []
    for kind in ORDER:
        # Asked anew each time: with a node's power its daemons are back, too.
        for fault in _standing(record.plan, runtime):
            if isinstance(fault, kind) and (not node or node in model.nodes_of(fault)):
                try:
                    _mend_one(fault, record, runtime, report)
                except (LvsnetError, OSError) as error:
                    failures.append(f"{text.mended(fault)}: {error}")
    if failures:
        raise LvsnetError("\n".join(failures))


def _can_be_had(fault: Fault, record: Record) -> None:
    if record.about.runtime == "containerlab" and isinstance(fault, OF_WIRING):
        raise LvsnetError(
            f"{fault}: containerlab has wired lab {record.plan.lab}, so its cables and its nodes' "
            "power are not lvsnet's; `lvsnet deploy --runtime docker` deploys one where they are"
        )


def _moves(node: str, there: Sequence[Fault]) -> None:
    """Raise when a node is off or frozen."""
    if PowerOff(node) in there:
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    if Frozen(node) in there:
        raise LvsnetError(f"{node} is frozen; `lvsnet fault thaw {node}` lets it go on")


def _without(faults: Sequence[Fault], one: Fault | None) -> list[Fault]:
    return [each for each in faults if each != one]


def _kept(plan: Plan) -> list[Fault]:
    """What the lab's file has, as far as the lab still has what it is about."""
    found = []
    for fault in _written(plan.lab):
        if isinstance(fault, Partition):
            fault = _left_of(fault, plan)
            if not (fault.nodes and fault.others):
                continue
        try:
            resolved(Put(fault), plan)
        except FaultError:
            continue  # the lab was changed meanwhile
        found.append(fault)
    return found


def _written(lab: str) -> list[Fault]:
    """All that the lab's file has."""
    try:
        content = json.loads(leftovers.faults_of(lab).read_text())
    except FileNotFoundError:
        return []
    return [model.fault_from_json(value) for value in content]


def _left_of(fault: Partition, plan: Plan) -> Partition:
    """A partition without nodes that the lab has no longer."""
    known = {node.name for node in plan.nodes}
    sides = (tuple(name for name in one if name in known) for one in (fault.nodes, fault.others))
    return Partition(*sides)


def _keep(lab: str, faults: Sequence[Fault]) -> None:
    """Remember these, at once and whole; nodes without power are not for the file to know."""
    path = leftovers.faults_of(lab)
    lasting = [model.fault_to_json(one) for one in faults if not isinstance(one, PowerOff)]
    if not lasting:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(lasting))
    new.replace(path)


@contextmanager
def _told(plan: Plan, runtime: Runtime, fault: Fault, what: str, words: str) -> Iterator[None]:
    """Write to the lab's journal what is done in here: before it is, and whether it failed."""
    node = "" if isinstance(fault, Partition) else fault.node
    noting.note(plan, runtime, "fault", node, what, words, f"fault: {words}")
    try:
        yield
    except (LvsnetError, OSError) as error:
        failed = f"fault: {words}: failed: {error}"
        noting.note(plan, runtime, "fault", node, "failed", words, failed)
        raise


@contextmanager
def _remembered(lab: str, before: Sequence[Fault], after: Sequence[Fault]) -> Iterator[None]:
    """Remember a fault before it is put, so that it can be taken back whatever happens.

    One that cannot be put is forgotten again.
    """
    _keep(lab, after)
    try:
        yield
    except (LvsnetError, OSError):
        _keep(lab, before)
        raise
