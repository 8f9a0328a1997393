"""From a file to a plan, in either dialect: a lab file, or a containerlab topology.

A file with a top-level ``topology`` is the latter (https://containerlab.dev/manual/topo-def-file/).
What takes long to import is imported when a file is compiled: `lvsnet.plan_cache` often has no
need of that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.source import read_text
from lvsnet.plan.model import Plan

if TYPE_CHECKING:
    from lvsnet.lab.document import Document


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
    if is_topology(text):
        return compile_topology(text, path)
    from lvsnet.lab.compose import parse

    return compile_document(parse(text), path)


def is_topology(text: str) -> bool:
    """Whether a file's text is of the dialect of containerlab's."""
    from lvsnet.lab.topology import text as topology_text

    return topology_text.is_topology(text)


def compile_topology(text: str, path: Path) -> Compiled:
    """Make a plan of a topology's text, and the files that it names, relative to ``path``.

    Raises as `compile_file`.
    """
    from lvsnet.lab.topology import load
    from lvsnet.plan import topology

    read = load.examine(load.read(text, os.environ), path)
    return Compiled(topology.compile_topology(read.topology), read.warnings)


def compile_document(document: Document, path: Path) -> Compiled:
    """Make a plan of a lab file's document, and the files that it names, relative to ``path``.

    Raises as `compile_file`.
    """
    from lvsnet.lab import load
    from lvsnet.plan.compile import compile_lab

    examined = load.examine(document, path)
    return Compiled(compile_lab(examined.lab), examined.warnings)


def refuse(warnings: tuple[Problem, ...]) -> None:
    """What ``--strict`` does.

    Raises:
        LabFileError: there are warnings; they are told as errors.
    """
    if warnings:
        raise LabFileError([replace(warning, warning=False) for warning in warnings])
