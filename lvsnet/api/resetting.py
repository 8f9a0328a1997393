"""A running lab as it was after its deploy, without another one: for tests that share a lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lvsnet.api.clock import NotReachedError
from lvsnet.control import looking
from lvsnet.errors import LvsnetError
from lvsnet.progress import silent

if TYPE_CHECKING:
    from lvsnet.api.lab import Running
    from lvsnet.observe.model import Site

DEADLINE = 60.0
"""Seconds of the lab's time until the site must be up again."""


def holders(site: Site) -> dict[str, tuple[str, ...]]:
    """VIP -> who has it."""
    return {address: tuple(site.holders(address)) for address in site.vips}


def reset(lab: Running, home: Mapping[str, tuple[str, ...]]) -> None:
    """Take back what a test has done, and wait until the site is up with each VIP at ``home``.

    The clock is held, faults are cleared, loads ended, neighbour tables flushed. If anything was
    done, directors reboot: nothing else empties a connection table at once. Files that were changed
    in nodes stay so.

    Raises:
        LvsnetError: it cannot be had; the lab should be deployed anew.
    """
    if lab.is_virtual:
        lab.clock.hold()
    if lab.fault.standing:
        lab.fault.clear()
    for load in lab.loads:
        load.end()
    lab.loads.clear()
    others, watchers = _to_reboot(lab)
    for name in (*others, *watchers):
        lab.place.stop(lab.name, name)
    for name in (*others, *watchers):
        lab.place.start(lab.name, name, silent)
    looking.up(lab.place, lab.name, DEADLINE, silent)
    try:
        lab.wait_until(lambda: holders(lab.look()) == dict(home), within=DEADLINE)
    except NotReachedError as error:
        raise LvsnetError(f"lab {lab.name}: its VIPs do not go back: {error}") from error
    for node in lab.nodes.values():
        node.exec(["ip", "neigh", "flush", "all"], check=True)
    lab.history.entries.clear()


def _to_reboot(lab: Running) -> tuple[list[str], list[str]]:
    """Nodes whose daemons have ended, and those that check real servers or have VRRP.

    The latter, if anything was done at all, also when their tables look well: a check that began
    under a fault fails some time after its end.
    """
    plan = lab.place.record(lab.name).plan
    checking = {one.node for one in plan.listed} | {node for one in plan.held for node in one.nodes}
    dead = [node.name for node in lab.look().nodes if not all(alive for _, alive in node.daemons)]
    touched = checking if lab.history.entries or dead else set()
    return (
        [name for name in dead if name not in touched],
        [node.name for node in plan.nodes if node.name in touched],
    )
