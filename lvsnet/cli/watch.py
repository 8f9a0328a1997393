"""``lvsnet watch``."""

from __future__ import annotations

import os
import signal
import sys

import typer

from lvsnet.cli.options import RunningLabArgument
from lvsnet.errors import LvsnetError


def watch(lab: RunningLabArgument = "") -> None:
    """Show a lab on a screen: nodes, VIPs, IPVS tables and events, as they change.

    Keys stop and start nodes, cut cables, kill daemons, and move a virtual clock; ? lists them. To
    watch moves no held clock. q leaves, and the lab goes on.
    """
    from lvsnet.cli.files import lab_name
    from lvsnet.control import labs

    name, place = labs.the_lab(lab_name(lab) if lab else "")
    _check_terminal()
    place.record(name)  # one that does not answer says so here
    for wish in ("COLUMNS", "LINES"):
        os.environ.pop(wish, None)  # of tables; a screen is as large as its terminal
    from lvsnet.watch import processes
    from lvsnet.watch.app import Watch

    end = Watch(name, processes.lines, processes.perform).run()
    if end is not None and end.why:
        raise LvsnetError(end.why)
    if end is not None and end.signal not in (0, signal.SIGINT):
        raise typer.Exit(128 + end.signal)


def _check_terminal() -> None:
    instead = "`lvsnet events -f` tells line by line what happens"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise LvsnetError(f"watch needs a terminal; {instead}")
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise LvsnetError(
            f"this terminal (TERM={os.environ.get('TERM', '')}) has no screen; {instead}"
        )
