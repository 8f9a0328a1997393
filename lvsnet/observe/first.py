"""How a lab stands when somebody begins to watch it, in the words of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lvsnet.observe.event import Event
from lvsnet.observe.notices import Change

if TYPE_CHECKING:
    from lvsnet.observe.lab_watch import LabWatch

TELLING = ("vip", "ipvs")
"""Kinds of what was found by the first look; that links are up and daemons run is nothing new."""


def events(watch: LabWatch, at: int) -> list[Event]:
    """Who holds VIPs, the real servers of IPVS tables, the state of VRRP instances; and what is
    off, down or not running.

    To be called before what ``watch`` found by its first look is thrown away.
    """
    return [Event(at, one.kind, node, one.what, one.subject, one.text) for node, one in _all(watch)]


def _all(watch: LabWatch) -> Iterator[tuple[str, Change]]:
    for node in watch.plan.nodes:
        name = node.name
        if name not in watch.running:
            yield name, Change("node", "off", name, "is off")
            continue
        links = watch.running[name].held.links.values()
        for interface in node.interfaces:
            found = next((one for one in links if one.name == interface.name), None)
            if found is None or not found.up:
                why = "it is gone" if found is None else found.why
                text = f"{interface.name} is down: {why}"
                yield name, Change("link", "down", interface.name, text)
        for instance, state in watch.logs.states(name).items():
            text = f"{instance} is {state.upper()}"
            yield name, Change("vrrp", state, instance, text)
        for _at, where, change in watch.pending:
            if where == name and change.kind in TELLING:
                yield name, change
        for daemon in node.daemons:
            if not watch.alive.get((name, daemon.name), False):
                yield name, Change("daemon", "exited", daemon.name, f"{daemon.name} does not run")
