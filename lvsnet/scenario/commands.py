"""The step ``exec`` of a scenario, to a Run."""

from __future__ import annotations

import re

from lvsnet.lab.document import Leaf
from lvsnet.lab.topology.values import At, Told, inner, known_keys, number, text
from lvsnet.lab.topology.values import table as mapping_at
from lvsnet.observe.grammar import EXEC
from lvsnet.scenario import loads
from lvsnet.scenario.model import Run

KEYS = ("node", "run", "code", "output", "within")


def read(at: At, told: Told) -> tuple[Run, float] | None:
    """A command, and for how many seconds it is run again; what is wrong is told."""
    return _in_short(at, told) if isinstance(at.value, Leaf) else _in_full(at, told)


def _in_short(at: At, told: Told) -> tuple[Run, float] | None:
    said = text(at, told)
    match = EXEC.fullmatch(said.text) if said else None
    if match is None or not match[1] or not match[2]:
        told.error(
            at.mark, f"{at.path}: expected a node, a colon and a command: 'client: ping -c1 lb01'"
        )
        return None
    return Run(match[1], match[2]), 0.0


def _in_full(at: At, told: Told) -> tuple[Run, float] | None:
    table = mapping_at(at, told)
    if table is None:
        return None
    known_keys(table, at.path, KEYS, told)
    needed = []
    for key in ("node", "run"):
        one = text(inner(table, key, at.path), told)
        if one is None and key not in table.entries:
            told.missing(key, at.mark, at.path)
        elif one is None or not one.text.strip():
            told.error(at.mark, f"{at.path}.{key}: is empty")
        needed.append(one.text.strip() if one else "")
    output = text(inner(table, "output", at.path), told)
    if output is not None:
        try:
            re.compile(output.text)
        except re.error as error:
            told.error(output.mark, f"{output.path}: is no regular expression: {error}")
    code = _code(inner(table, "code", at.path), told)
    within = loads.seconds(inner(table, "within", at.path), 0.0, loads.LONGEST, told) or 0.0
    return Run(needed[0], needed[1], code, output.text if output else None), within


def _code(at: At | None, told: Told) -> int | None:
    if at is None:
        return 0
    if isinstance(at.value, Leaf) and at.value.value == "any":
        return None
    return number(at, 0, 255, told)


def words(run: Run, within: float) -> str:
    """The step in a line: ``client: curl -s 192.168.10.100; output nginx; within 5 s``."""
    code = {0: "", None: "; any code"}.get(run.code, f"; code {run.code}")
    output = "" if run.output is None else f"; output {run.output}"
    time = f"; within {within:g} s" if within else ""
    return f"{run.node}: {' '.join(run.command.split())}{code}{output}{time}"
