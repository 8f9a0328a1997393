"""Cables that are slow, long or bad: netem at the two ends of a node's veth pair.

What a node sends is impaired at its own interface, where tc(8) in the node shows it; what it gets,
at the cable's other end in the fabric. A node that is off has no cables. So `put` does nothing
there, and is called again when the node has been started: the new cables know nothing of the old.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import namespaces, network
from lvsnet.engine.qdiscs import HANDLE, Impairment, Qdiscs
from lvsnet.engine.runtime import Runtime, interface
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Netem
from lvsnet.plan.model import Plan

OUT, IN, BOTH = "out", "in", "both"
NETEM = "netem"
DEFAULT = ("noqueue", "pfifo_fast", "fq_codel", "fq", "mq", "")
"""What the kernel itself puts at the root (net.core.default_qdisc), with a handle or without."""
LONGEST_US = 3600 * 10**6
MOST_PACKETS = 2**31 - 1
FASTEST = 10**14
"""Bits a second."""
UNKNOWN = (errno.ENOENT, errno.EOPNOTSUPP)
"""No such qdisc; none at all (CONFIG_NET_SCHED)."""


@dataclass(frozen=True)
class _End:
    """One end of a cable."""

    direction: str
    namespace: Path
    interface: str


def put(fault: Netem, plan: Plan, runtime: Runtime) -> None:
    """Impair a node's cable as ``fault`` says, in place of how it was impaired before.

    Nothing happens when the node is off. When it fails, the cable is not impaired.

    Raises:
        LvsnetError: values that netem cannot have, a qdisc of the user's own is there, or the
            kernel has no netem.
    """
    if why := unfit(fault):
        raise LvsnetError(f"{fault.where}: {why}")
    ends = _ends(fault, plan, runtime)
    with ExitStack() as undo:
        for end in ends:
            undo.callback(_mend, end, fault)
            with _opened(end, fault) as (qdiscs, index):
                if fault.direction in (end.direction, BOTH):
                    _impair(qdiscs, index, end, fault)
                elif _is_ours(qdiscs, index):
                    qdiscs.remove(index)
        undo.pop_all()


def mend(fault: Netem, plan: Plan, runtime: Runtime) -> None:
    """Take the impairment of a cable away, in both directions; one that is not there is fine.

    Raises:
        LvsnetError: the kernel refused.
    """
    for end in _ends(fault, plan, runtime):
        _mend(end, fault)


def unfit(fault: Netem) -> str:
    """Why netem cannot do what is asked; empty when it can."""
    if fault.direction not in (OUT, IN, BOTH):
        return f"direction is {fault.direction}: it has to be out, in or both"
    percentages = ("loss", fault.loss), ("duplicate", fault.duplicate), ("corrupt", fault.corrupt)
    for name, value in (*percentages, ("reorder", fault.reorder)):
        if not 0 <= value <= 100:
            return f"{name} is {value:g}%: it has to be from 0% to 100%"
    for name, time in (("delay", fault.delay_us), ("jitter", fault.jitter_us)):
        if not 0 <= time <= LONGEST_US:
            return f"{name} is {time}us: it has to be from 0us to an hour"
    if fault.reorder and not fault.delay_us:
        return "reorder needs delay: packets overtake those that are delayed"
    if fault.jitter_us and not fault.delay_us:
        return "jitter needs delay: it is by how much that differs"
    if not 1 <= fault.limit <= MOST_PACKETS:
        return f"limit is {fault.limit}: it has to be from 1 packet to {MOST_PACKETS}"
    if fault.rate and not 8 <= fault.rate <= FASTEST:
        return f"rate is {fault.rate}bit: it has to be from 8bit to {FASTEST // 10**12}Tbit"
    return ""


def _ends(fault: Netem, plan: Plan, runtime: Runtime) -> tuple[_End, ...]:
    """Both ends of the cable, the fabric's first; none when the node is off."""
    cable = interface(plan, fault.node, fault.interface)
    init = runtime.inits(plan.lab).get(fault.node)
    if init is None:
        return ()
    return (
        _End(IN, namespaces.of_fabric(plan.lab), cable.port),
        _End(OUT, namespaces.of_process(init), cable.name),
    )


@contextmanager
def _opened(end: _End, fault: Netem) -> Iterator[tuple[Qdiscs, int]]:
    """Qdiscs where this end is, and its index; what the kernel says has the cable's name."""
    try:
        with network.opened(end.namespace) as links:
            index = links.index(end.interface)
        with ExitStack() as stack:
            with namespaces.entered(end.namespace):
                qdiscs = stack.enter_context(Qdiscs())
            yield qdiscs, index
    except OSError as error:
        raise LvsnetError(
            f"{fault.where}: netem {end.direction}: {error.strerror or error}"
        ) from error


def _impair(qdiscs: Qdiscs, index: int, end: _End, fault: Netem) -> None:
    there = qdiscs.root(index)
    if there is not None and there.handle not in (0, HANDLE) and there.kind not in DEFAULT:
        raise LvsnetError(
            f"{fault.where} has a queueing discipline of its own, {there.kind}; take it away with "
            f"`lvsnet exec {fault.node} tc qdisc del dev {end.interface} root`"
        )
    try:
        qdiscs.impair(index, _impairment(fault))
    except OSError as error:
        if error.errno in UNKNOWN:
            raise LvsnetError(
                f"{fault.where}: the kernel that the lab runs on has no netem; load it "
                "(modprobe sch_netem), or deploy the lab with --kernel guest, on one that has it: "
                "`lvsnet kernel build` makes such a kernel"
            ) from error
        raise


def _mend(end: _End, fault: Netem) -> None:
    with _opened(end, fault) as (qdiscs, index):
        if _is_ours(qdiscs, index):
            qdiscs.remove(index)


def _is_ours(qdiscs: Qdiscs, index: int) -> bool:
    there = qdiscs.root(index)
    return there is not None and (there.kind, there.handle) == (NETEM, HANDLE)


def _impairment(fault: Netem) -> Impairment:
    return Impairment(
        delay_us=fault.delay_us,
        jitter_us=fault.jitter_us,
        loss=fault.loss,
        duplicate=fault.duplicate,
        corrupt=fault.corrupt,
        reorder=fault.reorder,
        rate=fault.rate,
        limit=fault.limit,
    )
