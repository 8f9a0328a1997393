"""What the engine does to a lab, for the lab's journal."""

from __future__ import annotations

import time
from contextlib import suppress

from lvsnet.engine.runtime import HasLogFiles, Runtime
from lvsnet.host import journal
from lvsnet.host.journal import Entry
from lvsnet.plan.model import Plan


def note(
    plan: Plan, runtime: Runtime, kind: str, node: str, what: str, subject: str, text: str
) -> None:
    """Write that something is done just now; the words are those of an event's fields."""
    sizes = {}
    if isinstance(runtime, HasLogFiles):
        for one in plan.nodes:
            if one.daemons:
                # One that was never on has none.
                with suppress(FileNotFoundError):
                    sizes[one.name] = runtime.log(plan.lab, one.name).stat().st_size
    journal.tell(plan.lab, Entry(time.monotonic_ns(), kind, node, what, subject, text, sizes))
