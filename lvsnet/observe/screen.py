"""What a screen that shows a lab is told, where the nodes are: the act ``look.watch``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple

from lvsnet.engine import faulting
from lvsnet.engine.runtime import Runtime
from lvsnet.host import leftovers
from lvsnet.observe import acts, inotify, telling
from lvsnet.progress import Report

MOST = 1000
"""Events of the past that are told: as many as a screen keeps."""
AFFECTING = ("fault", "node", "daemon", "lab")
"""Kinds of events after which other faults may stand."""


def watch(lab: str, runtime: Runtime, _request: Mapping[str, object], report: Report) -> object:
    """``{}``: lines of JSON for `lvsnet.watch.model`: ``{initial, past, now}``, how things stand,
    what has happened, and when that is; ``{faults}``, and again when they are others; ``{event}``,
    as each comes.

    An event of the past has the nanoseconds by which it may have been later, too. Until it is
    interrupted, or the lab has ended.
    """
    with telling.begin(runtime.record(lab).plan, runtime) as told, _faults_changed() as changed:
        past = [[*astuple(one.event), one.within] for one in told.past[-MOST:]]
        initial = [list(astuple(one)) for one in told.watcher.initial]
        report(json.dumps({"initial": initial, "past": past, "now": told.now}))
        before = None
        may_be_others = True
        while True:
            if may_be_others:
                standing = faulting.standing(lab, runtime, {}, report)
                if standing != before:
                    report(json.dumps({"faults": standing}))
                    before = standing
            told.wait(changed)
            may_be_others = bool(inotify.took(changed))
            for event in told.read():
                report(json.dumps({"event": list(astuple(event))}))
                may_be_others = may_be_others or event.kind in AFFECTING


def tables(lab: str, runtime: Runtime, request: Mapping[str, object], report: Report) -> object:
    """As `lvsnet.observe.acts.ipvs`, whose answer is told: so it can be followed, for which no held
    clock moves."""
    report(json.dumps(acts.ipvs(lab, runtime, request, report)))
    return None


@contextmanager
def _faults_changed() -> Iterator[int]:
    """A descriptor that is readable once an order about faults is over, of whichever lab."""
    directory = leftovers.faults_of("any").parent
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    fd = inotify.watched(directory, inotify.IN_ATTRIB)
    try:
        yield fd
    finally:
        os.close(fd)
