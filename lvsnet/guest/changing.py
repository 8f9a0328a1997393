"""Changing the lab in a guest that runs, from outside."""

from __future__ import annotations

import json
from dataclasses import asdict

from lvsnet.engine.runtime import Record
from lvsnet.guest import client, places
from lvsnet.guest.modules import load_order
from lvsnet.progress import Report

STEP_S = 300.0
"""Seconds without a word that changing a big lab may take; each of its steps has a deadline."""


def reconfigure(
    connection: client.Connection, record: Record, settle: float, report: Report
) -> None:
    """Make the lab what ``record`` says; with ``settle``, wait as many seconds until it is up.

    Raises:
        LvsnetError: its kernel has not got a module; as `lvsnet.engine.reconfigure.reconfigure`.
    """
    # Of the guest's own modules: those of the cache may be another kernel's by now.
    _, _, release = record.about.kernel.partition(" ")
    tree = places.of(record.plan.lab).root / "lib/modules" / release
    modules = load_order(
        (tree / "modules.dep").read_text(),
        (tree / "modules.builtin").read_text(),
        record.plan.kernel,
    )
    text = json.dumps(asdict(record), ensure_ascii=False)
    request = {"op": "reconfigure", "modules": modules}
    changed = client.call(connection, request, report, text.encode(), silence=STEP_S)
    if changed and settle:
        wait = {"op": "settle", "deadline": settle}
        client.call(connection, wait, report, silence=settle + client.SILENCE)
