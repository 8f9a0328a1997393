"""Waiting for the site of a lab that was changed: for as much of it as its users left running."""

from __future__ import annotations

import time
from dataclasses import replace

from lvsnet.endpoint import parted
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import site
from lvsnet.observe.model import Site
from lvsnet.plan.model import Plan
from lvsnet.progress import Report


def wait(plan: Plan, runtime: Runtime, deadline: float, report: Report) -> None:
    """As `lvsnet.observe.site.wait`, without what needs nodes that are off or daemons that ended.

    Raises:
        LvsnetError: ``deadline`` seconds passed.
    """
    until = time.monotonic() + deadline
    wanted = reachable(plan, site.look(plan, runtime))
    said = ""
    while missing := site.lacks(wanted, site.look(wanted, runtime)):
        if time.monotonic() > until:
            raise LvsnetError(
                f"the lab is changed, but the site is not up after {deadline:.0f} s: "
                + "; ".join(missing)
            )
        if missing[0] != said:
            said = missing[0]
            report(f"wait: {said}")
        time.sleep(site.INTERVAL)


def reachable(plan: Plan, seen: Site) -> Plan:
    """The plan with the conditions only that can come true as the nodes are."""
    whole = {node.name for node in seen.nodes if all(alive for _, alive in node.daemons)}
    off = {node.name for node in seen.nodes if not node.running}
    # One that is off holds nothing; one whose keepalived was killed keeps what it held.
    held = tuple(one for one in plan.held if set(one.nodes) <= whole | off and set(one.nodes) - off)
    down = [node for node in plan.nodes if node.name not in whole]
    lost = {
        address.partition("/")[0]
        for node in down
        for interface in node.interfaces
        for address in interface.addresses
    }
    lost |= {one.address for one in plan.held if not set(one.nodes) & whole}
    listed = tuple(
        one for one in plan.listed if one.node in whole and parted(one.real_server)[0] not in lost
    )
    return replace(plan, held=held, listed=listed)
