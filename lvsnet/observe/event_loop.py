"""The life of the process that watches a lab (`lvsnet.observe.events` forks it).

It sleeps until somebody tells something, or the next point of a grid of the clock is reached, and
in virtual time its sleep makes no time pass.
"""

from __future__ import annotations

import time
from dataclasses import astuple

from lvsnet.engine.runtime import Runtime
from lvsnet.observe import lab_watch, past
from lvsnet.observe.beside import READY
from lvsnet.observe.events import INITIAL, PAST, SAMPLES
from lvsnet.observe.lab_watch import LabWatch
from lvsnet.observe.outlet import Outlet
from lvsnet.observe.sample import grouped
from lvsnet.observe.sampling import GRID_NS, Sampler
from lvsnet.plan.model import Plan

ROUNDS = 100
"""In which the largest buffers are read to their end, some hundred messages at a time."""


def run(
    plan: Plan,
    runtime: Runtime,
    outlet: Outlet,
    control: int,
    parent: int,
    sampler: Sampler | None,
) -> None:
    """Watch a lab until the eventfd ``control`` says to end, or the process of pidfd ``parent``
    does; what happens goes to ``outlet``.

    With a ``sampler``, what it has of the IPVS tables goes there at the end, too: to tell of each
    of their changes would wake the reader ten times a second.

    Raises:
        LvsnetError: the lab was destroyed; or its runtime does not answer.
        OSError: the kernel has no descriptors left, or nobody reads what is told.
    """
    watch = lab_watch.begin(plan, runtime, outlet)
    if sampler is not None:
        watch.sample(sampler, time.monotonic_ns())
    outlet.say(
        {
            READY: time.monotonic_ns(),
            INITIAL: [astuple(event) for event in watch.initial],
            PAST: list(map(past.to_json, watch.past)),
        }
    )
    _follow(watch, control, parent, sampler)
    if sampler is not None:
        outlet.say({SAMPLES: grouped(sampler.samples())})


def _follow(watch: LabWatch, control: int, parent: int, sampler: Sampler | None) -> None:
    """Until ``control`` or ``parent`` can be read; at the former all that has happened is told."""
    outlet = watch.outlet
    number = 0
    # In virtual time each reading of the clock costs a word with the host: one in each turn.
    now = time.monotonic_ns()
    due = _next_tick(now)
    while True:
        patience = None if outlet.full else max(0, due - now) / 1e6
        readable = outlet.wait((control, parent), watch.waits(), patience)
        if parent in readable:
            return
        if control in readable:
            _tell_the_rest(watch)
            if sampler is not None:
                watch.sample(sampler, time.monotonic_ns())
            return
        watch.heard(readable)
        now = time.monotonic_ns()
        watch.send(now)
        if now >= due and not outlet.full:
            number += 1
            watch.tick(number)
            if sampler is not None:
                watch.sample(sampler, now)
            if watch.pending:
                watch.send(time.monotonic_ns())
            due = _next_tick(now)
        outlet.write()


def _tell_the_rest(watch: LabWatch) -> None:
    """Of all that has happened until now; of what goes on happening not all."""
    for _ in range(ROUNDS):
        watch.heard(watch.waits())
        if not watch.pending:
            break
        watch.send(time.monotonic_ns())
    watch.tick(0)
    watch.send(time.monotonic_ns())


def _next_tick(now: int) -> int:
    return (now // GRID_NS + 1) * GRID_NS
