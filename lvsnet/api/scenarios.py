"""Which scenario of a file is meant to be run in a lab that runs already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan

if TYPE_CHECKING:
    from lvsnet.scenario.model import Variant


def find(file: Path, name: str, plan: Plan) -> Variant:
    """The scenario of that name or label, for a lab with that plan.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: it has none such, several such, or only such as need another lab.
    """
    from lvsnet.scenario import files

    jobs = files.variants(files.collect(file))
    named = [one for one in jobs if name in (one.variant.label, one.variant.scenario.name)]
    if not named:
        there = ", ".join(dict.fromkeys(one.variant.scenario.name for one in jobs)) or "none"
        raise LvsnetError(f"{file} has no scenario {name}; it has {there}")
    fitting = [one.variant for one in named if _site(one.plan) == _site(plan)]
    if len(fitting) == 1:
        return fitting[0]
    labels = ", ".join(one.variant.label for one in named)
    if fitting:
        raise LvsnetError(f"{file} has several scenarios {name}; say which: {labels}")
    raise LvsnetError(
        f"{file}: lab {plan.lab} is not as {name} needs it, be it that the file has changed since "
        f"it was deployed, or that the scenario's matrix changes the lab; `lvsnet test {file}` "
        f"runs each in a lab of its own: {labels}"
    )


def _site(plan: Plan) -> Plan:
    """A plan without its name and what a deploy's options and runtime change of it."""
    nodes = tuple(replace(node, privileged=False, process=()) for node in plan.nodes)
    return replace(plan, lab="", strict=False, nodes=nodes)
