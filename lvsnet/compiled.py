"""From a file to a plan, in either dialect: a lab file, or a containerlab topology.

A file with a top-level ``topology`` is the latter (https://containerlab.dev/manual/topo-def-file/).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.compose import parse
from lvsnet.lab.source import read_text
from lvsnet.lab.topology import text as topology_text
from lvsnet.plan.model import Plan


@dataclass(frozen=True)
class Compiled:
    plan: Plan
    warnings: tuple[Problem, ...]
    """What is unwise in the file, in its order."""


def compile_file(path: Path) -> Compiled:
    """Read a file and the files that it names.

    Raises:
        LabFileError: with all that is wrong or unwise in it, in the order of the file.
        LvsnetError: something in it cannot become a machine.
    """
    text = read_text(path)
    if topology_text.is_topology(text):
        from lvsnet.lab.topology import load as topology
        from lvsnet.plan.topology import compile_topology

        read = topology.examine(topology.read(text, os.environ), path)
        return Compiled(compile_topology(read.topology), read.warnings)
    from lvsnet.lab import load
    from lvsnet.plan.compile import compile_lab

    examined = load.examine(parse(text), path)
    return Compiled(compile_lab(examined.lab), examined.warnings)


def refuse(warnings: tuple[Problem, ...]) -> None:
    """What ``--strict`` does.

    Raises:
        LabFileError: there are warnings; they are told as errors.
    """
    if warnings:
        raise LabFileError([replace(warning, warning=False) for warning in warnings])
