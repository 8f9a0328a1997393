"""A lab's life on the kernel that this process stands on, as root, with any runtime."""

from __future__ import annotations

from functools import partial

from lvsnet.engine import deploy as engine
from lvsnet.engine import kernel
from lvsnet.engine.runtime import Record, Runtime
from lvsnet.errors import LvsnetError
from lvsnet.host import guard, lock
from lvsnet.observe import site
from lvsnet.observe.model import Site
from lvsnet.plan.model import Plan
from lvsnet.progress import Report


def deploy(record: Record, runtime: Runtime, settle: float, report: Report) -> None:
    """Make a plan run; with ``settle``, wait as many seconds until the site is up.

    Raises:
        LvsnetError: what failed, or what the kernel lacks. Nothing of the lab is left, even when
            this process is killed.
    """
    plan = record.plan
    with lock.held(plan.lab):
        if plan.lab in runtime.labs():
            raise LvsnetError(f"lab {plan.lab} runs already; `lvsnet destroy {plan.lab}` ends it")
        _leaves_the_machine_alone(plan)
        kernel.require(plan.kernel)
        # What is left of a lab whose deploy was killed together with its guard.
        engine.destroy(plan.lab, runtime)
        with guard.guarded(partial(engine.destroy, plan.lab, runtime)) as keep:
            engine.deploy(record, runtime, report)
            if settle:
                site.wait(plan, runtime, settle, report)
            keep()


def destroy(lab: str, runtime: Runtime) -> None:
    with lock.held(lab):
        engine.destroy(lab, runtime)


def stop(lab: str, node: str, runtime: Runtime) -> None:
    with lock.held(lab):
        engine.stop(runtime.record(lab).plan, node, runtime)


def start(lab: str, node: str, runtime: Runtime, report: Report) -> None:
    with lock.held(lab):
        engine.start(runtime.record(lab), node, runtime, report)


def reconfigure(record: Record, runtime: Runtime, settle: float, report: Report) -> None:
    """Make a running lab what another plan of it says; with ``settle``, wait as many seconds.

    Raises:
        LvsnetError: as `lvsnet.engine.reconfigure.reconfigure`, or what the kernel lacks.
    """
    from lvsnet.engine import reconfigure as engine
    from lvsnet.observe import settling

    plan = record.plan
    with lock.held(plan.lab):
        known = runtime.record(plan.lab).plan.kernel
        _leaves_the_machine_alone(plan)
        if further := tuple(need for need in plan.kernel if need not in known):
            kernel.require(further)
        changed = engine.reconfigure(record, runtime, report)
    if changed and settle:
        # Without the lock: who waits for the site keeps nobody from stopping a node.
        settling.wait(plan, runtime, settle, report)


def look(lab: str, runtime: Runtime) -> Site:
    return site.look(runtime.record(lab).plan, runtime)


def _leaves_the_machine_alone(plan: Plan) -> None:
    """Only net.* belongs to a node (namespaces(7)); any other sysctl is the whole machine's."""
    others = [
        f"{node.name}: sysctl {key} is not the node's own but this machine's"
        for node in plan.nodes
        for key, _value in node.sysctls
        if not key.startswith(("net.", "net/"))
    ]
    if others:
        raise LvsnetError("\n".join([*others, "Take it out, or use --kernel guest."]))
