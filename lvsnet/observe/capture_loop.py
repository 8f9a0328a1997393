"""The life of the process that captures what passes a lab's wires (`lvsnet.observe.capturing`).

It sleeps until a packet comes, and in virtual time its sleep makes no time pass. Only while a node
is off it looks twice a second whether it is on again, or its lab destroyed.
"""

from __future__ import annotations

import time

from lvsnet.engine.runtime import Runtime
from lvsnet.observe import capture_ears
from lvsnet.observe.beside import READY
from lvsnet.observe.capture_ears import SECOND, Listening
from lvsnet.observe.capture_model import Capture
from lvsnet.observe.capturing import LOST
from lvsnet.observe.outlet import Outlet
from lvsnet.plan.model import Plan

GRID_NS = SECOND // 2
"""How often it looks for nodes that are off."""
LONGEST = 86_400_000.0
"""Milliseconds; poll(2) takes no more than 2**31."""


def run(
    plan: Plan, runtime: Runtime, capture: Capture, outlet: Outlet, control: int, parent: int
) -> None:
    """Capture until the eventfd ``control`` says to end, the process of pidfd ``parent`` does, or
    the capture's time is over; what is seen goes to ``outlet``.

    Raises:
        LvsnetError: the filter is none, a node has no such interface; or the lab was destroyed.
        OSError: the kernel has no descriptors left, or nobody reads what is told.
    """
    listening = capture_ears.begin(plan, runtime, capture, outlet)
    outlet.say({READY: True})
    _follow(listening, control, parent)
    outlet.hand([LOST, listening.lost()])


def _follow(listening: Listening, control: int, parent: int) -> None:
    """Until ``control`` or ``parent`` can be read, or the time is over."""
    outlet = listening.outlet
    seconds = listening.capture.seconds
    begun = time.monotonic_ns()
    until = None if seconds is None else begun + round(seconds * SECOND)
    due = begun + GRID_NS
    while True:
        wakes = [one for one in (until, due if listening.looks else None) if one is not None]
        patience = 0 if listening.holds and not outlet.full else _until(min(wakes, default=None))
        readable = outlet.wait((control, parent), listening.fds(), patience)
        if parent in readable:
            return
        now = time.monotonic_ns()
        over = until is not None and now >= until
        if control in readable or over:
            listening.finish(until)
            return
        plugged = listening.notices is not None and listening.notices.fileno() in readable
        if plugged:
            listening.noticed()
        if not outlet.full:
            listening.turn(until)
        listening.ended(readable)
        if (plugged and (listening.looks or not listening.aims.wanted)) or (
            listening.looks and now >= due
        ):
            listening.look()
        if now >= due:
            due = now + GRID_NS
        outlet.write()


def _until(due: int | None) -> float | None:
    """Milliseconds until a time of the clock, or `LONGEST` of them."""
    return None if due is None else min(max(0, due - time.monotonic_ns()) / 1e6, LONGEST)
